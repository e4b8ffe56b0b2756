import type { FileHandle } from "node:fs/promises";

import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { ELEMENT_BYTES, type TensorDtype, type TensorEntry } from "./tensor-entry";

const CHUNK = 1 << 20; // bytes to read at a time of a tensor that is converted

/** Limit of a weight's absolute value: products of larger weights overflow 32-bit floats. */
const LARGEST = 2 ** 60;

/** A tensor whose elements follow each other in a file, in little-endian order. */
export interface StoredTensor {
  /** The file, as messages name it. */
  readonly path: string;
  readonly name: string;
  readonly dtype: TensorDtype;
  /** First byte in the file. */
  readonly position: number;
  /** Number of bytes. */
  readonly length: number;
}

/** Whether a tensor can be read as 32-bit floats; tensors of other types are buffers. */
export function isFloating({ dtype }: Pick<TensorEntry, "dtype">): boolean {
  return dtype === "F32" || CONVERTERS[dtype] !== undefined;
}

/**
 * Reads a tensor as 32-bit floats. F16 and BF16 are widened and F64 is rounded in small parts, so that the tensor is
 * never in memory in both types.
 *
 * @throws TsloraError `bad-input` for a number that no weight has, or a file that was cut off; `unsupported` for a type
 *   that is not floating.
 */
export async function readFloats(file: FileHandle, tensor: StoredTensor): Promise<Float32Array> {
  const { dtype, position, length } = tensor;
  if (dtype === "F32") {
    const bytes = new Uint8Array(length);
    await readInto(file, bytes, tensor);
    return expectFinite(new Float32Array(bytes.buffer), tensor);
  }
  const convert = expectFloating(tensor);
  const size = ELEMENT_BYTES[dtype];
  const floats = new Float32Array(length / size);
  const chunk = new Uint8Array(Math.min(CHUNK, length));
  for (let start = 0; start < length; start += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, length - start));
    await readInto(file, part, { ...tensor, position: position + start });
    convert(part.buffer, floats.subarray(start / size, (start + part.length) / size));
  }
  return expectFinite(floats, tensor);
}

/** Converts a tensor's bytes, in this machine's order, to 32-bit floats; the same checks as {@link readFloats}. */
export function floatsOf(bytes: ArrayBuffer, tensor: Pick<StoredTensor, "path" | "name" | "dtype">): Float32Array {
  if (tensor.dtype === "F32") return expectFinite(new Float32Array(bytes), tensor);
  const convert = expectFloating(tensor);
  const floats = new Float32Array(bytes.byteLength / ELEMENT_BYTES[tensor.dtype]);
  convert(bytes, floats);
  return expectFinite(floats, tensor);
}

/** Fills `bytes` from a position of the file. */
export async function readInto(
  file: FileHandle,
  bytes: Uint8Array,
  { position, path, name }: Pick<StoredTensor, "position" | "path" | "name">,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0)
      throw new TsloraError(
        "bad-input",
        `${path} ended while tensor ${shownValue(name)} was read: it was changed or cut off meanwhile.`,
      );
    done += bytesRead;
  }
}

type Converter = (from: ArrayBufferLike, to: Float32Array) => void;

function expectFloating({ path, name, dtype }: Pick<StoredTensor, "path" | "name" | "dtype">): Converter {
  const convert = CONVERTERS[dtype];
  if (convert !== undefined) return convert;
  throw new TsloraError(
    "unsupported",
    `${path}: tensor ${shownValue(name)} has the type ${dtype}; weights must be F32, F16 or BF16.`,
  );
}

/** Refuses numbers that no weight has. This pass over a tensor takes some milliseconds for ten million numbers. */
function expectFinite(floats: Float32Array, { path, name }: Pick<StoredTensor, "path" | "name">): Float32Array {
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

/** Converts numbers of another type to 32-bit floats until `to` is full. */
const CONVERTERS: Partial<Record<TensorDtype, Converter>> = {
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
