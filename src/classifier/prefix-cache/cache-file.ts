import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

import { bytesOf } from "../../base/bytes-of";
import { sha256Of } from "../../base/sha256-of";

/*
 * The layout of a cache file: MAGIC, the header's length (32 bits), the SHA-256 of the header, the header as JSON, then
 * the 32-bit floats of each text. All numbers are little-endian, as on every processor that tslora supports.
 */
const MAGIC = Buffer.from("tslprefx");
const HASH_BYTES = 32;
const FIXED_BYTES = MAGIC.length + 4 + HASH_BYTES;
/** Largest header in bytes. The header of a file with the shortest vectors has about 2 MB. */
const MOST_HEADER = 1 << 26;

/** One text's results in a file. */
export interface CachedText {
  /** Key of the text. */
  readonly text: string;
  /** Number of 32-bit floats. */
  readonly size: number;
  /** SHA-256 of their bytes. */
  readonly sha256: string;
}

/** A text's place in a file. */
export interface CachedPlace extends CachedText {
  /** The position of its first byte. */
  readonly offset: number;
}

/** The parts of a file, for `writeAtomically`. */
export function* cacheFileParts(
  key: string,
  texts: readonly { readonly text: string; readonly values: Float32Array }[],
): Generator<Uint8Array> {
  const entries: CachedText[] = texts.map(({ text, values }) => ({
    text,
    size: values.length,
    sha256: sha256Of(bytesOf(values)),
  }));
  const header = Buffer.from(JSON.stringify({ key, texts: entries }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  yield Buffer.concat([MAGIC, length, createHash("sha256").update(header).digest(), header]);
  for (const { values } of texts) yield bytesOf(values);
}

/**
 * The texts of a file.
 *
 * @returns undefined for a file that is damaged, cut off or another prefix's
 */
export async function readPlaces(file: FileHandle, key: string): Promise<readonly CachedPlace[] | undefined> {
  const { size: bytes } = await file.stat();
  const fixed = await readExactly(file, 0, FIXED_BYTES);
  if (fixed?.subarray(0, MAGIC.length).equals(MAGIC) !== true) return undefined;
  const length = fixed.readUInt32LE(MAGIC.length);
  if (length > MOST_HEADER || FIXED_BYTES + length > bytes) return undefined;
  const header = await readExactly(file, FIXED_BYTES, length);
  if (header === undefined || sha256Of(header) !== fixed.subarray(MAGIC.length + 4).toString("hex")) return undefined;
  // the cast is safe, since the hash matches
  const content = JSON.parse(header.toString()) as { key: string; texts: readonly CachedText[] };
  let offset = FIXED_BYTES + length;
  const places = content.texts.map((entry) => {
    offset += 4 * entry.size;
    return { ...entry, offset: offset - 4 * entry.size };
  });
  return content.key === key && offset === bytes ? places : undefined;
}

/** The numbers of a text; undefined if the file is cut off. */
export async function readValues(file: FileHandle, { offset, size }: CachedPlace): Promise<Float32Array | undefined> {
  const values = new Float32Array(size);
  const bytes = bytesOf(values);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
  return bytesRead === bytes.length ? values : undefined;
}

/** Whether the numbers have the hash that was stored for them. */
export function areWhole(values: Float32Array, { sha256 }: CachedText): boolean {
  return sha256Of(bytesOf(values)) === sha256;
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return bytesRead === length ? buffer : undefined;
}
