import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { CorpusProblem } from "../corpus";
import { ByteDecoder, decodeBytes } from "./byte-decoder";
import { CsvParser, type CsvRecord } from "./csv-parser";
import { LineSplitter, type Line } from "./line-splitter";
import type { TableFormat, TableLimits } from "./table-format";

/** A row of a table. */
export interface Row {
  /** Its name in messages: its line. */
  readonly name: string;
  /** Its number from 1 among all rows; in JSON Lines the number of its line, so that parts of a file agree. */
  readonly number: number;
  /** The cell of a column: text in CSV, any value in JSON; undefined if there is none. */
  readonly get: (column: string) => unknown;
  /** The columns that the row has. */
  readonly columns: readonly string[];
}

/** A row, or the reason why it cannot be read. */
export type TableItem =
  { readonly kind: "row"; readonly row: Row } | { readonly kind: "problem"; readonly problem: CorpusProblem };

/**
 * Reads a table from a stream of bytes, for all commands and for `loadCorpus`. Yields a problem in place of a row that
 * cannot be read. Throws if the rest of the table cannot be read.
 */
export class TableReader {
  readonly #name: string;
  readonly #format: TableFormat;
  readonly #decoder: ByteDecoder;
  readonly #csv: CsvParser | undefined;
  readonly #lines: LineSplitter;
  readonly #limits: TableLimits;
  readonly #json: string[] = [];
  #size = 0;
  #records = 0; // of CSV, without the header row
  #columns: readonly string[] | undefined;
  #begun: boolean;

  /** @param name - the table's name in messages */
  constructor(name: string, format: TableFormat, limits: TableLimits) {
    this.#name = name;
    this.#format = format;
    this.#limits = limits;
    this.#decoder = new ByteDecoder(name);
    this.#csv = format.kind === "csv" ? new CsvParser(name, format, limits) : undefined;
    this.#lines = new LineSplitter(name, { ...limits, linesBefore: format.linesBefore });
    this.#begun = (format.linesBefore ?? 0) > 0;
  }

  /** The columns of CSV's header row, once it has been read. */
  get columns(): readonly string[] | undefined {
    return this.#columns;
  }

  /** @throws TsloraError `bad-input` if the rest cannot be read: it is not text, or above the limits. */
  *push(bytes: Uint8Array): Generator<TableItem, void, void> {
    yield* this.#read(this.#decoder.push(bytes));
  }

