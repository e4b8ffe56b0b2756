import { comparisonFigure } from "../../figures/plots/comparison-figure";
import { formatInterval, formatNumber, formatSeconds } from "../../figures/format";
import type { EvaluationFacts, StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";
import type { ReportCell } from "../report-section";

/** The names of the three classifiers that are compared. */
export const COLUMNS = {
  before: "Before training",
  baseline: "TF-IDF, logistic regression",
  after: "After training",
} as const;

/** The abstract: question, data, method, results and limits in a few lines, with one table and one figure. */
export function summarySection(facts: StudyFacts): PageSection {
  const { subject, results, question, findings, limits, data, time } = facts;
  const all = data?.parts.map(({ name, texts }) => `${formatNumber(texts)} ${name}`).join(", ");
  const rows = (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).map((name) => row(COLUMNS[name], results[name]));
  return {
    id: "summary",
    title: "Summary",
    content: [
      {
        kind: "list",
        items: [
          `Question: ${question}`,
          `Data: ${subject.dataName}${all === undefined ? "" : `; ${all} texts`}.`,
          `Method: ${subject.model}, ${{ lora: "LoRA adapter with a new head", head: "new head alone", full: "all weights trained" }[subject.method]}, seed ${subject.seed}; trained in ${formatSeconds(time.training)}.`,
          `Result: ${findings[0] ?? ""}`,
          `Limits: ${limits[0] ?? ""}`,
        ],
      },
      {
        kind: "table",
        id: "summary-results",
        caption: `Results on ${formatNumber(results.after.n)} test texts`,
        columns: [
          { name: "Classifier" },
          { name: "Accuracy", align: "right" },
          { name: "Area under ROC", align: "right", digits: 3 },
          { name: "Average precision", align: "right", digits: 3 },
          { name: "Cross entropy", align: "right", digits: 3 },
        ],
        rows,
      },
      {
        kind: "plot",
        id: "summary-figure",
        figure: comparisonFigure(
          (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).map((name) => ({
            name: COLUMNS[name],
            value: results[name].accuracy,
            interval: results[name].accuracyInterval,
          })),
          { chance: 1 / results.after.labels.length },
        ),
      },
    ],
  };
}

function row(
  name: string,
  { accuracy, accuracyInterval, rocAuc, averagePrecision, loss }: EvaluationFacts,
): ReportCell[] {
  return [
    name,
    { text: formatNumber(accuracy, 3), detail: formatInterval(accuracyInterval, 3) },
    rocAuc,
    averagePrecision,
    loss,
  ];
}
