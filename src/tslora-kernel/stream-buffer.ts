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

  /**
   * @param send - publishes a text of a stream
   * @param now - a clock in milliseconds
   */
  constructor(send: (name: StreamName, text: string) => void, now = (): number => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  /** Takes a text: sends it, or keeps it until more arrives or the cell waits. */
  write(name: StreamName, text: string): void {
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
}
