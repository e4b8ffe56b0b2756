import { asError } from "../base/as-error";

/** Items that callbacks add, for one reader that takes them in order: with `for await`, or with `wait` and `take`. */
export class EventQueue<Item> {
  readonly #items: Item[] = [];
  #ended = false;
  #failure: unknown;
  #wake = (): void => undefined;

  push(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Ends a `for await` after the items before; with a failure, by throwing it. */
  end(failure?: unknown): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  /** Takes the next item, or undefined if there is none now. */
  take(): Item | undefined {
    return this.#items.shift();
  }

  /** Waits until there is an item, or the end. */
  async wait(): Promise<void> {
    if (this.#items.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    for (;;) {
      await this.wait();
      for (let item = this.take(); item !== undefined; item = this.take()) yield item;
      if (this.#failure !== undefined) throw asError(this.#failure);
      if (this.#ended) return;
    }
  }
}
