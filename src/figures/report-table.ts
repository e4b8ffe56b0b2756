import { formatNumber } from "./format";
import type { Table, TableRow } from "./types";

/** One line of a classification report. */
export interface ReportTableLine {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

/** What {@link reportTable} reads of a classification report. */
export interface ReportLike {
  /** One line for each label, in order. */
  readonly labels: readonly (ReportTableLine & { readonly label: string })[];
  readonly accuracy: number;
  readonly macroAverage: ReportTableLine;
  readonly weightedAverage: ReportTableLine;
}

/** Options of {@link reportTable}. */
export interface ReportTableOptions {
  /** @default "Classification report" */
  readonly title?: string;
  /** Digits after the point. @default 3 */
  readonly digits?: number;
}

/** Precision, recall, F1 and support for each label, and the averages, in scikit-learn's order. */
export function reportTable(report: ReportLike, options: ReportTableOptions = {}): Table {
  const { title = "Classification report", digits = 3 } = options;
  const line = (name: string, { precision, recall, f1, support }: ReportTableLine): TableRow => ({
    kind: "cells",
    cells: [name, formatNumber(precision, digits), formatNumber(recall, digits), formatNumber(f1, digits), formatNumber(support)],
  });
  return {
    kind: "table",
    title,
    columns: [{ name: "" }, ...["precision", "recall", "f1-score", "support"].map((name) => ({ name, align: "right" as const }))],
    rows: [
      ...report.labels.map((entry) => line(entry.label, entry)),
      { kind: "cells", cells: ["accuracy", "", "", formatNumber(report.accuracy, digits), formatNumber(report.weightedAverage.support)] },
      line("macro avg", report.macroAverage),
      line("weighted avg", report.weightedAverage),
    ],
  };
}
