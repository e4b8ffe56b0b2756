import type { FileHandle } from "node:fs/promises";

import { isMissingFile, openRegularFile } from "../../base/files/open-regular-file";
import { parseUntrustedObject } from "../../base/files/parse-json-file";
import { shownPath } from "../../base/shown-path";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";

const CHUNK = 1 << 20; // bytes to read at a time of a tensor that is converted
const MAX_RANK = 16; // no weight has more than four dimensions
const MAX_HEADER = 100_000_000; // bytes: the limit of the reference implementation
const BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
/** Limit of a weight's absolute value: products of larger weights overflow 32-bit floats. */
const LARGEST = 2 ** 60;

/** The format's element types whose size this reader knows. */
export type SafetensorsDtype = keyof typeof BYTES;

/** One tensor of a file: type, shape and place. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte, and first byte after the tensor, counted from the end of the header. */
  readonly offsets: readonly [number, number];
}

/** An open safetensors file whose header has been checked. The caller closes it. */
export interface SafetensorsFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor as 32-bit floats; F16 and BF16 are widened.
   *
   * @throws TsloraError `bad-input` if a number is NaN, infinite, or too large for a weight.
   */
  readFloats(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file (https://huggingface.co/docs/safetensors). Before any tensor is read, checks the whole
 * header: types, shapes, and that the tensors fill the file without gaps or overlaps.
 *
 * @throws TsloraError `bad-input` for a truncated or damaged file, naming the file, the tensor and the value.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const shown = shownPath(path);
  const { handle: file, size } = await openRegularFile(path, { called: `The weights ${shown}` }).catch(
    (error: unknown) => {
      throw isMissingFile(error)
        ? new TsloraError("not-found", `The weights ${shown} cannot be opened: there is no such file.`, {
            cause: error,
          })
        : error;
    },
  );
  try {
    const damaged = (what: string): TsloraError =>
      new TsloraError("bad-input", `${shown} is not a whole safetensors file: ${what}. Fetch it again.`, {
        details: { path },
      });
    if (size < 8) throw damaged(`it has ${size} bytes; the header's length alone takes 8`);
    const start = await readAt(file, { length: 8, position: 0, damaged });
    const headerLength = Number(start.readBigUInt64LE());
    if (headerLength > MAX_HEADER || headerLength + 8 > size)
      throw damaged(`its header claims ${headerLength} bytes; the file has ${size}`);
    const header = parseHeader(await readAt(file, { length: headerLength, position: 8, damaged }), damaged);
    const dataStart = 8 + headerLength;
    const { entries, metadata } = checkHeader(header, size - dataStart, damaged);
    return {
      path,
      entries,
      metadata,
      readFloats: (name) => readFloats(file, { path: shown, dataStart, name, entry: entries.get(name) }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Damaged = (what: string) => TsloraError;

async function readAt(
  file: FileHandle,
  { length, position, damaged }: { length: number; position: number; damaged: Damaged },
): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw damaged("it ended while its header was read");
    done += bytesRead;
  }
  return bytes;
}

function parseHeader(bytes: Buffer, damaged: Damaged): Record<string, unknown> {
  try {
    return parseUntrustedObject(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), "its header");
  } catch (error) {
    throw damaged(
      error instanceof TsloraError
        ? error.message.replace(/( Was its download cut off\?|\.)$/, "")
        : "its header is not UTF-8",
    );
  }
}

function checkHeader(
  header: Record<string, unknown>,
  dataBytes: number,
  damaged: Damaged,
): { entries: Map<string, SafetensorsEntry>; metadata: Record<string, string> } {
  const entries: SafetensorsEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = checkMetadata(value, damaged);
    else entries.push(checkEntry(name, value, damaged));
  }
  entries.sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  let end = 0;
  for (const { name, offsets } of entries) {
    if (offsets[0] !== end)
      throw damaged(`tensor ${shownValue(name)} begins at byte ${offsets[0]}, and the one before it ends at ${end}`);
    end = offsets[1];
  }
  if (end !== dataBytes) throw damaged(`its tensors take ${end} bytes, and ${dataBytes} are there`);
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

function checkMetadata(value: unknown, damaged: Damaged): Record<string, string> {
  const isMap =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string");
  if (!isMap) throw damaged(`its metadata must be an object of texts; got ${shownValue(value)}`);
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, damaged: Damaged): SafetensorsEntry {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const whole = (n: unknown): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0;
  const called = `tensor ${shownValue(name)}`;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype))
    throw damaged(`${called} has the type ${shownValue(dtype)}; known are ${Object.keys(BYTES).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(whole)) throw damaged(`${called} has the shape ${shownValue(shape)}`);
  if (shape.length > MAX_RANK)
    throw damaged(`${called} must have at most ${MAX_RANK} dimensions; it has ${shape.length}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole) || offsets[0] > offsets[1])
    throw damaged(`${called} has the offsets ${shownValue(offsets)}`);
  const bytes = shape.reduce((a, b) => a * b, 1) * BYTES[dtype as SafetensorsDtype];
  if (offsets[1] - offsets[0] !== bytes)
    throw damaged(
      `${called} of type ${dtype} and shape [${shape.join(", ")}] takes ${bytes} bytes, and its offsets give ${offsets[1] - offsets[0]}`,
    );
  return { name, dtype: dtype as SafetensorsDtype, shape: shape, offsets: [offsets[0], offsets[1]] };
}

