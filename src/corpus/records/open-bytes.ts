import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";

import { faultCode, faultText } from "../../base/files/file-fault";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";

/** A range of a file's bytes. */
export interface ByteRange {
  /** @default 0 */
  readonly start?: number;
  /** First byte after the range. @default the file's end */
  readonly end?: number;
}

/** Bytes that are read or unpacked at a time. */
const PIECE = 1 << 18;
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** The packing of a file, by its first bytes. */
export type Packing = "none" | "gzip" | "zstd";

/**
 * Reads a file's bytes piece by piece, unpacked: gzip, of any number of members, and zstd where this Node has it.
 *
 * @throws TsloraError `not-found` if it cannot be opened, `bad-input` if it is not whole, `unsupported` for zstd before
 *   Node 22.15.
 */
export async function* openBytes(path: string, { start = 0, end }: ByteRange = {}): AsyncGenerator<Buffer, void, void> {
  const packing = start === 0 ? await packingOf(path) : "none";
  if (end !== undefined && end <= start) return;
  const file = createReadStream(path, {
    start,
    end: end === undefined ? undefined : end - 1,
    highWaterMark: PIECE,
  });
  const unpacker = unpackerOf(packing, path);
  // Its error reaches the loop below.
  const stream: Readable = unpacker === undefined ? file : pipeline(file, unpacker, () => undefined);
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw readError(path, error);
  } finally {
    file.destroy();
    stream.destroy();
  }
}

/** The packing of a file, whatever its name. */
export async function packingOf(path: string): Promise<Packing> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
      const begins = (mark: readonly number[]): boolean =>
        bytesRead >= mark.length && mark.every((byte, i) => buffer[i] === byte);
      return begins(GZIP) ? "gzip" : begins(ZSTD) ? "zstd" : "none";
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

function unpackerOf(packing: Packing, path: string): Transform | undefined {
  if (packing === "none") return undefined;
  if (packing === "gzip") return zlib.createGunzip({ chunkSize: PIECE });
  const create: unknown = Reflect.get(zlib, "createZstdDecompress");
  if (typeof create !== "function")
    throw new TsloraError(
      "unsupported",
      `${shownPath(path)} is packed with zstd, which needs Node 22.15 or later; this is ${process.version}. Unpack it, or pack it with gzip.`,
    );
  return (create as (options: { chunkSize: number }) => Transform)({ chunkSize: PIECE });
}

function readError(path: string, error: unknown): Error {
  if (error instanceof TsloraError) return error;
  const packed = error instanceof Error && "code" in error && /^(Z_|ERR_ZSTD|ZSTD)/.test(String(error.code));
  if (packed) {
    const why = error instanceof Error ? error.message : String(error);
    return new TsloraError("bad-input", `${shownPath(path)} must be whole; unpacking it failed: ${why}.`, {
      cause: error,
    });
  }
  const code = faultCode(error) === "ENOENT" ? "not-found" : "bad-input";
  return new TsloraError(code, `${shownPath(path)} cannot be read: ${faultText(error)}.`, { cause: error });
}
