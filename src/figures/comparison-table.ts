import { formatChange, formatInterval, formatNumber } from "./format";
import type { Table, TableCell, TableColumn } from "./types";

/** A row of a {@link comparisonTable}: a metric before and after, in this run and as it was published. */
export interface ComparisonTableRow {
  /** The part of the table in which the row stands, e.g. "Overall Performance". */
  readonly section: string;
  readonly metric: string;
  readonly before: number;
  readonly after: number;
  readonly change: number;
  /** The 95% interval of `before`, lower and upper end. */
  readonly beforeInterval?: readonly [number, number];
  /** The 95% interval of `after`, lower and upper end. */
  readonly afterInterval?: readonly [number, number];
  readonly publishedBefore?: number;
  readonly publishedAfter?: number;
  readonly publishedChange?: number;
  readonly note?: string;
}

/** Options of {@link comparisonTable}. */
export interface ComparisonTableOptions {
  /** @default "Comparative study: before and after fine-tuning" */
  readonly title?: string;
  /** A sentence below the table. */
  readonly note?: string;
}

const DIGITS = 3;

/**
 * The study's comparison: every metric before and after with its change, this run's columns beside the published ones.
 * Published values keep the digits they were published with; columns that no row fills are left out.
 */
export function comparisonTable(rows: readonly ComparisonTableRow[], options: ComparisonTableOptions = {}): Table {
  const { title = "Comparative study: before and after fine-tuning", note } = options;
  const published = rows.some((row) => row.publishedBefore !== undefined || row.publishedAfter !== undefined);
  const notes = rows.some((row) => row.note !== undefined && row.note !== "");
  const trio = (group?: string): TableColumn[] => ["Before", "After", "Change"].map((name) => ({ name, align: "right", ...(group === undefined ? {} : { group }) }));
  const sections = [...new Set(rows.map((row) => row.section))];

  return {
    kind: "table",
    title,
    columns: [
      { name: "Metric" },
      ...(published ? [...trio("Published"), ...trio("This run")] : trio()),
      ...(notes ? [{ name: "Notes" }] : []),
    ],
    rows: sections.flatMap((section) => {
      const members = rows.filter((row) => row.section === section);
      const digits = publishedDigits(members);
      return [
        { kind: "section" as const, title: section },
        ...members.map((row) => ({
          kind: "cells" as const,
          cells: [
            row.metric,
            ...(published ? [formatNumber(row.publishedBefore, digits), formatNumber(row.publishedAfter, digits), formatChange(publishedChange(row), digits)] : []),
            withInterval(row.before, row.beforeInterval),
            withInterval(row.after, row.afterInterval),
            formatChange(row.change, DIGITS),
            ...(notes ? [row.note ?? ""] : []),
          ],
        })),
      ];
    }),
    ...(note === undefined ? {} : { note }),
  };
}

function withInterval(value: number, interval: readonly [number, number] | undefined): TableCell {
  const text = formatNumber(value, DIGITS);
  return interval === undefined ? text : { text, detail: formatInterval(interval, DIGITS) };
}

function publishedChange(row: ComparisonTableRow): number | undefined {
  if (row.publishedChange !== undefined) return row.publishedChange;
  return row.publishedBefore === undefined || row.publishedAfter === undefined ? undefined : row.publishedAfter - row.publishedBefore;
}

/** The digits of a section's published values: as many as the longest has, which a trailing zero may hide in the others. */
function publishedDigits(rows: readonly ComparisonTableRow[]): number {
  const digits = rows.flatMap((row) => [row.publishedBefore, row.publishedAfter]).map((value) => String(value ?? "").split(".")[1]?.length ?? 0);
  return Math.max(2, ...digits);
}