/** Whether a tensor can be read as 32-bit floats; tensors of other types are buffers. */
export function isFloating({ dtype }: Pick<SafetensorsEntry, "dtype">): boolean {
  return dtype === "F32" || CONVERTERS[dtype] !== undefined;
}

/** Refuses numbers that no weight has. This pass over a tensor takes some milliseconds for ten million numbers. */
function expectFinite(floats: Float32Array, { path, name }: { path: string; name: string }): Float32Array {
  for (let i = 0; i < floats.length; i++) {
    if (Math.abs(floats[i]) < LARGEST) continue;
    throw new TsloraError(
      "bad-input",
      `${path}: tensor ${shownValue(name)} must hold finite numbers; number ${i} of ${floats.length} is ${floats[i]}. The file is damaged, or its training diverged.`,
      { details: { tensor: name } },
    );
  }
  return floats;
}

async function readFloats(
  file: FileHandle,
  from: { path: string; dataStart: number; name: string; entry: SafetensorsEntry | undefined },
): Promise<Float32Array> {
  const { path, dataStart, name, entry } = from;
  if (entry === undefined) throw new TsloraError("not-found", `${path} holds no tensor ${shownValue(name)}.`);
  const [begin, end] = entry.offsets;
  const read = async (bytes: Uint8Array, start: number): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, dataStart + begin + start + done);
      if (bytesRead === 0)
        throw new TsloraError(
          "bad-input",
          `${path} ended while tensor ${shownValue(name)} was read: it was changed or cut off meanwhile.`,
        );
      done += bytesRead;
    }
  };
  if (entry.dtype === "F32") {
    const bytes = new Uint8Array(end - begin);
    await read(bytes, 0);
    return expectFinite(new Float32Array(bytes.buffer), { path, name });
  }
  const convert = CONVERTERS[entry.dtype];
  if (convert === undefined)
    throw new TsloraError(
      "unsupported",
      `${path}: tensor ${shownValue(name)} has the type ${entry.dtype}; weights must be F32, F16 or BF16.`,
    );
  const floats = new Float32Array((end - begin) / BYTES[entry.dtype]);
  const chunk = new Uint8Array(Math.min(CHUNK, end - begin)); // small: the tensor is never in memory in both types
  for (let start = 0; start < end - begin; start += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, end - begin - start));
    await read(part, start);
    convert(part.buffer, floats.subarray(start / BYTES[entry.dtype], (start + part.length) / BYTES[entry.dtype]));
  }
  return expectFinite(floats, { path, name });
}

/** Converts numbers of another type to 32-bit floats until `to` is full. */
const CONVERTERS: Partial<Record<SafetensorsDtype, (from: ArrayBufferLike, to: Float32Array) => void>> = {
  F64: (from, to) => to.set(new Float64Array(from, 0, to.length)),
  BF16: (from, to) => {
    const words = new Uint16Array(from, 0, to.length);
    const bits = new Uint32Array(to.buffer, to.byteOffset, to.length);
    for (let i = 0; i < bits.length; i++) bits[i] = words[i] << 16;
  },
  F16: (from, to) => {
    const words = new Uint16Array(from, 0, to.length);
    for (let i = 0; i < to.length; i++) to[i] = halfToFloat(words[i]);
  },
};

/** Converts an IEEE 754 binary16 to a number. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
