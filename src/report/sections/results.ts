import { formatChange, formatInterval, formatNumber, formatPValue, type IntervalLike } from "../../figures/format";
import { confusionMatrixFigure } from "../../figures/plots/confusion-matrix-figure";
import { precisionRecallFigure } from "../../figures/plots/precision-recall-figure";
import { rocFigure } from "../../figures/plots/roc-figure";
import type { ComparisonRow } from "../../evaluation/comparison/compare-evaluations";
import type { EvaluationFacts, StudyFacts } from "../facts/study-facts";
import type { PageBlock, PageSection } from "../page/page-section";
import type { ReportCell, ReportColumn, ReportTable } from "../report-section";
import { COLUMNS } from "./summary";

/** Confusion matrices are drawn for at most so many labels, since more do not fit on a page. */
const DRAWN = 12;

/** Every metric before and after, confusion matrices, and curves of two labels. */
export function resultSection(facts: StudyFacts): PageSection {
  const { results } = facts;
  const matrices: PageBlock[] =
    results.after.labels.length > DRAWN
      ? []
      : (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).map((name) => ({
          kind: "plot",
          id: `results-matrix-${name}`,
          figure: confusionMatrixFigure(results[name].confusionMatrix, {
            labels: results[name].labels,
            title: COLUMNS[name],
          }),
        }));
  return {
    id: "results",
    title: "Results",
    content: [
      comparisonBlock(facts),
      { kind: "heading", id: "results-matrices", text: "Confusion matrices" },
      ...matrices,
      reportBlock(results.after),
      ...curveBlocks(facts),
    ],
  };
}

function comparisonBlock({ results }: StudyFacts): ReportTable {
  const { comparison, published } = results;
  const right = (name: string): ReportColumn => ({ name, align: "right" });
  const rows = comparison.rows.map((row): ReportCell[] => [
    row.metric,
    ...(published === undefined ? [] : publishedCells(row)),
    cell(formatNumber(row.before, 3), row.beforeInterval),
    cell(formatNumber(row.after, 3), row.afterInterval),
    cell(formatChange(row.change, 3), row.changeInterval),
    row.pValue === null ? null : formatPValue(row.pValue),
    row.baseline === null ? null : formatNumber(row.baseline, 3),
  ]);
  const source =
    published === undefined ? "" : ` The published figures are from the study, not from this run: ${published.source}`;
  return {
    kind: "table",
    id: "results-comparison",
    caption: `Before and after training, on ${formatNumber(comparison.n)} test texts`,
    columns: [
      { name: "Metric" },
      ...(published === undefined ? [] : ["Published, before", "Published, after", "Published, change"].map(right)),
      ...["Before", "After", "Change", "McNemar's p", "Baseline"].map(right),
    ],
    rows,
    note: `Below a figure is its interval. The baseline is TF-IDF with logistic regression.${source}`,
  };
}

function publishedCells({ published, digits }: ComparisonRow): ReportCell[] {
  return [
    published === null ? null : formatNumber(published.before, digits),
    published === null ? null : formatNumber(published.after, digits),
    published === null ? null : formatChange(published.change, digits),
  ];
}

function cell(text: string, interval: IntervalLike | null): ReportCell {
  return interval === null ? text : { text, detail: formatInterval(interval, 3) };
}

function reportBlock({ perLabel, n }: EvaluationFacts): ReportTable {
  return {
    kind: "table",
    id: "results-labels",
    caption: `After training, by label (${formatNumber(n)} test texts)`,
    columns: [
      { name: "Label" },
      ...["Precision", "Recall", "F1"].map((name) => ({ name, align: "right" as const, digits: 3 })),
      { name: "Texts", align: "right" },
    ],
    rows: perLabel.map(({ name, precision, recall, f1, support, accuracyInterval }) => [
      name,
      precision,
      accuracyInterval === null
        ? recall
        : { text: formatNumber(recall, 3), detail: formatInterval(accuracyInterval, 3) },
      f1,
      support,
    ]),
  };
}

function curveBlocks({ results }: StudyFacts): PageBlock[] {
  const { curves, after, baseline, before } = results;
  if (curves === undefined) return [];
  const of = [before, baseline, after];
  const positives = after.perLabel[1].support / after.n;
  return [
    { kind: "heading", id: "results-curves", text: `Curves of the label ${after.labels[1]}` },
    {
      kind: "plot",
      id: "results-roc",
      figure: rocFigure(curves.map(({ name, roc }, i) => ({ name, ...roc, area: of[i].rocAuc }))),
    },
    {
      kind: "plot",
      id: "results-precision-recall",
      figure: precisionRecallFigure(
        curves.map(({ name, precisionRecall }, i) => ({
          name,
          ...precisionRecall,
          averagePrecision: of[i].averagePrecision,
        })),
        { prevalence: positives },
      ),
    },
  ];
}
