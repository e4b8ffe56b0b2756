import type { FileHandle } from "node:fs/promises";

import { parseUntrustedObject } from "../../base/files/parse-json-file";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { openWithHeader, type KnownHeader, type WeightsFile } from "./open-with-header";
import { readFloats } from "./read-floats";
import { ELEMENT_BYTES, MAX_RANK, type TensorDtype, type TensorEntry } from "./tensor-entry";

const MAX_HEADER = 100_000_000; // bytes: the limit of the reference implementation

/** One tensor of a file: type, shape and place. */
export interface SafetensorsEntry extends TensorEntry {
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
  /** Opens the file again. Its header is read again only if the file has changed. */
  reopen(): Promise<SafetensorsFile>;
}

/** A file's header, checked. */
interface SafetensorsHeader extends Pick<SafetensorsFile, "entries" | "metadata"> {
  /** First byte after the header. */
  readonly dataStart: number;
}

/**
 * Opens a safetensors file (https://huggingface.co/docs/safetensors). Before any tensor is read, checks the whole
 * header: types, shapes, and that the tensors fill the file without gaps or overlaps.
 *
 * @throws TsloraError `bad-input` for a truncated or damaged file, naming the file, the tensor and the value.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return openKnown(path);
}

async function openKnown(path: string, known?: KnownHeader<SafetensorsHeader>): Promise<SafetensorsFile> {
  const file = await openWithHeader(path, { read: (opened) => readHeader(opened, path), known });
  const { shown, handle } = file;
  const { entries, metadata, dataStart } = file.header;
  return {
    path,
    entries,
    metadata,
    readFloats: async (name) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new TsloraError("not-found", `${shown} holds no tensor ${shownValue(name)}.`);
      const { dtype, offsets } = entry;
      const position = dataStart + offsets[0];
      return readFloats(handle, { path: shown, name, dtype, position, length: offsets[1] - offsets[0] });
    },
    close: () => handle.close(),
    reopen: () => openKnown(path, { version: file.version, header: file.header }),
  };
}

async function readHeader({ shown, handle, size }: WeightsFile, path: string): Promise<SafetensorsHeader> {
  const damaged = (what: string): TsloraError =>
    new TsloraError("bad-input", `${shown} is not a whole safetensors file: ${what}. Fetch it again.`, {
      details: { path },
    });
  if (size < 8) throw damaged(`it has ${size} bytes; the header's length alone takes 8`);
  const start = await readAt(handle, { length: 8, position: 0, damaged });
  const headerLength = Number(start.readBigUInt64LE());
  if (headerLength + 8 > size) throw damaged(`its header claims ${headerLength} bytes; the file has ${size}`);
  if (headerLength > MAX_HEADER)
    throw damaged(`its header claims ${headerLength} bytes; at most ${MAX_HEADER} are read`);
  const header = parseHeader(await readAt(handle, { length: headerLength, position: 8, damaged }), damaged);
  const dataStart = 8 + headerLength;
  return { ...checkHeader(header, size - dataStart, damaged), dataStart };
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
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype))
    throw damaged(`${called} has the type ${shownValue(dtype)}; known are ${Object.keys(ELEMENT_BYTES).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(whole)) throw damaged(`${called} has the shape ${shownValue(shape)}`);
  if (shape.length > MAX_RANK)
    throw damaged(`${called} must have at most ${MAX_RANK} dimensions; it has ${shape.length}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole) || offsets[0] > offsets[1])
    throw damaged(`${called} has the offsets ${shownValue(offsets)}`);
  const bytes = shape.reduce((a, b) => a * b, 1) * ELEMENT_BYTES[dtype as TensorDtype];
  if (offsets[1] - offsets[0] !== bytes)
    throw damaged(
      `${called} of type ${dtype} and shape [${shape.join(", ")}] takes ${bytes} bytes, and its offsets give ${offsets[1] - offsets[0]}`,
    );
  return { name, dtype: dtype as TensorDtype, shape: shape, offsets: [offsets[0], offsets[1]] };
}
