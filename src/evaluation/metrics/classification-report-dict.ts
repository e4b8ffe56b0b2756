import type { LabelIndicators } from "./label-indicators";
import { reportRows, type ReportOptions } from "./report-rows";
import type { Labels } from "./targets";

/** One row of a report, under scikit-learn's names. */
export interface ReportEntry {
  readonly precision: number;
  readonly recall: number;
  readonly "f1-score": number;
  readonly support: number;
}

/**
 * Rows by class name, then `macro avg` and `weighted avg`. `accuracy` is a number; `micro avg` replaces it if labels
 * were left out or a sample may have several. With several labels per sample there is also `samples avg`.
 */
export type ReportDict = Record<string, ReportEntry | number>;

/**
 * The classification report as values, as scikit-learn's `classification_report(output_dict=True)`.
 *
 * @throws TsloraError as `classificationReport` does.
 */
export function classificationReportDict(
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: ReportOptions = {},
): ReportDict {
  const { classes, averages } = reportRows("classificationReportDict", yTrue, yPred, options);
  const rows = new Map(
    [...classes, ...averages].map(
      ({ name, precision, recall, fscore, support }) =>
        [name, { precision, recall, "f1-score": fscore, support }] as const,
    ),
  );
  return Object.fromEntries(
    [...rows].map(([name, entry]): [string, ReportEntry | number] => [
      name,
      name === "accuracy" ? entry.precision : entry,
    ]),
  );
}
