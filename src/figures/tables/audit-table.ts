import { formatNumber, formatShare } from "../format";
import type { Table, TableRow } from "../types";

/** An audit in numbers; `audit(...).summary`. */
export interface AuditTableInput {
  readonly texts: number;
  readonly textsWithIssues: number;
  readonly reasons: readonly { readonly reason: string; readonly severity: string; readonly count: number }[];
  readonly classes: readonly { readonly name: string; readonly count: number; readonly share: number }[];
  readonly imbalance: number | null;
  readonly groups: number;
  readonly probabilities: string;
}

/** Options of {@link auditTable}. */
export interface AuditTableOptions {
  /** @default "Audit of the data" */
  readonly title?: string;
}

/** Reasons with their severity and number of texts, the classes, and groups of similar texts. */
export function auditTable(summary: AuditTableInput, options: AuditTableOptions = {}): Table {
  const { title = "Audit of the data" } = options;
  const { texts, textsWithIssues, reasons, classes, imbalance, groups, probabilities } = summary;
  const row = (name: string, severity: string, count: number): TableRow => ({
    kind: "cells",
    cells: [name, severity, formatNumber(count), formatShare(count / texts)],
  });
  const balance =
    imbalance === null
      ? ""
      : ` The largest class has ${formatNumber(Number(imbalance.toFixed(1)))} times the smallest one's texts.`;
  return {
    kind: "table",
    title,
    columns: [{ name: "" }, { name: "severity" }, { name: "texts", align: "right" }, { name: "share", align: "right" }],
    rows: [
      row("all texts", "", texts),
      row("texts with issues", "", textsWithIssues),
      ...(reasons.length === 0 ? [] : [{ kind: "section" as const, title: "Issues" }]),
      ...reasons.map(({ reason, severity, count }) => row(reason, severity, count)),
      ...(classes.length === 0 ? [] : [{ kind: "section" as const, title: "Classes" }]),
      ...classes.map(({ name, count }) => row(name, "", count)),
    ],
    note: `Labels were judged by probabilities: ${probabilities}.${balance} Groups of texts to keep in one part: ${formatNumber(groups)}.`,
  };
}
