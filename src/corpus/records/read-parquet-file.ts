import type { AsyncBuffer, FileMetaData } from "hyparquet" with { "resolution-mode": "import" };
import { open } from "node:fs/promises";

import { faultCode, faultText } from "../../base/files/file-fault";
import { shownPath } from "../../base/shown-path";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { isId, shownCell, textFault } from "../table/cells";
import { findColumn, ID_COLUMN, needColumn, PAIR_COLUMN, TEXT_COLUMN } from "../table/choose-column";
import type { TableColumns } from "./read-table-file";
import type { RecordItem, RecordProblem, TextRecord } from "./text-record";

/** Options of {@link readParquetFile}. */
export interface ParquetFileOptions extends Pick<TableColumns, "textColumn" | "textPair" | "idColumn"> {
  /** First row. @default 0 */
  readonly rowStart?: number;
  /** First row after the range. @default the file's end */
  readonly rowEnd?: number;
}

/**
 * Rows that are decoded at a time; pages before them in a row group are skipped where the file has an index of them.
 */
const ROWS = 4096;

/** A cell whose bytes are not UTF-8. */
const NOT_UTF8 = Symbol("not UTF-8");
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the texts of a Parquet file, some thousand rows of a row group at a time, and of each row only the columns of
 * text and ID. Packed with snappy, gzip, zstd, brotli or LZ4, or not packed.
 *
 * @throws TsloraError `bad-input` if it is not a whole Parquet file or lacks a column, after the rows before.
 */
export async function* readParquetFile(
  path: string,
  options: ParquetFileOptions = {},
): AsyncGenerator<RecordItem, void, void> {
  const name = shownPath(path);
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const { file, close } = await openParquet(path);
  try {
    const metadata = await metadataOf(file, path);
    const columns = chooseColumns(metadata, { name, ...options });
    const wanted = [columns.text, columns.pair, columns.id].filter((column) => column !== undefined);
    for (const [rowStart, rowEnd] of pieces(metadata, options)) {
      const rows = await parquetReadObjects({
        ...{ file, metadata, columns: wanted, rowStart, rowEnd, compressors },
        useOffsetIndex: true,
        parsers: { stringFromBytes },
      }).catch((error: unknown) => {
        throw notParquet(name, error);
      });
      for (const [i, row] of rows.entries()) yield itemOf(row as Row, columns, rowStart + i + 1);
    }
  } finally {
    await close();
  }
}

/** First row and end of each row group of a Parquet file. */
export async function parquetRowGroups(path: string): Promise<{ readonly start: number; readonly end: number }[]> {
  const { file, close } = await openParquet(path);
  try {
    const { row_groups: groups } = await metadataOf(file, path);
    let start = 0;
    return groups.map(({ num_rows: count }) => ({ start, end: (start += Number(count)) }));
  } finally {
    await close();
  }
}

type Row = Readonly<Record<string, unknown>>;

interface Columns {
  readonly text: string;
  readonly pair: string | undefined;
  readonly id: string | undefined;
}

function chooseColumns(
  { schema }: FileMetaData,
  { name, textColumn, textPair, idColumn }: ParquetFileOptions & { readonly name: string },
): Columns {
  const [root] = schema;
  // elements in depth-first order: the children of the root are those that are not below another
  const columns: string[] = [];
  for (let i = 1; i < schema.length && columns.length < (root?.num_children ?? 0);) {
    columns.push(schema[i].name);
    for (let open = 1; open > 0 && i < schema.length; i++) open += (schema[i].num_children ?? 0) - 1;
  }
  const of = { name, columns };
  return {
    text: needColumn(of, TEXT_COLUMN, textColumn),
    pair: textPair === undefined ? undefined : needColumn(of, PAIR_COLUMN, textPair),
    id: idColumn === "none" ? undefined : findColumn(of, ID_COLUMN, idColumn),
  };
}

/** Ranges of rows within one row group each. */
function* pieces(
  { row_groups: groups }: FileMetaData,
  { rowStart = 0, rowEnd = Infinity }: ParquetFileOptions,
): Generator<[start: number, end: number], void, void> {
  let first = 0;
  for (const { num_rows: count } of groups) {
    const [from, to] = [Math.max(first, rowStart), Math.min(first + Number(count), rowEnd)];
    for (let at = from; at < to; at += ROWS) yield [at, Math.min(at + ROWS, to)];
    first += Number(count);
  }
}

function itemOf(row: Row, { text, pair, id }: Columns, number: number): RecordItem {
  const problem = (kind: RecordProblem["kind"], message: string): RecordItem => ({
    kind: "problem",
    problem: { kind, place: `row ${number}`, message },
  });
  const damaged = [text, pair, id].find((column) => column !== undefined && row[column] === NOT_UTF8);
  if (damaged !== undefined) return problem("corrupt", `the bytes in ${shownValue(damaged)} are not UTF-8`);
  for (const column of pair === undefined ? [text] : [text, pair]) {
    const fault = textFault(column, row[column] ?? null);
    if (fault !== undefined) return problem(fault.isEmpty ? "no-text" : "corrupt", fault.message);
  }
  const name = id === undefined ? number : row[id];
  if (typeof name !== "bigint" && !isId(name))
    return problem("corrupt", `${String(id)} must be a name or a number; got ${shownCell(name ?? null)}`);
  const record: TextRecord = {
    id: String(name),
    text: String(row[text]),
    ...(pair === undefined ? {} : { textPair: String(row[pair]) }),
  };
  return { kind: "record", record };
}

/** Decodes a string. hyparquet's own parser would put U+FFFD in place of bytes that are not UTF-8. */
function stringFromBytes(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes && utf8.decode(bytes);
  } catch {
    return NOT_UTF8;
  }
}

/** A file as hyparquet reads it, by one descriptor. */
async function openParquet(path: string): Promise<{ readonly file: AsyncBuffer; readonly close: () => Promise<void> }> {
  try {
    const handle = await open(path);
    const { size } = await handle.stat();
    const slice = async (start: number, end = size): Promise<ArrayBuffer> => {
      const bytes = new Uint8Array(Math.max(0, end - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer.slice(0, bytesRead);
    };
    return { file: { byteLength: size, slice }, close: () => handle.close() };
  } catch (error) {
    const code = faultCode(error) === "ENOENT" ? "not-found" : "bad-input";
    throw new TsloraError(code, `${shownPath(path)} cannot be read: ${faultText(error)}.`, { cause: error });
  }
}

async function metadataOf(file: AsyncBuffer, path: string): Promise<FileMetaData> {
  const { parquetMetadataAsync } = await import("hyparquet");
  return parquetMetadataAsync(file).catch((error: unknown) => {
    throw notParquet(shownPath(path), error);
  });
}

function notParquet(name: string, error: unknown): TsloraError {
  const why = (error instanceof Error ? error.message : String(error)).slice(0, 200);
  return new TsloraError("bad-input", `${name} must be a whole Parquet file; reading it failed: ${why}.`, {
    cause: error,
  });
}
