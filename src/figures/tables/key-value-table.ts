import { formatNumber } from "../format";
import type { Table } from "../types";

/** A value of a {@link keyValueTable}; a list is joined by commas. */
export type KeyValue = string | number | boolean | null | undefined | readonly (string | number | boolean)[];

/** Options of {@link keyValueTable}. */
export interface KeyValueTableOptions {
  readonly title?: string;
  readonly note?: string;
}

/** Names and values below one another, such as an environment or parameters. Missing values are shown as a dash. */
export function keyValueTable(entries: Readonly<Record<string, KeyValue>>, options: KeyValueTableOptions = {}): Table {
  return {
    kind: "table",
    ...options,
    columns: [{ name: "" }, { name: "" }],
    rows: Object.entries(entries).map(([key, value]) => ({ kind: "cells", cells: [key, valueText(value)] })),
  };
}

function valueText(value: KeyValue): string {
  if (value === undefined || value === null || value === "") return "–";
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : value.join(", ");
}
