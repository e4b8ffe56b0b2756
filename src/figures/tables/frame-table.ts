import { Problems } from "../../base/problems";
import { shortened } from "../../base/shortened";
import { formatNumber } from "../format";
import type { Table, TableCell } from "../types";

/** The part of a danfojs DataFrame that {@link frameTable} reads. */
export interface FrameLike {
  readonly columns: readonly string[];
  readonly values: unknown;
  readonly index?: readonly (string | number)[];
}

/** Options of {@link frameTable}. */
export interface FrameTableOptions {
  readonly title?: string;
  /** The most rows shown, half from the start and half from the end. @default 10 */
  readonly maxRows?: number;
  /** The most characters of a text shown; the rest is cut. @default 60 */
  readonly maxWidth?: number;
  /** Columns that show the length of texts instead of the texts. @default none */
  readonly hide?: readonly string[];
  /** Whether the full text of a cut text is its hover text; the notebook then holds it. @default true */
  readonly fullText?: boolean;
}

/**
 * The head and tail of a data frame, as pandas shows it. A text longer than `maxWidth` is cut, with the full text as
 * hover text; if `fullText` is false, the table does not contain the rest.
 *
 * @param frame - a danfojs DataFrame, or rows as objects
 * @throws TsloraError `bad-option` for options out of range or a hidden column that does not exist
 */
export function frameTable(
  frame: FrameLike | readonly Readonly<Record<string, unknown>>[],
  options: FrameTableOptions = {},
): Table {
  const { title, maxRows = 10, maxWidth = 60, hide = [], fullText = true } = options;
  const { columns, rows, index } = isFrame(frame) ? readFrame(frame) : readRows(frame);
  const problems = new Problems("frameTable");
  problems.expect(Number.isInteger(maxRows) && maxRows >= 1, `maxRows must be a whole number from 1; got ${maxRows}.`);
  problems.expect(
    Number.isInteger(maxWidth) && maxWidth >= 1,
    `maxWidth must be a whole number from 1; got ${maxWidth}.`,
  );
  for (const name of hide)
    problems.expect(columns.includes(name), `hide must name columns (${columns.join(", ")}); got ${name}.`);
  problems.throwIfAny();

  const cell = (value: unknown, column: string): TableCell => {
    const text = valueText(value);
    if (hide.includes(column)) return `(${formatNumber([...text].length)} characters)`;
    const cut = shortened(text, maxWidth);
    return fullText && cut !== text ? { text: cut, hover: text } : cut;
  };
  const row = (i: number): Table["rows"][number] => ({
    kind: "cells",
    cells: [String(index[i]), ...columns.map((column, j) => cell(rows[i][j], column))],
  });
  const all = rows.map((_, i) => i);
  const head = all.length <= maxRows ? all : all.slice(0, Math.ceil(maxRows / 2));
  const tail = all.length <= maxRows || maxRows === 1 ? [] : all.slice(-Math.floor(maxRows / 2));
  const gap: Table["rows"] = all.length <= maxRows ? [] : [{ kind: "cells", cells: ["…", ...columns.map(() => "…")] }];

  return {
    kind: "table",
    ...(title === undefined ? {} : { title }),
    columns: [
      { name: "", align: index.length > 0 && index.every((name) => typeof name === "number") ? "right" : "left" },
      ...columns.map((name, j) => ({
        name,
        align:
          rows.length > 0 && rows.every((values) => typeof values[j] === "number")
            ? ("right" as const)
            : ("left" as const),
      })),
    ],
    rows: [...head.map(row), ...gap, ...tail.map(row)],
    note: `${formatNumber(all.length)} ${all.length === 1 ? "row" : "rows"} × ${columns.length} ${columns.length === 1 ? "column" : "columns"}`,
  };
}

interface Grid {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly index: readonly (string | number)[];
}

/** Whether a value can be read as a data frame. */
export function isFrame(value: unknown): value is FrameLike {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    "columns" in value &&
    Array.isArray(value.columns) &&
    "values" in value
  );
}

function readFrame(frame: FrameLike): Grid {
  const values: unknown[] = Array.isArray(frame.values) ? frame.values : [];
  // danfojs returns the values of a single column as a flat list.
  const rows = values.map((row): unknown[] => (Array.isArray(row) ? row : [row]));
  return { columns: frame.columns, rows, index: frame.index ?? rows.map((_, i) => i) };
}

function readRows(objects: readonly Readonly<Record<string, unknown>>[]): Grid {
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  return {
    columns,
    rows: objects.map((object) => columns.map((column) => object[column])),
    index: objects.map((_, i) => i),
  };
}

/** Values as pandas prints them; objects as JSON. */
function valueText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number")
    return Number.isNaN(value) ? "NaN" : Number.isInteger(value) ? String(value) : formatNumber(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  return JSON.stringify(value) ?? ""; // undefined for values that JSON lacks, such as functions
}
