const BYTES: Readonly<Record<string, number>> = { BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8 }; // prettier-ignore

/** The tensors of a file: name, type and shape. */
export interface StrictTensors {
  readonly kind: "whole";
  readonly tensors: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>;
}

/**
 * Checks a safetensors file by the rules of its format alone, independent of the product's reader: a header length, a
 * JSON object, types, shapes, offsets without gaps or overlaps, finite numbers.
 *
 * @returns the tensors, or why the file is damaged
 */
export function strictSafetensors(bytes: Buffer): StrictTensors | { readonly kind: "damaged"; readonly why: string } {
  const damaged = (why: string): { kind: "damaged"; why: string } => ({ kind: "damaged", why });
  if (bytes.length < 8) return damaged("no header length");
  const length = bytes.readBigUInt64LE(0);
  if (length > BigInt(bytes.length - 8)) return damaged("the header is longer than the file");
  const start = 8 + Number(length);
  const header = parse(bytes.subarray(8, start));
  if (header === undefined) return damaged("the header is not a JSON object");
  const data = bytes.subarray(start);
  const tensors = new Map<string, { dtype: string; shape: readonly number[] }>();
  const spans: [number, number][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isRecord(entry) || Object.values(entry).some((value) => typeof value !== "string"))
        return damaged("__metadata__ is not a map of texts");
      continue;
    }
    if (!isRecord(entry)) return damaged(`${name} is not an object`);
    const { dtype, shape, data_offsets: offsets } = entry;
    if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) return damaged(`${name} has no known type`);
    if (!isSizes(shape)) return damaged(`${name} has no shape`);
    if (!isSizes(offsets) || offsets.length !== 2) return damaged(`${name} has no offsets`);
    const [from, to] = offsets;
    if (to - from !== shape.reduce((a, b) => a * b, 1) * BYTES[dtype])
      return damaged(`${name}'s offsets do not fit its shape`);
    spans.push([from, to]);
    if (to <= data.length && !isFinite(data.subarray(from, to), dtype))
      return damaged(`${name} holds a number that is not finite`);
    tensors.set(name, { dtype, shape });
  }
  let end = 0;
  for (const [from, to] of spans.sort(([a, b], [c, d]) => a - c || b - d)) {
    if (from !== end) return damaged("gaps or overlaps between tensors");
    end = to;
  }
  return end === data.length ? { kind: "whole", tensors } : damaged("the tensors do not fill the file");
}

function parse(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && Number(size) >= 0);
}

function isFinite(bytes: Buffer, dtype: string): boolean {
  const exponents: Readonly<Record<string, [size: 2 | 4, mask: number]>> = {
    F32: [4, 0x7f800000],
    F16: [2, 0x7c00],
    BF16: [2, 0x7f80],
  };
  if (!Object.hasOwn(exponents, dtype)) return true;
  const [size, mask] = exponents[dtype];
  for (let at = 0; at < bytes.length; at += size) {
    const bits = size === 4 ? bytes.readUInt32LE(at) : bytes.readUInt16LE(at);
    if ((bits & mask) === mask) return false;
  }
  return true;
}
