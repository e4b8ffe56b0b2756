import { StringDecoder } from "node:string_decoder";

/** A stream of a cell. */
export type StreamName = "stdout" | "stderr";

/** Milliseconds after which printed text is sent, once the cell prints again or waits. */
const WINDOW_MS = 100;

/** Texts that are sent one by one in each window; later ones are joined. */
const DIRECT = 100;

/** Joined text is sent when it has this many characters. */
const FULL = 1 << 16;

/**
 * Joins the texts of a cell that prints very often into few messages, since each message costs a signature and
 * kilobytes of memory in the kernel and in its client. If a cell prints fewer than {@link DIRECT} texts in a tenth of a
 * second, each is sent at once and is not lost when the kernel ends.
 */
export class StreamBuffer {
  readonly #send: (name: StreamName, text: string) => void;
  readonly #now: () => number;
  #name: StreamName = "stdout";
  #texts: string[] = [];
  #size = 0;
  #windowEnd = 0;
  #direct = 0;
  #flushing: NodeJS.Immediate | undefined;
  /** Bytes may end within a character, as those of a child's output do: its rest comes with the next ones. */
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };

  /**
   * @param send - publishes a text of a stream
   * @param now - a clock in milliseconds
   */
  constructor(send: (name: StreamName, text: string) => void, now = (): number => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  /** Takes a text or bytes of UTF-8: sends them, or keeps them until more arrives or the cell waits. */
  write(name: StreamName, chunk: string | Uint8Array): void {
    const decoder = this.#decoders[name];
    const text = typeof chunk === "string" ? decoder.end() + chunk : decoder.write(chunk);
    if (text !== "") this.#take(name, text);
  }

  /** Sends the kept text. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#texts.length === 0) return;
    const text = this.#texts.join("");
    this.#texts = [];
    this.#size = 0;
    this.#send(this.#name, text);
  }

  /** Sends the kept text, and marks of characters that were never completed. */
  end(): void {
    for (const name of ["stdout", "stderr"] as const) this.write(name, "");
    this.flush();
  }

  #take(name: StreamName, text: string): void {
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.flush();
      this.#windowEnd = now + WINDOW_MS;
      this.#direct = 0;
    }
    const isLarge = text.length >= FULL;
    if (isLarge || name !== this.#name) this.flush();
    if (isLarge || this.#direct < DIRECT) {
      this.#direct++;
      this.#send(name, text);
      return;
    }
    this.#name = name;
    this.#texts.push(text);
    this.#size += text.length;
    if (this.#size >= FULL) this.flush();
    else this.#flushing ??= setImmediate(() => this.flush());
  }
}
