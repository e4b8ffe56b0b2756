/** A queue that one reader awaits: all events of a running cell arrive here, in order. */
export class Mailbox<T extends object> {
  #items: T[] = [];
  #first = 0;
  #wake: ((item: T) => void) | undefined;

  get isEmpty(): boolean {
    return this.#first === this.#items.length;
  }

  push(item: T): void {
    if (this.#wake === undefined) {
      this.#items.push(item);
    } else {
      this.#wake(item);
      this.#wake = undefined;
    }
  }

  /** Resolves with the next item. One reader at a time. */
  async next(): Promise<T> {
    if (this.isEmpty) return new Promise<T>((resolve) => (this.#wake = resolve));
    const item = this.#items[this.#first++];
    if (this.isEmpty) {
      this.#items = [];
      this.#first = 0;
    }
    return item;
  }
}
