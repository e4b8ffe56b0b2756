import { reportRows, type ReportOptions, type ReportRow } from "./report-rows";
import type { Labels } from "./targets";

/** One row of a report, under scikit-learn's names. */
export interface ReportEntry {
  readonly precision: number;
  readonly recall: number;
  readonly "f1-score": number;
  readonly support: number;
}

/** Rows by class name, then `macro avg` and `weighted avg`; `accuracy` is a number, `micro avg` stands in its place where labels were left out. */
export type ReportDict = Record<string, ReportEntry | number>;

/**
 * The classification report as values, as scikit-learn's `classification_report(output_dict=True)`.
 *
 * @throws TsloraError as `classificationReport` does.
 */
export function classificationReportDict(yTrue: Labels, yPred: Labels, options: ReportOptions = {}): ReportDict {
  const { classes, averages } = reportRows("classificationReportDict", yTrue, yPred, options);
  const entry = ({ name, precision, recall, fscore, support }: ReportRow): [string, ReportEntry] => [name, { precision, recall, "f1-score": fscore, support }];
  const accuracy = averages[0].name === "accuracy" ? [["accuracy", averages[0].precision] as const] : [];
  return Object.fromEntries<ReportEntry | number>([...classes.map(entry), ...averages.map(entry), ...accuracy]);
}
