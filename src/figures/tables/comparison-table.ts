import { formatChange, formatInterval, formatNumber, type IntervalLike } from "../format";
import type { Table, TableCell, TableColumn } from "../types";

/** A metric before and after, in this run and in the publication. `compareEvaluations` returns such rows. */
export interface ComparisonTableRow {
  /** The section of the row, e.g. "Overall Performance". */
  readonly group: string;
  readonly metric: string;
  readonly before: number;
  readonly after: number;
  readonly change: number;
  readonly beforeInterval?: IntervalLike | null;
  readonly afterInterval?: IntervalLike | null;
  readonly changeInterval?: IntervalLike | null;
  /** Value of a simpler classifier. */
  readonly baseline?: number | null;
  readonly published?: { readonly before: number; readonly after: number; readonly change: number } | null;
  /** Decimals of the published values. @default 2 */
  readonly digits?: number;
}

/** Options of {@link comparisonTable}. */
export interface ComparisonTableOptions {
  /** @default "Comparative study: before and after fine-tuning" */
  readonly title?: string;
  /** A sentence below the table. */
  readonly note?: string;
  /** Remarks by metric, for a last column. */
  readonly notes?: Readonly<Record<string, string>>;
}

const DIGITS = 3;

/**
 * The study's comparison: every metric before and after, and its change. The columns are this run's, then the published
 * ones.
 * Empty columns are left out.
 *
 * @param comparison - the result of `compareEvaluations`, or its rows
 */
export function comparisonTable(
  comparison: { readonly rows: readonly ComparisonTableRow[] } | readonly ComparisonTableRow[],
  options: ComparisonTableOptions = {},
): Table {
  const { title = "Comparative study: before and after fine-tuning", note, notes = {} } = options;
  const rows = "rows" in comparison ? comparison.rows : comparison;
  const published = rows.some((row) => row.published);
  const baseline = rows.some((row) => typeof row.baseline === "number");
  const remarks = rows.some((row) => row.metric in notes);
  const trio = (group?: string): TableColumn[] =>
    ["Before", "After", "Change"].map((name) => ({ name, align: "right", ...(group === undefined ? {} : { group }) }));

  const cells = (row: ComparisonTableRow): TableCell[] => [
    row.metric,
    ...(published
      ? [
          formatNumber(row.published?.before, row.digits ?? 2),
          formatNumber(row.published?.after, row.digits ?? 2),
          formatChange(row.published?.change, row.digits ?? 2),
        ]
      : []),
    withInterval(formatNumber(row.before, DIGITS), row.beforeInterval),
    withInterval(formatNumber(row.after, DIGITS), row.afterInterval),
    withInterval(formatChange(row.change, DIGITS), row.changeInterval),
    ...(baseline ? [formatNumber(row.baseline, DIGITS)] : []),
    ...(remarks ? [notes[row.metric] ?? ""] : []),
  ];
  return {
    kind: "table",
    title,
    columns: [
      { name: "Metric" },
      ...(published ? [...trio("Published"), ...trio("This run")] : trio()),
      ...(baseline ? [{ name: "Baseline", align: "right" as const }] : []),
      ...(remarks ? [{ name: "Notes" }] : []),
    ],
    rows: [...new Set(rows.map((row) => row.group))].flatMap((group) => [
      { kind: "section" as const, title: group },
      ...rows.filter((row) => row.group === group).map((row) => ({ kind: "cells" as const, cells: cells(row) })),
    ]),
    ...(note === undefined ? {} : { note }),
  };
}

function withInterval(text: string, interval: IntervalLike | null | undefined): TableCell {
  return interval ? { text, detail: formatInterval(interval, DIGITS) } : text;
}
