import type { DataFrame } from "danfojs-node";

import { shortList } from "../base/short-list";
import { TsloraError } from "../base/tslora-error";
import type { ClassCount, Corpus, CorpusProblem, CorpusReport, CorpusSource, NamedDocument, Reading } from "./corpus";
import { toFrame, toMultiLabelFrame } from "./to-frame";

/** The most problems in an error's message; its `details.problems` hold all. */
const NAMED = 20;

/** Options of {@link buildCorpus}: the treatment of bad entries, and the reason for the source. */
interface BuildOptions {
  readonly onBadEntry: "refuse" | "report";
  /** Whether a class may have no text. */
  readonly allowMissingClasses: boolean;
  readonly why: string;
}

/** Makes a corpus from the documents of a reader. */
export function buildCorpus(source: CorpusSource, from: string, reading: Reading, options: BuildOptions): Corpus {
  const { frame, report } = frameAndReport(from, reading, options);
  const problemType = reading.multiLabel === true ? "multi_label_classification" : "single_label_classification";
  return { frame, problemType, source, format: reading.format, report, notice: notice(from, report, options.why) };
}

/**
 * Finds repeated IDs, refuses or reports entries that cannot be used, and makes the frame.
 *
 * @throws TsloraError `bad-input` that names every bad entry under `"refuse"`. In both cases also if no text is left,
 * or, unless classes may be missing, if there are fewer than two classes or an empty one.
 */
function frameAndReport(
  where: string,
  reading: Reading,
  { onBadEntry, allowMissingClasses }: BuildOptions,
): { frame: DataFrame; report: CorpusReport } {
  const { documents, problems } = removeDuplicates(reading);
  const read = documents.length + problems.length;
  if (problems.length > 0 && onBadEntry === "refuse") {
    throw new TsloraError(
      "bad-input",
      `${where}: ${problems.length} of ${read} entries cannot be used:\n${list(problems)}\n` +
        'Correct them, or pass onBadEntry: "report" to leave them out and list them in the report.',
      { details: { problems } },
    );
  }
  const classes = countClasses(reading.classes, documents);
  const empty = classes.filter(({ count }) => count === 0);
  if (documents.length === 0 || (!allowMissingClasses && (classes.length < 2 || empty.length > 0))) {
    const got = classes.length === 0 ? "none" : shortList(classes.map(({ name, count }) => `${count} of ${name}`));
    const why = problems.length === 0 ? "" : ` Left out:\n${list(problems)}`;
    throw new TsloraError(
      "bad-input",
      `${where} must hold ${neededTexts(reading, allowMissingClasses)}; got ${got}.${why}`,
      { details: { problems, classes } },
    );
  }
  const report: CorpusReport = {
    counts: { read, kept: documents.length, leftOut: problems.length, ignored: reading.ignored.length },
    classes,
    problems,
    ignored: reading.ignored,
    remarks: [...reading.remarks, ...multiLabelRemarks(documents)],
  };
  return { frame: frameOf(documents, classes), report };
}

function neededTexts({ multiLabel }: Reading, allowMissingClasses: boolean): string {
  if (allowMissingClasses) return "at least one text";
  return multiLabel === true
    ? "two labels or more, each of at least one text"
    : "texts of two classes or more and none of them empty";
}

/**
 * Removes texts with repeated IDs. If all texts of an ID have the same label, the first one stays. Otherwise the label
 * is unclear, and none stays.
 */
function removeDuplicates({ documents, problems }: Reading): { documents: NamedDocument[]; problems: CorpusProblem[] } {
  const first = new Map<string, NamedDocument>();
  const ambiguous = new Set<string>();
  for (const document of documents) {
    const earlier = first.get(document.ID);
    if (earlier === undefined) first.set(document.ID, document);
    else if (String(earlier.label) !== String(document.label)) ambiguous.add(document.ID);
  }
  const kept: NamedDocument[] = [];
  const found = [...problems];
  for (const document of documents) {
    const { ID, name } = document;
    const earlier = first.get(ID);
    if (ambiguous.has(ID))
      found.push({ kind: "id-in-two-classes", name, message: `the ID ${ID} is in more than one class` });
    else if (earlier !== document)
      found.push({ kind: "duplicate-id", name, message: `the ID ${ID} is already used, in ${String(earlier?.name)}` });
    else kept.push(document);
  }
  return { documents: kept, problems: found };
}

function countClasses(classes: Readonly<Record<string, number>>, documents: readonly NamedDocument[]): ClassCount[] {
  const names = new Map<number, string[]>();
  for (const [name, label] of Object.entries(classes)) names.set(label, [...(names.get(label) ?? []), name]);
  const counts = new Map<number, number>();
  for (const { label } of documents) for (const one of labelsOf(label)) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...names]
    .sort(([a], [b]) => a - b)
    .map(([label, of]) => ({ label, name: of.join(", "), count: counts.get(label) ?? 0 }));
}

/** The labels of a document: its class, or all that it has. */
function labelsOf(label: NamedDocument["label"]): readonly number[] {
  return typeof label === "number" ? [label] : label.flatMap((flag, i) => (flag === 1 ? [i] : []));
}

function multiLabelRemarks(documents: readonly NamedDocument[]): string[] {
  if (typeof documents[0].label === "number") return [];
  const none = documents.filter(({ label }) => labelsOf(label).length === 0).length;
  return [`A text may have several labels; ${none} ${none === 1 ? "has" : "have"} none.`];
}

function frameOf(documents: readonly NamedDocument[], classes: readonly ClassCount[]): DataFrame {
  const single = documents.flatMap(({ label, ...rest }) => (typeof label === "number" ? [{ ...rest, label }] : []));
  const several = documents.flatMap(({ label, ...rest }) => (typeof label === "number" ? [] : [{ ...rest, label }]));
  return several.length === 0
    ? toFrame(single)
    : toMultiLabelFrame(
        several,
        classes.map(({ name }) => name),
      );
}

function list(problems: readonly CorpusProblem[]): string {
  const lines = problems.slice(0, NAMED).map(({ name, message }) => `- ${name}: ${message}`);
  if (problems.length > NAMED) lines.push(`- and ${problems.length - NAMED} more`);
  return lines.join("\n");
}

function notice(from: string, { counts, classes, remarks }: CorpusReport, why: string): string {
  const of = shortList(
    classes.map(({ label, name, count }) => `${count} of label ${label}${name === String(label) ? "" : ` (${name})`}`),
  );
  const sentences = [`Data: ${counts.kept} texts, ${of}, from ${from}, ${why}.`];
  if (counts.leftOut > 0)
    sentences.push(`${counts.leftOut} of ${counts.read} entries were left out; the report names them.`);
  return [...sentences, ...remarks].join(" ");
}
