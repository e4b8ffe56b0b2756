import { formatNumber, formatShare } from "../../figures/format";
import type { DataFacts } from "../evidence/evidence";
import type { StudyFacts } from "../facts/study-facts";
import { missingEvidence, type PageBlock, type PageSection } from "../page/page-section";
import type { ReportCell, ReportTable } from "../report-section";

/** Source, hashes, labels, parts and lengths of the texts. No text is shown. */
export function dataSection({ data, subject, results }: StudyFacts): PageSection {
  const shown: PageBlock[] =
    data === undefined
      ? [
          {
            kind: "paragraph",
            text: `The data are ${subject.dataName}, with the labels ${subject.labels.join(", ")}; ${formatNumber(results.after.n)} texts are in the test part.`,
          },
          ...missingEvidence("the data's hashes and counts", subject),
        ]
      : [
          {
            kind: "paragraph",
            text: `The data are ${subject.dataName}. The texts themselves are not in this report.`,
          },
          sourceTable(data),
          partsTable(data),
          lengthsTable(data),
          { kind: "list", items: remarks(data) },
        ];
  return { id: "data", title: "Data", content: shown };
}

function sourceTable({ source, textsSha256, entries, problems }: DataFacts): ReportTable {
  const kinds = problems.map(({ kind, count }) => `${kind} ${formatNumber(count)}`).join(", ");
  return {
    kind: "table",
    id: "data-source",
    caption: "Source of the data",
    columns: [{ name: "Fact" }, { name: "Value" }],
    rows: [
      ["Source", source.file === undefined ? source.kind : `${source.file} (${source.kind})`],
      ["SHA-256 of the source", source.sha256 === undefined ? null : `\`${source.sha256}\``],
      ["SHA-256 of the texts used", `\`${textsSha256}\``],
      ["Entries read", entries.read],
      ["Kept", entries.kept],
      ["Left out", kinds === "" ? entries.leftOut : `${formatNumber(entries.leftOut)}: ${kinds}`],
      ["Files that are not texts", entries.ignored],
    ],
    note: "The hash of the texts is that of their canonical form: one line of JSON for each text, with ID, label and text, sorted by code points, in UTF-8.",
  };
}

function partsTable({ parts, labels }: DataFacts): ReportTable {
  const all = parts.reduce((sum, { texts }) => sum + texts, 0);
  return {
    kind: "table",
    id: "data-parts",
    caption: "Texts of each part and label",
    columns: [
      { name: "Part" },
      { name: "Texts", align: "right" },
      { name: "Share", align: "right" },
      ...labels.map(({ name }) => ({ name, align: "right" as const })),
    ],
    rows: [
      ...parts.map(({ name, texts, perLabel }): ReportCell[] => [
        name,
        texts,
        formatShare(texts / all),
        ...perLabel.map((count) => ({ text: formatNumber(count), detail: formatShare(count / texts) })),
      ]),
      [
        "all",
        all,
        formatShare(1),
        ...labels.map((_, label) => parts.reduce((sum, { perLabel }) => sum + perLabel[label], 0)),
      ],
    ],
  };
}

function lengthsTable({ parts }: DataFacts): ReportTable {
  const columns = ["Shortest", "Median", "95% are at most", "Longest"];
  return {
    kind: "table",
    id: "data-lengths",
    caption: "Lengths in words, and hashes of the parts",
    columns: [
      { name: "Part" },
      ...columns.map((name) => ({ name, align: "right" as const, digits: 0 })),
      { name: "SHA-256 of its texts" },
    ],
    rows: parts.map(({ name, words: { min, median, p95, max }, sha256 }) => [
      name,
      min,
      median,
      p95,
      max,
      `\`${sha256.slice(0, 16)}…\``,
    ]),
  };
}

function remarks({ split, cleaned, leaks, tokens, labels, parts }: DataFacts): string[] {
  const shares = parts.map(({ name, texts }) => `${name} ${formatNumber(texts)}`).join(", ");
  const renamed = labels.filter(({ name, className }) => name !== className);
  return [
    `Split: ${split.stratified ? "stratified by label" : "shuffled"} with seed ${split.seed}, as scikit-learn's train_test_split: ${shares}.`,
    ...(renamed.length === 0
      ? []
      : [`Labels: ${renamed.map(({ name, className }) => `${name} is the class ${className}`).join(", ")}.`]),
    `Cleaning: ${cleaned ? "tags and some punctuation were removed, abbreviations written out, white space collapsed" : "none, the texts are used as they are"}.`,
    `In train and in test: ${formatNumber(leaks.byId)} IDs and ${formatNumber(leaks.byText)} texts.`,
    `Longer than ${formatNumber(tokens.maxLength)} tokens, and cut: ${formatNumber(tokens.cut)} of ${formatNumber(tokens.texts)} training texts.`,
  ];
}
