import { once } from "node:events";
import type { Readable } from "node:stream";

import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { DEFAULT_LIMITS } from "../../corpus/corpus";
import { ByteDecoder, decodeBytes } from "../../corpus/table/byte-decoder";
import {
  findColumn,
  ID_COLUMN,
  needColumn,
  PAIR_COLUMN,
  TEXT_COLUMN,
  type ColumnsOf,
} from "../../corpus/table/choose-column";
import { LineSplitter, type Line } from "../../corpus/table/line-splitter";
import { readDelimiter } from "../../corpus/table/table-format";
import { TableReader, type Row, type TableItem } from "../../corpus/table/table-reader";

/** The format of a stream of texts. */
export interface StreamFormat {
  readonly kind: "lines" | "csv" | "tsv" | "jsonl" | "json";
  /** The stream's name in messages. */
  readonly name: string;
  readonly textColumn?: string;
  /** The column of a second text. */
  readonly textPair?: string;
  /** @default "none" */
  readonly idColumn?: string;
  readonly delimiter?: string;
  /** @default true */
  readonly quote?: boolean;
}

/** A text, or a pair of texts, as it was read. */
export interface ReadText {
  readonly text: string;
  readonly textPair?: string;
  readonly id?: string | number;
}

/** A row that is left out, with the reason. */
export interface LeftOut {
  /** The row's line and problem. */
  readonly problem: string;
}

/**
 * Reads texts from a stream. A batch holds the texts that have arrived; it never waits for more. Nothing is read ahead
 * beyond the stream's buffer, so memory stays constant for a stream of any length. A row without a text gives an entry
 * with its problem. A row of CSV is complete once the next one begins or the stream ends.
 *
 * @throws TsloraError `bad-input` if a column is missing or the rest cannot be read, after yielding the rows before.
 */
export async function* readTextBatches(
  input: Readable,
  format: StreamFormat,
  options: { most: number },
): AsyncGenerator<(ReadText | LeftOut)[], void, void> {
  const reader = format.kind === "lines" ? new LineReader(format.name) : new TextTable(format, format.kind);
  let batch: (ReadText | LeftOut)[] = [];
  try {
    for (;;) {
      const chunk = input.read() as Uint8Array | null;
      if (chunk !== null) {
        for (const entry of reader.push(chunk)) {
          batch.push(entry);
          if (batch.length < options.most) continue;
          yield batch;
          batch = [];
        }
        continue;
      }
      if (batch.length > 0) yield batch;
      batch = [];
      if (input.errored !== null) throw asReadError(input.errored, format.name);
      if (input.readableEnded || input.destroyed) break;
      if (input.readableLength === 0) await nextData(input);
    }
    for (const entry of reader.end()) batch.push(entry);
  } catch (error) {
    if (batch.length > 0) yield batch; // the rows before the error
    throw error;
  }
  for (let at = 0; at < batch.length; at += options.most) yield batch.slice(at, at + options.most);
}

/** Waits until there is more to read, or the stream has ended. */
async function nextData(input: Readable): Promise<void> {
  const stop = new AbortController();
  // The caller checks the stream for errors.
  const until = (event: string): Promise<unknown> => once(input, event, { signal: stop.signal }).catch(() => undefined);
  try {
    await Promise.race([until("readable"), until("end"), until("close")]);
  } finally {
    stop.abort();
  }
}

/** One text per line. */
class LineReader {
  readonly #name: string;
  readonly #decoder: ByteDecoder;
  readonly #lines: LineSplitter;

  constructor(name: string) {
    this.#name = name;
    this.#decoder = new ByteDecoder(name);
    this.#lines = new LineSplitter(name, DEFAULT_LIMITS);
  }

