import { frameTable } from "./frame-table";
import type { Table } from "../types";

/** Logits of the same texts in several runtimes, as `compareRuntimes` returns them. */
export interface RuntimesTableInput {
  readonly labels: readonly string[];
  readonly runtimes: readonly { readonly runtime: string; readonly logits: readonly (readonly number[])[] }[];
}

/** Options of {@link runtimesTable}. */
export interface RuntimesTableOptions {
  /** Names of the texts, such as their IDs. */
  readonly names: readonly (string | number)[];
  /** @default "Probability of" and the last label */
  readonly title?: string;
}

/**
 * One row per runtime: for each text the probability of the last label (softmax of the logits), and the largest
 * difference of a logit from the first runtime.
 */
export function runtimesTable({ labels, runtimes }: RuntimesTableInput, options: RuntimesTableOptions): Table {
  const { names, title = `Probability of ${labels[labels.length - 1]}` } = options;
  const rows = runtimes.map(({ runtime, logits }) => ({
    runtime,
    ...Object.fromEntries(logits.map((row, text) => [`text ${names[text]}`, lastProbability(row).toFixed(6)])),
    "largest difference of a logit": difference(logits, runtimes[0].logits).toExponential(1),
  }));
  const { columns, rows: cells } = frameTable(rows, { title, maxRows: Math.max(1, rows.length) });
  return {
    kind: "table",
    title,
    columns: columns.slice(1), // without the index
    rows: cells.map((row) => (row.kind === "cells" ? { ...row, cells: row.cells.slice(1) } : row)),
  };
}

function lastProbability(logits: readonly number[]): number {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  return powers[powers.length - 1] / powers.reduce((sum, power) => sum + power, 0);
}

function difference(one: readonly (readonly number[])[], other: readonly (readonly number[])[]): number {
  return Math.max(0, ...one.flatMap((row, text) => row.map((logit, k) => Math.abs(logit - other[text][k]))));
}
