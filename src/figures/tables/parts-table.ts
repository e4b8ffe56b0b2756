import { frameTable } from "./frame-table";
import type { FrameLike } from "./frame-table";
import type { Table } from "../types";

/** Options of {@link partsTable}. */
export interface PartsTableOptions {
  /** The labels' names, in their order. */
  readonly labels: readonly string[];
  /** @default "Parts" */
  readonly title?: string;
  /** More columns, computed from the labels of a part. @default none */
  readonly more?: (labels: readonly number[]) => readonly (readonly [name: string, value: string | number])[];
}

/** The parts of a split, with the number of texts of every label. */
export function partsTable(parts: Readonly<Record<string, FrameLike>>, options: PartsTableOptions): Table {
  const { labels, title = "Parts", more = () => [] } = options;
  const rows = Object.entries(parts).map(([part, frame]) => {
    const own = labelsOf(frame);
    const counts = labels.map(
      (name, label) => [`label ${label}: ${name}`, own.filter((value) => value === label).length] as const,
    );
    return Object.fromEntries([["part", part], ["texts", own.length], ...counts, ...more(own)]);
  });
  const { columns, rows: cells } = frameTable(rows, { title, maxRows: Math.max(1, rows.length) });
  return {
    kind: "table",
    title,
    columns: columns.slice(1), // without the index
    rows: cells.map((row) => (row.kind === "cells" ? { ...row, cells: row.cells.slice(1) } : row)),
  };
}

function labelsOf({ columns, values }: FrameLike): number[] {
  const at = columns.indexOf("label");
  return Array.isArray(values) ? values.map((row) => Number(Array.isArray(row) ? row[at] : row)) : [];
}
