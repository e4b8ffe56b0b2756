import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

import { openRegularFile } from "./open-regular-file";
import { shownPath } from "../shown-path";
import { TsloraError } from "../tslora-error";

/** Bounds and names of {@link readTextFile}. */
export interface ReadTextOptions {
  /**
   * The largest size of the file in bytes.
   * @default 256 MiB, more than any vocabulary takes
   */
  readonly maxBytes?: number;
  /**
   * Whether to read a named pipe too, such as the one of a shell's `<(command)`.
   * @default false
   */
  readonly pipe?: boolean;
  /**
   * The file's name in messages.
   * @default its path
   */
  readonly called?: string;
}

const MAX_BYTES = 1 << 28;

/**
 * Reads a small regular file whole.
 *
 * @throws TsloraError `not-found`, or `bad-input` if it is not a regular file, is too large, or ends early.
 */
export async function readFileBytes(path: string, options: ReadTextOptions = {}): Promise<Buffer> {
  const { maxBytes = MAX_BYTES, called = shownPath(path) } = options;
  if (options.pipe === true && (await isPipe(path))) return readPipe(path, { maxBytes, called });
  const { handle, size } = await openRegularFile(path, { called });
  try {
    if (size > maxBytes) throw tooLarge(called, shown(size), maxBytes);
    return await handle.readFile();
  } catch (error) {
    throw error instanceof TsloraError
      ? error
      : new TsloraError(
          "bad-input",
          `${called} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
          { cause: error },
        );
  } finally {
    await handle.close();
  }
}

function isPipe(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFIFO(),
    () => false,
  );
}

async function readPipe(path: string, { maxBytes, called }: { maxBytes: number; called: string }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(called, `at least ${shown(size)}`, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(called: string, size: string, maxBytes: number): TsloraError {
  return new TsloraError("bad-input", `${called} must have at most ${shown(maxBytes)} bytes; it has ${size}.`);
}

function shown(bytes: number): string {
  return bytes.toLocaleString("en-US");
}

/**
 * Reads a small text file whole. Keeps a byte order mark, as Python does.
 *
 * @throws TsloraError `not-found`, or `bad-input` if it is not a regular file, is too large, or is not UTF-8.
 */
export async function readTextFile(path: string, options: ReadTextOptions = {}): Promise<string> {
  const bytes = await readFileBytes(path, options);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new TsloraError(
      "bad-input",
      `${options.called ?? shownPath(path)} must be UTF-8 text; it holds bytes that are not.`,
      { cause: error },
    );
  }
}