  *push(bytes: Uint8Array): Generator<ReadText | LeftOut, void, void> {
    for (const line of this.#lines.push(this.#decoder.push(bytes))) yield this.#text(line);
  }

  *end(): Generator<ReadText | LeftOut, void, void> {
    for (const line of this.#lines.push(this.#decoder.end())) yield this.#text(line);
    for (const line of this.#lines.end()) yield this.#text(line);
  }

  #text({ bytes, number }: Line): ReadText | LeftOut {
    const text = decodeBytes(bytes);
    return text === undefined
      ? {
          problem: `${this.#name}, line ${number} must be UTF-8 text; convert the file, for example with iconv`,
        }
      : { text };
  }
}

interface TextColumns {
  readonly text: string;
  readonly pair: string | undefined;
  readonly id: string | undefined;
}

/** One text, or pair of texts, per row of a table. */
class TextTable {
  readonly #format: StreamFormat;
  readonly #delimiter: string | undefined;
  readonly #reader: TableReader;
  #columns: TextColumns | undefined;

  constructor(format: StreamFormat, kind: "csv" | "tsv" | "jsonl" | "json") {
    const { name, quote = true } = format;
    const delimiter = readDelimiter(format.delimiter, `.${kind}`);
    this.#format = format;
    this.#delimiter = kind === "csv" || kind === "tsv" ? delimiter : undefined;
    this.#reader = new TableReader(name, { kind: kind === "tsv" ? "csv" : kind, delimiter, quote }, DEFAULT_LIMITS);
  }

  *push(bytes: Uint8Array): Generator<ReadText | LeftOut, void, void> {
    for (const item of this.#reader.push(bytes)) yield this.#text(item);
    if (this.#reader.columns !== undefined) this.#choose(this.#reader.columns);
  }

  *end(): Generator<ReadText | LeftOut, void, void> {
    for (const item of this.#reader.end()) yield this.#text(item);
    if (this.#reader.columns !== undefined) this.#choose(this.#reader.columns); // also if no row follows
  }

  /** Chooses the columns from the header row, or from the keys of the first object. */
  #choose(columns: readonly string[]): TextColumns {
    const { name, textColumn, textPair, idColumn = "none" } = this.#format;
    const of: ColumnsOf = { name, columns, delimiter: this.#delimiter };
    this.#columns ??= {
      text: needColumn(of, TEXT_COLUMN, textColumn),
      pair: textPair === undefined ? undefined : needColumn(of, PAIR_COLUMN, textPair),
      id: idColumn === "none" ? undefined : findColumn(of, ID_COLUMN, idColumn),
    };
    return this.#columns;
  }

  #text(item: TableItem): ReadText | LeftOut {
    const where = this.#format.name;
    if (this.#reader.columns !== undefined) this.#choose(this.#reader.columns); // a wrong delimiter shows in the header
    if (item.kind === "problem") return { problem: `${where}, ${item.problem.name}: ${item.problem.message}` };
    const { row } = item;
    const columns = this.#choose(row.columns);
    const asked = columns.pair === undefined ? [columns.text] : [columns.text, columns.pair];
    const bad = asked.find((column) => typeof row.get(column) !== "string");
    if (bad !== undefined) return { problem: `${where}, ${row.name}: ${bad} must be a string; got ${shown(row, bad)}` };
    const [text, textPair] = asked.map((column) => String(row.get(column)));
    const read = columns.pair === undefined ? { text } : { text, textPair };
    if (columns.id === undefined) return read;
    const id = row.get(columns.id);
    return typeof id === "string" || typeof id === "number"
      ? { ...read, id }
      : {
          problem: `${where}, ${row.name}: ${columns.id} must be a name or a number; got ${shown(row, columns.id)}`,
        };
  }
}

function shown(row: Row, column: string): string {
  return row.columns.includes(column) ? shownValue(row.get(column), 60) : "nothing";
}

function asReadError(error: Error, name: string): Error {
  return error instanceof TsloraError
    ? error
    : new TsloraError("bad-input", `${name} cannot be read: ${error.message}`, { cause: error });
}
