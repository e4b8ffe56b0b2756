/** A queue that one reader awaits: everything that can happen to a running cell arrives here, in order. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  #wake: ((item: T) => void) | undefined;

  push(item: T): void {
    if (this.#wake === undefined) {
      this.#items.push(item);
    } else {
      this.#wake(item);
      this.#wake = undefined;
    }
  }

  /** The next item, now or when it comes. One reader at a time. */
  async next(): Promise<T> {
    const item = this.#items.shift();
    return item ?? new Promise<T>((resolve) => (this.#wake = resolve));
  }
}
