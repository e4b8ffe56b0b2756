/** Items that callbacks add and one reader takes in order. */
export class EventQueue<T> {
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** Takes the next item, or undefined if there is none now. */
  take(): T | undefined {
    return this.#items.shift();
  }

  /** Waits until there is an item. */
  async wait(): Promise<void> {
    if (this.#items.length > 0) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }
}
