import { DEFAULT_LIMITS } from "../corpus";
import { ByteDecoder, decodeBytes } from "./byte-decoder";
import { isId, shownCell, textFault } from "./cells";
import { findColumn, ID_COLUMN, needColumn, PAIR_COLUMN, TEXT_COLUMN, type ColumnsOf } from "./choose-column";
import { LineSplitter, type Line } from "./line-splitter";
import { readDelimiter } from "./table-format";
import { TableReader, type TableItem } from "./table-reader";

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
  /**
   * Whether each text has an ID: that of a column with a usual name if `idColumn` names none, or the row's number if
   * there is no such column. @default false
   */
  readonly findsId?: boolean;
  /** Lines of the file before the stream, for messages; of JSON Lines. @default 0 */
  readonly linesBefore?: number;
  /** The columns to read, for a stream that begins inside a file: those that its beginning has. */
  readonly columns?: TextColumns | undefined;
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
  /** The stream's name, the row's line and the problem. */
  readonly problem: string;
  /** The row's line. */
  readonly place: string;
  readonly message: string;
  /** Whether the row has no text: its cell is empty, blank or null. */
  readonly isEmpty?: boolean;
}

/** One text per line; an empty line is an empty text. */
export class LineReader {
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
          place: `line ${number}`,
          message: "it must be UTF-8 text; convert the file, for example with iconv",
        }
      : { text };
  }
}

/** The columns of a table that are read. */
export interface TextColumns {
  readonly text: string;
  readonly pair: string | undefined;
  readonly id: string | undefined;
}

/** One text, or pair of texts, per row of a table. */
export class TextTable {
  readonly #format: StreamFormat;
  readonly #delimiter: string | undefined;
  readonly #reader: TableReader;
  #columns: TextColumns | undefined;

  constructor(format: StreamFormat, kind: "csv" | "tsv" | "jsonl" | "json") {
    const { name, quote = true } = format;
    const delimiter = readDelimiter(format.delimiter, `.${kind}`);
    this.#format = format;
    this.#columns = format.columns;
    this.#delimiter = kind === "csv" || kind === "tsv" ? delimiter : undefined;
    const { linesBefore } = format;
    this.#reader = new TableReader(
      name,
      { kind: kind === "tsv" ? "csv" : kind, delimiter, quote, linesBefore },
      DEFAULT_LIMITS,
    );
  }

  /** The columns that are read; undefined before the header row or the first object. */
  get columns(): TextColumns | undefined {
    return this.#columns;
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
    const { name, textColumn, textPair, findsId = false } = this.#format;
    const idColumn = this.#format.idColumn ?? (findsId ? undefined : "none");
    const of: ColumnsOf = { name, columns, delimiter: this.#delimiter };
    this.#columns ??= {
      text: needColumn(of, TEXT_COLUMN, textColumn),
      pair: textPair === undefined ? undefined : needColumn(of, PAIR_COLUMN, textPair),
      id: idColumn === "none" ? undefined : findColumn(of, ID_COLUMN, idColumn),
    };
    return this.#columns;
  }

  /** The way out where a column that nobody named holds rounded numbers. */
  #idAdvice(id: unknown): string {
    const wasFound = this.#format.findsId === true && this.#format.idColumn === undefined;
    return wasFound && typeof id === "number" ? '. With idColumn "none", rows have their own numbers' : "";
  }

  #text(item: TableItem): ReadText | LeftOut {
    const where = this.#format.name;
    if (this.#reader.columns !== undefined) this.#choose(this.#reader.columns); // a wrong delimiter shows in the header
    const leaveOut = (place: string, message: string): LeftOut => ({
      problem: `${where}, ${place}: ${message}`,
      place,
      message,
    });
    if (item.kind === "problem") return leaveOut(item.problem.name, item.problem.message);
    const { row } = item;
    const columns = this.#choose(row.columns);
    const asked = columns.pair === undefined ? [columns.text] : [columns.text, columns.pair];
    for (const column of asked) {
      const fault = textFault(column, row.get(column));
      if (fault !== undefined) return { ...leaveOut(row.name, fault.message), isEmpty: fault.isEmpty };
    }
    const [text, textPair] = asked.map((column) => String(row.get(column)));
    const read = columns.pair === undefined ? { text } : { text, textPair };
    if (columns.id === undefined) return this.#format.findsId === true ? { ...read, id: row.number } : read;
    const id = row.get(columns.id);
    return isId(id)
      ? { ...read, id }
      : leaveOut(row.name, `${columns.id} must be a name or a number; got ${shownCell(id)}${this.#idAdvice(id)}`);
  }
}
