const EVERY_MS = 50;

/** Lets the event loop run during long work, so that interrupts are handled and progress is drawn. */
export class Pause {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();
  #calls = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /**
   * Pauses if the last pause is some time ago. Returns whether it did.
   *
   * @throws the signal's reason once it is aborted
   */
  async ifDue(): Promise<boolean> {
    if (++this.#calls % 16 !== 0 || performance.now() - this.#last < EVERY_MS) return false;
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
    return true;
  }
}
