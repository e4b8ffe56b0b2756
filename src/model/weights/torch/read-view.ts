import type { FileHandle } from "node:fs/promises";

import { sizeOf } from "../../../ops/tensor";
import { readInto, type StoredTensor } from "../read-floats";
import { ELEMENT_BYTES } from "../tensor-entry";
import type { TorchTensor } from "./torch-values";

/** A tensor, and where its storage is in the file. */
export interface PlacedView {
  readonly view: TorchTensor;
  readonly path: string;
  readonly name: string;
  /** First byte of the whole storage. */
  readonly position: number;
  readonly byteOrder: "little" | "big";
}

/** Finds the first byte of a view in the file, and the number of bytes of its elements. */
export function storedTensor({ view, path, name, position }: PlacedView): StoredTensor {
  const { storage, offset, shape } = view;
  const size = ELEMENT_BYTES[storage.dtype];
  const first = position + (storage.start + offset) * size;
  return { path, name, dtype: storage.dtype, position: first, length: sizeOf(shape) * size };
}

/** Whether a view's elements follow each other in its storage, in the order of its indices. */
export function isContiguous({ shape, strides }: Pick<TorchTensor, "shape" | "strides">): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) return false;
    step *= shape[i];
  }
  return true;
}

/**
 * Reads a view's elements in the order of its indices, in this machine's byte order. A view that is not contiguous:
 * reads its storage once, from its first to its last element, then reorders.
 */
export async function readView(file: FileHandle, placed: PlacedView): Promise<Uint8Array> {
  const { view, byteOrder } = placed;
  const stored = storedTensor(placed);
  const size = ELEMENT_BYTES[view.storage.dtype];
  const bytes = Buffer.from(new ArrayBuffer(spanOf(view)));
  await readInto(file, bytes, stored);
  if (byteOrder === "big") swapBytes(bytes, size);
  return isContiguous(view) ? bytes : gather(bytes, { view, size });
}

/** Number of bytes from a view's first to its last element in its storage. */
export function spanOf({ storage, shape, strides }: TorchTensor): number {
  if (shape.includes(0)) return 0;
  return ELEMENT_BYTES[storage.dtype] * shape.reduce((sum, n, i) => sum + (n - 1) * strides[i], 1);
}

function swapBytes(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}

/** Copies elements from a part of a storage into the order of a view's indices. */
function gather(bytes: Buffer, { view, size }: { view: TorchTensor; size: number }): Uint8Array {
  const { shape, strides } = view;
  const count = sizeOf(shape);
  const out = new Uint8Array(count * size);
  const elements = <T extends Uint8Array | Uint16Array | Uint32Array | BigUint64Array>(from: T, to: T): void => {
    const index = new Array<number>(shape.length).fill(0);
    for (let i = 0, at = 0; i < count; i++) {
      to[i] = from[at];
      for (let d = shape.length - 1; d >= 0; d--) {
        at += strides[d];
        if (++index[d] < shape[d]) break;
        at -= strides[d] * shape[d];
        index[d] = 0;
      }
    }
  };
  const { buffer } = bytes;
  if (size === 1) elements(new Uint8Array(buffer), out);
  else if (size === 2) elements(new Uint16Array(buffer), new Uint16Array(out.buffer));
  else if (size === 4) elements(new Uint32Array(buffer), new Uint32Array(out.buffer));
  else elements(new BigUint64Array(buffer), new BigUint64Array(out.buffer));
  return out;
}
