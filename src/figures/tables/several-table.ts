import { formatInterval, formatNumber, type IntervalLike } from "../format";
import type { Table, TableCell } from "../types";

/** A comparison of several evaluations; the result of `compareSeveral`. */
export interface SeveralTableInput {
  readonly names: readonly string[];
  readonly rows: readonly {
    readonly group: string;
    readonly metric: string;
    readonly values: readonly number[];
    readonly intervals?: readonly (IntervalLike | null)[];
  }[];
}

/** Options of {@link severalTable}. */
export interface SeveralTableOptions {
  /** @default "Evaluations side by side" */
  readonly title?: string;
  /** A sentence below the table. */
  readonly note?: string;
}

const DIGITS = 3;

/** A column for each evaluation, a row for each metric, each value with its interval below it. */
export function severalTable({ names, rows }: SeveralTableInput, options: SeveralTableOptions = {}): Table {
  const { title = "Evaluations side by side", note } = options;
  const cell = (value: number, interval: IntervalLike | null | undefined): TableCell => {
    const text = formatNumber(value, DIGITS);
    return interval ? { text, detail: formatInterval(interval, DIGITS) } : text;
  };
  return {
    kind: "table",
    title,
    columns: [{ name: "Metric" }, ...names.map((name) => ({ name, align: "right" as const }))],
    rows: [...new Set(rows.map(({ group }) => group))].flatMap((group) => [
      { kind: "section" as const, title: group },
      ...rows
        .filter((row) => row.group === group)
        .map(({ metric, values, intervals }) => ({
          kind: "cells" as const,
          cells: [metric, ...names.map((_, i) => cell(values[i], intervals?.[i]))],
        })),
    ]),
    ...(note === undefined ? {} : { note }),
  };
}
