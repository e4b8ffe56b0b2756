import { TsloraError } from "../../base/tslora-error";

/** The first bytes of other kinds of files, and their names in messages. */
const OTHER_KINDS: readonly { readonly bytes: readonly number[]; readonly called: string }[] = [
  { bytes: [0x1f, 0x8b], called: "a gzip archive. Unpack it first, for example with gunzip" },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    called: "a zip archive, as Excel's .xlsx files are. Unpack it, or save the sheet as CSV",
  },
  { bytes: [0x50, 0x41, 0x52, 0x31], called: "a Parquet file. Convert it to CSV or JSON Lines" },
  { bytes: [0x00, 0x00, 0xfe, 0xff], called: "UTF-32 text. Convert it to UTF-8, for example with iconv" },
  { bytes: [0xff, 0xfe, 0x00, 0x00], called: "UTF-32 text. Convert it to UTF-8, for example with iconv" },
];
const MARKS = [
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe],
  [0xfe, 0xff],
] as const; // UTF-8, UTF-16LE, UTF-16BE

/**
 * Converts a stream's bytes to UTF-8, in strings of one character per byte. Such strings are fast to search, and
 * invalid bytes can be reported with their place. Removes a byte order mark; decodes UTF-16 after its byte order mark.
 */
export class ByteDecoder {
  readonly #name: string;
  #start: Buffer | undefined = Buffer.alloc(0);
  #utf16: InstanceType<typeof TextDecoder> | undefined;

  /** @param name - the stream's name in messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** @throws TsloraError `bad-input` if it is not text, such as an archive. */
  push(bytes: Uint8Array): string {
    if (this.#start === undefined) return this.#decode(bytes);
    const start = Buffer.concat([this.#start, bytes]);
    const undecided = [...OTHER_KINDS.map((kind) => kind.bytes), ...MARKS].some(
      (mark) => start.length < mark.length && start.every((byte, i) => byte === mark[i]),
    );
    if (undecided) {
      this.#start = start;
      return "";
    }
    return this.#begin(start);
  }

  /** Returns the rest at the end. */
  end(): string {
    const rest = this.#start === undefined ? "" : this.#begin(this.#start);
    return rest + this.#decode(new Uint8Array(), false);
  }

  #begin(start: Buffer): string {
    this.#start = undefined;
    const begins = (mark: readonly number[]): boolean =>
      start.length >= mark.length && mark.every((byte, i) => start[i] === byte);
    const other = OTHER_KINDS.filter(({ bytes }) => begins(bytes)).at(-1);
    if (other !== undefined) throw new TsloraError("bad-input", `${this.#name} must be text; got ${other.called}.`);
    const mark = MARKS.find(begins);
    if (mark !== undefined && mark.length === 2)
      this.#utf16 = new TextDecoder(mark[0] === 0xff ? "utf-16le" : "utf-16be", { fatal: true, ignoreBOM: true });
    return this.#decode(start.subarray(mark?.length ?? 0));
  }

  #decode(bytes: Uint8Array, stream = true): string {
    if (this.#utf16 === undefined)
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    try {
      return Buffer.from(this.#utf16.decode(bytes, { stream }), "utf8").toString("latin1");
    } catch (error) {
      throw new TsloraError(
        "bad-input",
        `${this.#name} begins as UTF-16 and holds bytes that are not. Convert the file to UTF-8, for example with iconv.`,
        { cause: error },
      );
    }
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 from a string of one character per byte; undefined if the bytes are not UTF-8. */
export function decodeBytes(bytes: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- ASCII is its own UTF-8
  if (!/[^\u0000-\u007f]/.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}
