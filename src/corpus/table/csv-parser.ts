import { TsloraError } from "../../base/tslora-error";
import type { TableFormat, TableLimits } from "./table-format";

/** A row of CSV, its cells in one character a byte. */
export interface CsvRecord {
  readonly cells: readonly string[];
  /** The line that it begins in, from 1. */
  readonly line: number;
  /** The line in which a quoted cell of more lines ends, where text follows its closing quote: a quote is missing. */
  readonly torn?: number;
}

const START = 0; // of a cell
const PLAIN = 1; // in a cell without quotes, or behind its closing quote
const QUOTED = 2;
const CLOSING = 3; // behind a quote in a quoted cell: its end, or the first of two

const QUOTE = 0x22;
const RETURN = 0x0d;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * Parses CSV as Python's csv module and pandas do: a quote counts only as the first character of a cell, two quotes in a
 * quoted cell are one, and what follows a closing quote belongs to the cell. Lines end by `\n`, `\r\n` or `\r`; empty
 * ones are skipped. In the header, spaces before a cell are skipped. Time is linear in the length.
 */
export class CsvParser {
  readonly #name: string;
  readonly #delimiter: string;
  readonly #quote: boolean;
  readonly #limits: TableLimits;
  #state: 0 | 1 | 2 | 3 = START;
  #cells: string[] = [];
  #cell = "";
  #size = 0; // of the cells of this record
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  #torn: number | undefined;
  #wasQuoted = false;
  #header = true;
  #afterReturn = false;
  #carry = "";

  /** @param name - what messages call the file */
  constructor(name: string, { delimiter, quote }: Pick<TableFormat, "delimiter" | "quote">, limits: TableLimits) {
    this.#name = name;
    this.#delimiter = Buffer.from(delimiter, "utf8").toString("latin1");
    this.#quote = quote;
    this.#limits = limits;
  }

  /** @throws TsloraError `bad-input` for a row above the limits. */
  *push(chunk: string): Generator<CsvRecord, void, void> {
    const text = this.#carry + chunk;
    const end = Math.max(0, text.length - this.#delimiter.length + 1); // a delimiter may be cut by the chunk's end
    const next = yield* this.#parse(text, end);
    this.#carry = text.slice(next);
  }

  /** @throws TsloraError `bad-input` where a quoted cell is not closed. */
  *end(): Generator<CsvRecord, void, void> {
    yield* this.#parse(this.#carry, this.#carry.length);
    this.#carry = "";
    if (this.#state === QUOTED) throw this.#unclosed("by the end of the file");
    if (this.#state !== START || this.#cells.length > 0) {
      const record = this.#endRecord();
      if (record !== undefined) yield record;
    }
  }

  /** Parses up to `end`; returns where it stopped, which is behind it where a delimiter spans it. */
  *#parse(text: string, end: number): Generator<CsvRecord, number, void> {
    const first = this.#delimiter.charCodeAt(0);
    const width = this.#delimiter.length;
    let from = 0; // of the part of the cell that is not yet taken
    let at = 0;
    while (at < end) {
      const char = text.charCodeAt(at);
      if (this.#afterReturn) {
        this.#afterReturn = false;
        if (char === NEWLINE) {
          at++;
          if (this.#state === START) from = at; // the second half of a line end; in a quoted cell it is kept
          continue;
        }
      }
      if (this.#state === QUOTED) {
        if (char === QUOTE) {
          this.#take(text.slice(from, at));
          this.#state = CLOSING;
          from = at + 1;
        } else if (char === NEWLINE || char === RETURN) this.#countLine(char);
        at++;
        continue;
      }
      if (char === NEWLINE || char === RETURN) {
        this.#take(text.slice(from, at));
        const record = this.#endRecord();
        this.#countLine(char);
        this.#recordLine = this.#line;
        at++;
        from = at;
        if (record !== undefined) yield record;
        continue;
      }
      if (char === first && (width === 1 || text.startsWith(this.#delimiter, at))) {
        this.#take(text.slice(from, at));
        this.#endCell();
        at += width;
        from = at;
        continue;
      }
      if (char === QUOTE && this.#quote && this.#state === START) {
        this.#state = QUOTED;
        this.#wasQuoted = true;
        this.#quoteLine = this.#line;
        from = at + 1;
      } else if (char === QUOTE && this.#state === CLOSING) {
        this.#state = QUOTED; // two quotes are one
        from = at;
      } else if (this.#state === START && this.#header && char === SPACE) {
        from = at + 1;
      } else {
        if (this.#state === CLOSING && this.#line > this.#quoteLine && char !== SPACE) this.#torn ??= this.#line;
        this.#state = PLAIN;
      }
      at++;
    }
    this.#take(text.slice(from, Math.max(from, at)));
    return at;
  }

  #take(part: string): void {
    this.#cell += part;
    this.#size += part.length;
    if (this.#size <= this.#limits.maxRecordBytes) return;
    const most = this.#limits.maxRecordBytes.toLocaleString("en-US");
    if (this.#state === QUOTED) throw this.#unclosed(`within ${most} bytes (limits.maxRecordBytes)`);
    throw new TsloraError("bad-input", `${this.#name}: expected ${most} bytes at most in a row (limits.maxRecordBytes), got more in line ${this.#recordLine}.`);
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#state = START;
    const { maxColumns } = this.#limits;
    if (this.#cells.length >= maxColumns) throw new TsloraError("bad-input", `${this.#name}: expected ${maxColumns.toLocaleString("en-US")} columns at most (limits.maxColumns), got more in line ${this.#recordLine}. Is the delimiter right?`);
  }

  #endRecord(): CsvRecord | undefined {
    const cells = this.#cells;
    cells.push(this.#cell);
    const torn = this.#torn;
    const empty = cells.length === 1 && !this.#wasQuoted && cells[0].trim() === "";
    const record = { cells, line: this.#recordLine, ...(torn === undefined ? {} : { torn }) };
    this.#cells = [];
    this.#cell = "";
    this.#size = 0;
    this.#state = START;
    this.#torn = undefined;
    this.#wasQuoted = false;
    if (empty) return undefined;
    this.#header = false;
    return record;
  }

  #countLine(char: number): void {
    this.#line++;
    this.#afterReturn = char === RETURN;
  }

  #unclosed(when: string): TsloraError {
    return new TsloraError("bad-input", `${this.#name}: expected CSV, got a quote in line ${this.#quoteLine} that is not closed ${when}. Close it, or pass quote: false where quotes are plain characters.`);
  }
}
