import { open, type FileHandle } from "node:fs/promises";

import { TsloraError } from "../base/tslora-error";

const CHUNK = 1 << 20; // bytes read at a time of a tensor that is converted
const MAX_HEADER = 100_000_000; // bytes: the bound of the reference implementation
const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;

/** The element types that the format names and this reader knows the size of. */
export type SafetensorsDtype = keyof typeof BYTES;

/** One tensor of a file: what and where. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte and the one after the last, counted from the end of the header. */
  readonly offsets: readonly [number, number];
}

/** An open safetensors file whose header has been checked. The caller closes it. */
export interface SafetensorsFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A tensor's numbers as 32-bit floats; F16 and BF16 are widened. Reads that tensor's bytes alone. */
  readFloats(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file (https://huggingface.co/docs/safetensors) and checks its whole header against its size
 * before anything is read: types, shapes, offsets in order, without holes, to the last byte.
 *
 * @throws TsloraError `bad-input` for a truncated or damaged file, naming the file, the tensor and the value.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw new TsloraError("not-found", `The weights ${path} cannot be opened.`, { cause: error });
  }
  try {
    const { size } = await file.stat();
    const damaged = (what: string): TsloraError => new TsloraError("bad-input", `${path} is not a whole safetensors file: ${what}. Fetch it again.`, { details: { path } });
    if (size < 8) throw damaged(`it has ${size} bytes, and the header's length alone takes 8`);
    const start = Buffer.alloc(8);
    await file.read(start, 0, 8, 0);
    const headerLength = Number(start.readBigUInt64LE());
    if (headerLength > MAX_HEADER || headerLength + 8 > size) throw damaged(`its header is said to have ${headerLength} bytes, and the file has ${size}`);
    const headerBytes = Buffer.alloc(headerLength);
    await file.read(headerBytes, 0, headerLength, 8);
    let header: unknown;
    try {
      header = JSON.parse(headerBytes.toString("utf8"));
    } catch {
      throw damaged("its header is not JSON");
    }
    const dataStart = 8 + headerLength;
    const { entries, metadata } = parseHeader(header, size - dataStart, damaged);
    return {
      path,
      entries,
      metadata,
      readFloats: (name) => readFloats(file, { path, dataStart, name, entry: entries.get(name) }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseHeader(header: unknown, dataBytes: number, damaged: (what: string) => TsloraError): { entries: Map<string, SafetensorsEntry>; metadata: Record<string, string> } {
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw damaged("its header is not a JSON object");
  const entries: SafetensorsEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === "__metadata__") {
      if (typeof value === "object" && value !== null) metadata = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, String(v)]));
      continue;
    }
    entries.push(parseEntry(name, value, damaged));
  }
  entries.sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  let end = 0;
  for (const { name, offsets } of entries) {
    if (offsets[0] !== end) throw damaged(`tensor "${name}" begins at byte ${offsets[0]}, and the one before it ends at ${end}`);
    end = offsets[1];
  }
  if (end !== dataBytes) throw damaged(`its tensors take ${end} bytes, and ${dataBytes} are there`);
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

function parseEntry(name: string, value: unknown, damaged: (what: string) => TsloraError): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const whole = (n: unknown): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0;
  if (typeof dtype !== "string" || !(dtype in BYTES)) throw damaged(`tensor "${name}" has the type ${JSON.stringify(dtype)}; known are ${Object.keys(BYTES).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(whole)) throw damaged(`tensor "${name}" has the shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole) || offsets[0] > offsets[1]) throw damaged(`tensor "${name}" has the offsets ${JSON.stringify(offsets)}`);
  const bytes = (shape).reduce((a, b) => a * b, 1) * BYTES[dtype as SafetensorsDtype];
  if (offsets[1] - offsets[0] !== bytes) throw damaged(`tensor "${name}" of type ${dtype} and shape [${shape.join(", ")}] takes ${bytes} bytes, and its offsets give ${offsets[1] - offsets[0]}`);
  return { name, dtype: dtype as SafetensorsDtype, shape: shape, offsets: [offsets[0], offsets[1]] };
}

async function readFloats(file: FileHandle, from: { path: string; dataStart: number; name: string; entry: SafetensorsEntry | undefined }): Promise<Float32Array> {
  const { path, dataStart, name, entry } = from;
  if (entry === undefined) throw new TsloraError("not-found", `${path} holds no tensor "${name}".`);
  const [begin, end] = entry.offsets;
  const read = async (bytes: Uint8Array, start: number): Promise<void> => {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, dataStart + begin + start + done);
      if (bytesRead === 0) throw new TsloraError("bad-input", `${path} ended while tensor "${name}" was read: it was changed or cut off meanwhile.`);
      done += bytesRead;
    }
  };
  if (entry.dtype === "F32") {
    const bytes = new Uint8Array(end - begin);
    await read(bytes, 0);
    return new Float32Array(bytes.buffer);
  }
  const convert = CONVERTERS[entry.dtype];
  if (convert === undefined) throw new TsloraError("unsupported", `${path}: tensor "${name}" has the type ${entry.dtype}; weights are to be F32, F16 or BF16.`);
  const floats = new Float32Array((end - begin) / BYTES[entry.dtype]);
  const chunk = new Uint8Array(Math.min(CHUNK, end - begin)); // so that the tensor is never there in both widths
  for (let start = 0; start < end - begin; start += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, end - begin - start));
    await read(part, start);
    convert(part.buffer, floats.subarray(start / BYTES[entry.dtype], (start + part.length) / BYTES[entry.dtype]));
  }
  return floats;
}

/** Numbers of another type, as many as `to` takes, as 32-bit floats. */
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

/** IEEE 754 binary16 to a number. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
