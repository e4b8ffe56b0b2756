import { parse } from "csv-parse/sync";

import { TsloraError } from "../base/tslora-error";
import type { CorpusProblem } from "./corpus";
import { decodeUtf8 } from "./decode-utf8";

/** A row of a table, and what names it: its line. */
export interface Row {
  readonly name: string;
  readonly cells: Readonly<Record<string, unknown>>;
}

/** A table as read, before any column is given a meaning. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly problems: readonly CorpusProblem[];
}

/**
 * Reads CSV (RFC 4180) with a header row; quoted cells may hold delimiters, quotes and line ends. All cells are
 * strings: nothing is guessed to be a number. A row with missing or surplus cells is a problem, named by its line.
 *
 * @throws TsloraError `bad-input` where the rest of the file cannot be told apart: no UTF-8, an unclosed quote.
 */
export function readCsvRows(path: string, bytes: Uint8Array, delimiter: string): Rows {
  const [header, ...records] = parseCsv(path, decode(path, bytes), delimiter);
  if (header === undefined) throw new TsloraError("bad-input", `${path}: expected a header row, got an empty file.`);
  const columns = header.record.map((column) => column.trim());
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) throw new TsloraError("bad-input", `${path}: expected each column once in the header row, got ${JSON.stringify(twice)} twice.`);
  const rows: Row[] = [];
  const problems: CorpusProblem[] = [];
  for (const { record, info } of records) {
    const name = `line ${info.lines}`;
    if (record.length === columns.length) rows.push({ name, cells: Object.fromEntries(columns.map((column, i) => [column, record[i]])) });
    else problems.push({ kind: "malformed", name, message: `expected ${columns.length} cells as in the header row, got ${record.length}` });
  }
  return { columns, rows, problems };
}

/**
 * Reads JSON Lines: one object a line, empty lines between them allowed. A line that is no JSON object is a problem,
 * named by its number.
 *
 * @throws TsloraError `bad-input` where the file is no UTF-8.
 */
export function readJsonlRows(path: string, bytes: Uint8Array): Rows {
  const columns = new Set<string>();
  const rows: Row[] = [];
  const problems: CorpusProblem[] = [];
  decode(path, bytes).split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const name = `line ${i + 1}`;
    const cells = parseObject(line);
    if (typeof cells === "string") problems.push({ kind: "malformed", name, message: cells });
    else {
      for (const column of Object.keys(cells)) columns.add(column);
      rows.push({ name, cells });
    }
  });
  return { columns: [...columns], rows, problems };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseCsv(path: string, text: string, delimiter: string): CsvRecord[] {
  try {
    return parse(text, { delimiter, info: true, relax_column_count: true, skip_empty_lines: true }) as unknown as CsvRecord[];
  } catch (error) {
    throw new TsloraError("bad-input", `${path}: expected CSV, got what cannot be read on (${error instanceof Error ? error.message : String(error)}).`, { cause: error });
  }
}

function parseObject(line: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return `expected a JSON object, got ${Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`}`;
  } catch (error) {
    return `expected a JSON object, got no JSON (${error instanceof Error ? error.message : String(error)})`;
  }
}

function decode(path: string, bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new TsloraError("bad-input", `${path}: expected UTF-8, got bytes that are not. Convert the file, for example with iconv.`);
  return text;
}