  /** @throws TsloraError `bad-input` if the end is missing, or CSV has no header row. */
  *end(): Generator<TableItem, void, void> {
    yield* this.#read(this.#decoder.end());
    if (this.#format.kind === "json") yield* this.#readArray();
    else if (this.#csv === undefined) for (const line of this.#lines.end()) yield* this.#object(line);
    else {
      for (const record of this.#csv.end()) yield* this.#record(record);
      if (this.#columns === undefined)
        throw new TsloraError("bad-input", `${this.#name} must have a header row; the file is empty.`);
    }
  }

  *#read(text: string): Generator<TableItem, void, void> {
    if (this.#csv !== undefined) for (const record of this.#csv.push(text)) yield* this.#record(record);
    else if (this.#format.kind === "jsonl") for (const line of this.#lines.push(text)) yield* this.#object(line);
    else {
      this.#size += text.length;
      if (this.#size > this.#limits.maxUnpackedBytes)
        throw new TsloraError(
          "bad-input",
          `${this.#name} must have at most ${this.#limits.maxUnpackedBytes.toLocaleString("en-US")} bytes (limits.maxUnpackedBytes); it has more. JSON Lines can be longer.`,
        );
      this.#json.push(text);
    }
  }

  *#record({ cells, line, torn }: CsvRecord): Generator<TableItem, void, void> {
    if (this.#columns === undefined) {
      this.#columns = this.#header(cells);
      return;
    }
    const columns = this.#columns;
    const number = ++this.#records;
    const name = `line ${line}`;
    const values = cells.map(decodeBytes);
    const fault = recordFault(values, { columns, torn });
    yield fault === undefined
      ? { kind: "row", row: { name, number, get: (column) => values[columns.indexOf(column)], columns } }
      : { kind: "problem", problem: { ...fault, name } };
  }

  #header(cells: readonly string[]): string[] {
    return cells.map((cell) => {
      const name = decodeBytes(cell);
      if (name === undefined)
        throw new TsloraError(
          "bad-input",
          `${this.#name} must be UTF-8 text; its header row is not. Convert the file, for example with iconv.`,
        );
      if (name.includes("\u0000"))
        throw new TsloraError(
          "bad-input",
          `${this.#name} must be UTF-8 text; its header row holds NUL characters. UTF-16 needs a byte order mark; convert the file, for example with iconv.`,
        );
      return name.trim();
    });
  }

  *#object({ bytes, number }: Line): Generator<TableItem, void, void> {
    const name = `line ${number}`;
    const problem = (kind: CorpusProblem["kind"], message: string): TableItem => ({
      kind: "problem",
      problem: { kind, name, message },
    });
    const line = decodeBytes(bytes);
    if (line === undefined) {
      yield problem("not-utf8", "its bytes are not UTF-8; convert the file, for example with iconv");
      return;
    }
    if (line.trim() === "") return;
    if (!this.#begun && line.trimStart().startsWith("[")) {
      throw new TsloraError(
        "bad-input",
        `${this.#name} must be JSON Lines, one object a line; line ${number} begins a JSON array. Name the file .json to have it read as an array, or convert it: jq -c '.[]' FILE > FILE.jsonl`,
      );
    }
    this.#begun = true;
    const cells = parseObject(line);
    yield typeof cells === "string"
      ? problem("malformed", cells)
      : { kind: "row", row: rowOf({ name, number }, cells) };
  }

  *#readArray(): Generator<TableItem, void, void> {
    const refuse = (got: string): TsloraError =>
      new TsloraError(
        "bad-input",
        `${this.#name} must be a JSON array of objects; got ${got}. Name a file of one object a line .jsonl.`,
      );
    const text = decodeBytes(this.#json.join(""));
    if (text === undefined)
      throw new TsloraError(
        "bad-input",
        `${this.#name} must be UTF-8 text; it holds other bytes. Convert the file, for example with iconv.`,
      );
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw refuse(text.trim() === "" ? "an empty file" : `no JSON (${reason(error)})`);
    }
    if (!Array.isArray(value))
      throw refuse(
        value === null
          ? "null"
          : typeof value === "object"
            ? `one object with the keys ${shownNames(Object.keys(value))}`
            : `a ${typeof value}`,
      );
    for (const [i, entry] of (value as unknown[]).entries()) {
      const name = `entry ${i + 1}`;
      if (isCells(entry)) yield { kind: "row", row: rowOf({ name, number: i + 1 }, entry) };
      else
        yield {
          kind: "problem",
          problem: { kind: "malformed", name, message: `it must be a JSON object; got ${kindOf(entry)}` },
        };
    }
  }
}

type Cells = Readonly<Record<string, unknown>>;

function rowOf(place: Pick<Row, "name" | "number">, cells: Cells): Row {
  const columns = Object.keys(cells);
  return { ...place, columns, get: (column) => (Object.hasOwn(cells, column) ? cells[column] : undefined) };
}

function parseObject(line: string): Cells | string {
  try {
    const value: unknown = JSON.parse(line);
    return isCells(value) ? value : `it must be a JSON object; got ${kindOf(value)}`;
  } catch (error) {
    return `it must be a JSON object; got no JSON (${reason(error)})`;
  }
}

function isCells(value: unknown): value is Cells {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 160);
}

/** The reason why a record of CSV cannot be read; undefined if it can. */
function recordFault(
  values: readonly (string | undefined)[],
  { columns, torn }: { readonly columns: readonly string[]; readonly torn: CsvRecord["torn"] },
): Pick<CorpusProblem, "kind" | "message"> | undefined {
  const malformed = (message: string): Pick<CorpusProblem, "kind" | "message"> => ({ kind: "malformed", message });
  if (torn !== undefined)
    return malformed(
      `a quote opens a cell that continues to line ${torn}, where text follows its closing quote; close it, ` +
        "or pass quote: false where quotes are plain characters",
    );
  if (values.length !== columns.length)
    return malformed(`it must have ${columns.length} cells as the header row; it has ${values.length}`);
  const bad = values.findIndex((value) => value === undefined);
  if (bad >= 0)
    return {
      kind: "not-utf8",
      message: `the bytes in ${shownValue(columns[bad])} are not UTF-8; convert the file, for example with iconv`,
    };
  const nul = values.findIndex((value) => value?.includes("\u0000"));
  return nul < 0 ? undefined : malformed(`${shownValue(columns[nul])} holds a NUL character, as no text does`);
}
