import { Parser, type CsvError, type InfoField } from "csv-parse";

import { TsloraError } from "../../base/tslora-error";
import type { TableFormat, TableLimits } from "./table-format";

/** A row of CSV. Its cells have one character per byte: they are not decoded yet. */
export interface CsvRecord {
  readonly cells: readonly string[];
  /** The line in which it begins, from 1. */
  readonly line: number;
  /**
   * If text follows the closing quote of a cell with several lines: the line of that quote. A quote is missing then.
   */
  readonly torn?: number;
}

/**
 * Parses CSV with csv-parse, chunk by chunk, in linear time. Adds line numbers and limits. Reads text after a closing
 * quote as Python's csv module and pandas do: `"a" b` is `a b`. Skips rows of white space.
 */
export class CsvParser {
  readonly #name: string;
  readonly #limits: TableLimits;
  readonly #quote: boolean;
  readonly #delimiterLength: number;
  readonly #parser: Parser;
  #records: CsvRecord[] = [];
  #header = true;
  #quoted = false; // whether the row has a quoted cell
  #torn: number | undefined;
  #recordLine = 1;
  #cellLine = 1;
  #cellByte = 0; // position at which the cell begins
  #extraLines = 0; // csv-parse counts a Windows line end in a cell as two lines

  /** @param name - the file's name in messages */
  constructor(name: string, { delimiter, quote }: Pick<TableFormat, "delimiter" | "quote">, limits: TableLimits) {
    this.#name = name;
    this.#limits = limits;
    this.#quote = quote;
    this.#delimiterLength = Buffer.byteLength(delimiter);
    this.#parser = new Parser({
      cast: (cell, info) => this.#endCell(cell, info),
      delimiter: Buffer.from(delimiter, "utf8").toString("latin1"),
      encoding: "latin1",
      max_record_size: limits.maxRecordBytes,
      on_record: (cells: string[], info) => this.#endRecord(cells, info.bytes),
      quote: quote ? '"' : null,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
    });
  }

  /** @throws TsloraError `bad-input` for a row above the limits. */
  *push(chunk: string): Generator<CsvRecord, void, void> {
    yield* this.#run((done) => this.#parser._transform(Buffer.from(chunk, "latin1"), "latin1", done));
  }

  /** @throws TsloraError `bad-input` if a quoted cell is not closed. */
  *end(): Generator<CsvRecord, void, void> {
    yield* this.#run((done) => this.#parser._flush(done));
  }

  /** Runs one synchronous step of csv-parse; yields the rows that it completed, then throws its error. */
  *#run(step: (done: (error?: Error | null) => void) => void): Generator<CsvRecord, void, void> {
    let failure: Error | undefined;
    step((error) => (failure = error ?? undefined));
    const records = this.#records;
    this.#records = [];
    yield* records;
    if (failure !== undefined) throw failure instanceof TsloraError ? failure : this.#refusal(failure as CsvError);
  }

  #endCell(cell: string, { bytes, index, lines, quoting }: InfoField): string {
    const { maxColumns } = this.#limits;
    if (index >= maxColumns)
      throw new TsloraError(
        "bad-input",
        `${this.#name} must have at most ${maxColumns.toLocaleString("en-US")} columns (limits.maxColumns); line ${this.#recordLine} has more. Is the delimiter right?`,
      );
    const length = bytes - this.#cellByte;
    this.#cellByte = bytes + this.#delimiterLength;
    if (!quoting) return this.#header && this.#quote ? unquoteHeader(cell) : cell;
    this.#quoted = true;
    const first = this.#cellLine;
    this.#cellLine += cell.match(/\r\n?|\n/g)?.length ?? 0;
    this.#extraLines = lines - this.#cellLine;
    const closing = closingQuote(cell, length);
    if (closing === undefined) return cell;
    if (this.#cellLine > first && cell[closing + 1] !== " ") this.#torn ??= this.#cellLine;
    return cell.slice(1, closing) + cell.slice(closing + 1);
  }

  #endRecord(cells: string[], bytes: number): undefined {
    const isBlank = cells.length === 1 && !this.#quoted && cells[0].trim() === "";
    if (!isBlank) {
      this.#records.push({ cells, line: this.#recordLine, ...(this.#torn === undefined ? {} : { torn: this.#torn }) });
      this.#header = false;
    }
    this.#quoted = false;
    this.#torn = undefined;
    this.#cellByte = bytes;
    this.#cellLine++;
    this.#recordLine = this.#cellLine;
  }

  #refusal(error: CsvError): TsloraError {
    const most = this.#limits.maxRecordBytes.toLocaleString("en-US");
    const unclosed = (when: string): string =>
      `${this.#name}: the quote in line ${this.#cellLine} must be closed; it is not closed ${when}. Close it, or pass quote: false where quotes are plain characters.`;
    if (error.code === "CSV_QUOTE_NOT_CLOSED")
      return new TsloraError("bad-input", unclosed("by the end of the file"), { cause: error });
    if (error.code !== "CSV_MAX_RECORD_SIZE")
      return new TsloraError("bad-input", `${this.#name} must be CSV; csv-parse refuses it: ${error.message}`, {
        cause: error,
      });
    if (this.#parser.info.lines - this.#extraLines > this.#cellLine)
      return new TsloraError("bad-input", unclosed(`within ${most} bytes (limits.maxRecordBytes)`), { cause: error });
    return new TsloraError(
      "bad-input",
      `${this.#name} must have at most ${most} bytes in a row (limits.maxRecordBytes); the row in line ${this.#recordLine} has more. If a quote in it is not closed, close it or pass quote: false.`,
      { cause: error },
    );
  }
}

/**
 * The index of a closing quote that text follows, in which case csv-parse keeps both quotes in the cell. It has removed
 * them if the file's bytes of the cell are longer by the two quotes, and by one more for each quote inside.
 *
 * @param length - of the cell in the file, in bytes
 * @returns undefined if csv-parse removed the quotes
 */
function closingQuote(cell: string, length: number): number | undefined {
  if (!cell.startsWith('"')) return undefined;
  const quotes = Array.from(cell.matchAll(/"/g), ({ index }) => index);
  const doubled = length - cell.length; // number of quotes that the file writes as two
  return doubled === quotes.length + 2 ? undefined : quotes[doubled + 1];
}

/** Removes quotes that follow spaces from a column's name, since csv-parse keeps them as text: `label, "text"`. */
function unquoteHeader(cell: string): string {
  const name = cell.trim();
  return /^"(?:[^"]|"")*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : cell;
}
