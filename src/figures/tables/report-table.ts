import { formatNumber } from "../format";
import type { Table, TableRow } from "../types";

/** One line of a classification report, under scikit-learn's names. */
export interface ReportTableLine {
  readonly precision: number;
  readonly recall: number;
  readonly "f1-score": number;
  readonly support: number;
}

/** Options of {@link reportTable}. */
export interface ReportTableOptions {
  /** @default "Classification report" */
  readonly title?: string;
  /** Digits after the point. @default 3 */
  readonly digits?: number;
}

const AVERAGES = ["accuracy", "micro avg", "macro avg", "weighted avg", "samples avg"];

/**
 * Precision, recall, F1 and support for each label, and the averages below, in scikit-learn's layout.
 *
 * @param report - the result of `classificationReportDict`: lines by label and average, and `accuracy` as a number
 */
export function reportTable(
  report: Readonly<Record<string, ReportTableLine | number>>,
  options: ReportTableOptions = {},
): Table {
  const { title = "Classification report", digits = 3 } = options;
  const all = report["weighted avg"];
  const row = (name: string): TableRow => {
    const line = report[name];
    const cells =
      typeof line === "number"
        ? ["", "", formatNumber(line, digits), formatNumber(typeof all === "object" ? all.support : undefined)]
        : [
            formatNumber(line.precision, digits),
            formatNumber(line.recall, digits),
            formatNumber(line["f1-score"], digits),
            formatNumber(line.support),
          ];
    return { kind: "cells", cells: [name, ...cells] };
  };
  const names = Object.keys(report);
  return {
    kind: "table",
    title,
    columns: [
      { name: "" },
      ...["precision", "recall", "f1-score", "support"].map((name) => ({ name, align: "right" as const })),
    ],
    rows: [...names.filter((name) => !AVERAGES.includes(name)), ...AVERAGES.filter((name) => names.includes(name))].map(
      row,
    ),
  };
}
