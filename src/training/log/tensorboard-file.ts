import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { makeFolder } from "../../base/files/make-folder";
import { crc32c } from "./crc32c";

/**
 * A TensorBoard event file: records of `tensorflow.Event` messages (tensorflow/core/util/event.proto), each framed by
 * its length and masked CRC-32Cs as in TensorFlow's record files. Only scalars are written, so this file encodes the
 * few fields itself.
 */
export class TensorboardFile {
  readonly #file: FileHandle;
  readonly #now: () => number;

  private constructor(file: FileHandle, now: () => number) {
    this.#file = file;
    this.#now = now;
  }

  /**
   * Creates a new event file in a folder.
   *
   * @param options.firstStep - the first step that a resumed run logs: readers drop this step and later ones from
   *   earlier files
   * @param options.now - milliseconds since 1970. @default Date.now
   */
  static async create(
    directory: string,
    options: { firstStep?: number; now?: () => number } = {},
  ): Promise<TensorboardFile> {
    const { firstStep, now = Date.now } = options;
    makeFolder(directory);
    // Readers read the files of a folder in the order of their names.
    const name = `events.out.tfevents.${String(Math.floor(now() / 1000)).padStart(10, "0")}.tslora.${process.pid}.${process.hrtime.bigint()}`;
    const writer = new TensorboardFile(await open(join(directory, name), "wx"), now);
    await writer.#write([text(3, "brain.Event:2")]); // file_version
    // session_log: START
    if (firstStep !== undefined) await writer.#write([integer(2, firstStep), message(7, [integer(1, 1)])]);
    return writer;
  }

  /** Writes the numbers of one step, by tag. */
  async scalars(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    const summary = Object.entries(values).map(([tag, value]) => message(1, [text(1, tag), float(2, value)]));
    if (summary.length > 0) await this.#write([integer(2, step), message(5, summary)]);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(fields: readonly Buffer[]): Promise<void> {
    const time = Buffer.alloc(9);
    time[0] = (1 << 3) | 1; // wall_time, a double
    time.writeDoubleLE(this.#now() / 1000, 1);
    await this.#file.appendFile(frame(Buffer.concat([time, ...fields])));
  }
}

/** Writes a record: length, its checksum, data, their checksum. */
function frame(data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length));
  head.writeUInt32LE(masked(head.subarray(0, 8)), 8);
  const foot = Buffer.alloc(4);
  foot.writeUInt32LE(masked(data));
  return Buffer.concat([head, data, foot]);
}

function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(field << 3), varint(value)]);
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = (field << 3) | 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

function text(field: number, value: string): Buffer {
  return lengthDelimited(field, Buffer.from(value));
}

function message(field: number, fields: readonly Buffer[]): Buffer {
  return lengthDelimited(field, Buffer.concat(fields));
}

function lengthDelimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of((field << 3) | 2), varint(bytes.length), bytes]);
}
