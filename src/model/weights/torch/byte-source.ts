import { readSync } from "node:fs";

const WINDOW = 1 << 16; // bytes in memory at a time

/** Reads a range of an open file from its beginning to its end, through a small window. */
export class ByteSource {
  readonly #fd: number;
  readonly #end: number;
  readonly #truncated: () => Error;
  #window: Buffer = Buffer.alloc(0);
  /** Position in the file of the window's first byte, and of the next byte, counted from there. */
  #start: number;
  #next = 0;

  /**
   * @param range.truncated - makes the error for a read beyond the end
   */
  constructor(fd: number, range: { readonly start: number; readonly end: number; readonly truncated: () => Error }) {
    this.#fd = fd;
    this.#start = range.start;
    this.#end = range.end;
    this.#truncated = range.truncated;
  }

  /** Position in the file of the next byte. */
  get position(): number {
    return this.#start + this.#next;
  }

  byte(): number {
    if (this.#next === this.#window.length) this.#fill(1);
    return this.#window[this.#next++];
  }

  /** The next bytes, valid until the next call. */
  bytes(length: number): Buffer {
    if (this.#window.length - this.#next < length) this.#fill(length);
    const bytes = this.#window.subarray(this.#next, this.#next + length);
    this.#next += length;
    return bytes;
  }

  /**
   * The bytes up to a line feed, which is skipped.
   *
   * @param limit.most - most bytes of a line
   * @param limit.exceeded - makes the error for a longer one
   */
  line({ most, exceeded }: { readonly most: number; readonly exceeded: () => Error }): Buffer {
    const bytes: number[] = [];
    for (let next = this.byte(); next !== 0x0a; next = this.byte()) {
      if (bytes.length === most) throw exceeded();
      bytes.push(next);
    }
    return Buffer.from(bytes);
  }

  skip(length: number): void {
    const target = this.position + length;
    if (length > this.#end - this.position) throw this.#truncated();
    if (this.#next + length <= this.#window.length) this.#next += length;
    else [this.#window, this.#start, this.#next] = [Buffer.alloc(0), target, 0];
  }

  /** Moves the window so that it begins at the next byte and holds `length` bytes. */
  #fill(length: number): void {
    const start = this.position;
    if (length > this.#end - start) throw this.#truncated();
    const window = Buffer.alloc(Math.min(Math.max(length, WINDOW), this.#end - start));
    for (let done = 0; done < window.length;) {
      const count = readSync(this.#fd, window, done, window.length - done, start + done);
      if (count === 0) throw this.#truncated();
      done += count;
    }
    [this.#window, this.#start, this.#next] = [window, start, 0];
  }
}
