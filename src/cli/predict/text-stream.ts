import { once } from "node:events";
import { pipeline, Transform, type Readable } from "node:stream";

import { parse } from "csv-parse";

import { TsloraError } from "../../base/tslora-error";

/** How texts stand in a stream. */
export interface StreamFormat {
  readonly kind: "lines" | "csv" | "tsv" | "jsonl";
  /** What messages call the stream. */
  readonly name: string;
  readonly textColumn?: string;
  readonly idColumn?: string;
  readonly delimiter?: string;
}

/** A text as it was read. */
export interface ReadText {
  readonly text: string;
  readonly id?: string | number;
}

type Cells = Readonly<Record<string, unknown>>;

const MOST_LINE = 64 * 1024 * 1024; // bytes: what has longer lines is no text file

/**
 * Texts from a stream, in batches of what is there: a batch never waits for a text that has not come, and nothing is
 * read ahead of it beyond the streams' buffers, so that memory stays flat however long the stream is.
 *
 * @throws TsloraError `bad-input` naming the line, when a column is missing or a row holds no text; what came before is out by then.
 */
export async function* readTextBatches(input: Readable, format: StreamFormat, options: { most: number }): AsyncGenerator<ReadText[], void, void> {
  const parser = format.kind === "lines" || format.kind === "jsonl" ? lineSplitter(format.name) : csvParser(format);
  const records = pipeline(input, parser, () => undefined) as Readable; // an error of either reaches the reader through `parser`
  const toText = reader(format);
  let line = 0;
  for (;;) {
    const batch: ReadText[] = [];
    for (let record: unknown; batch.length < options.most && (record = records.read() as unknown) !== null; ) {
      const text = toText(record, ++line);
      if (text !== undefined) batch.push(text);
    }
    if (batch.length > 0) yield batch;
    else if (records.errored !== null) throw said(records.errored, format.name);
    else if (records.readableEnded || records.destroyed) return;
    else await moved(records);
  }
}

/** Waits until there is more to read, or nothing more will come. */
async function moved(records: Readable): Promise<void> {
  const stop = new AbortController();
  const until = (event: string): Promise<unknown> => once(records, event, { signal: stop.signal }).catch(() => undefined); // errors are asked for afterwards
  try {
    await Promise.race([until("readable"), until("end"), until("close")]);
  } finally {
    stop.abort();
  }
}

/** Lines of UTF-8, each as `{ line }`; line ends of every system, and a last line without one. */
function lineSplitter(name: string): Transform {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = Buffer.alloc(0);
  let count = 0;
  const decode = (bytes: Uint8Array): { line: string } => {
    count++;
    if (bytes.length > MOST_LINE) throw new TsloraError("bad-input", `${name}: line ${count} has more than ${MOST_LINE} bytes. One text a line was expected.`);
    try {
      return { line: decoder.decode(bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes) };
    } catch (error) {
      throw new TsloraError("bad-input", `${name}: UTF-8 was expected; line ${count} holds bytes that are not. Convert the file, for example with iconv.`, { cause: error });
    }
  };
  return new Transform({
    readableObjectMode: true,
    transform(chunk: Buffer, _encoding, done) {
      try {
        let from = 0;
        for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
          this.push(decode(Buffer.concat([rest, chunk.subarray(from, at)])));
          rest = Buffer.alloc(0);
          from = at + 1;
        }
        rest = Buffer.concat([rest, chunk.subarray(from)]);
        if (rest.length > MOST_LINE) decode(rest);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        if (rest.length > 0) this.push(decode(rest));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function csvParser({ kind, delimiter }: StreamFormat): Transform {
  return parse({ delimiter: delimiter ?? (kind === "tsv" ? "\t" : ","), columns: true, bom: true, skip_empty_lines: true, info: true });
}

/** What makes a text of a record; undefined for a blank line between JSON objects. */
function reader(format: StreamFormat): (record: unknown, line: number) => ReadText | undefined {
  if (format.kind === "lines") return (record) => ({ text: (record as { line: string }).line });
  if (format.kind === "jsonl") {
    return (record, line) => {
      const { line: json } = record as { line: string };
      return json.trim() === "" ? undefined : textOf(parseLine(json, { format, line }), { format, line });
    };
  }
  return (record) => {
    const { record: cells, info } = record as { record: Cells; info: { lines: number } };
    return textOf(cells, { format, line: info.lines });
  };
}

function parseLine(json: string, { format, line }: { format: StreamFormat; line: number }): Cells {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Cells;
  } catch {
    // said below
  }
  throw new TsloraError("bad-input", `${format.name}, line ${line}: a JSON object was expected; ${json.slice(0, 60)} came.`, { details: { line } });
}

function textOf(cells: Cells, { format, line }: { format: StreamFormat; line: number }): ReadText {
  const { name, idColumn } = format;
  const column = format.textColumn ?? ["texts", "text"].find((usual) => Object.hasOwn(cells, usual));
  const text = column === undefined ? undefined : cells[column];
  if (typeof text !== "string") {
    const wanted = format.textColumn === undefined ? `a column "texts" or "text" was expected, or another by --text-column` : `a text in the column ${JSON.stringify(format.textColumn)} was expected`;
    throw new TsloraError("bad-input", `${name}, line ${line}: ${wanted}; there are ${Object.keys(cells).map((key) => JSON.stringify(key)).join(", ")}.`, { details: { line } });
  }
  if (idColumn === undefined) return { text };
  const id = cells[idColumn];
  if (typeof id !== "string" && typeof id !== "number") throw new TsloraError("bad-input", `${name}, line ${line}: a name or number in the column ${JSON.stringify(idColumn)} was expected; there are ${Object.keys(cells).map((key) => JSON.stringify(key)).join(", ")}.`, { details: { line } });
  return { text, id };
}

function said(error: Error, name: string): Error {
  if (error instanceof TsloraError) return error;
  return new TsloraError("bad-input", `${name} cannot be read on: ${error.message}`, { cause: error });
}
