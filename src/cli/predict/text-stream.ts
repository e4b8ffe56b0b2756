import { once } from "node:events";
import type { Readable } from "node:stream";

import { TsloraError } from "../../base/tslora-error";
import { LineReader, TextTable, type LeftOut, type ReadText, type StreamFormat } from "../../corpus/table/text-table";

export type { LeftOut, ReadText, StreamFormat } from "../../corpus/table/text-table";

/**
 * Reads texts from a stream. A batch holds the texts that have arrived; it never waits for more. Nothing is read ahead
 * beyond the stream's buffer, so memory stays constant for a stream of any length. A table's row without a text, also
 * with a blank cell, gives an entry with its problem; an empty line of plain texts is an empty text. A row of CSV is
 * complete once the next one begins or the stream ends.
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

function asReadError(error: Error, name: string): Error {
  return error instanceof TsloraError
    ? error
    : new TsloraError("bad-input", `${name} cannot be read: ${error.message}`, { cause: error });
}
