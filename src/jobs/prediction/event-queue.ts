import { asError } from "../../base/as-error";

/** Events of callbacks, for a loop that awaits them in order. */
export class EventQueue<Event> {
  readonly #waiting: Event[] = [];
  #ended = false;
  #failure: unknown;
  #wake = (): void => undefined;

  push(event: Event): void {
    this.#waiting.push(event);
    this.#wake();
  }

  /** Ends the loop after the events before; with a failure, by throwing it. */
  end(failure?: unknown): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    for (;;) {
      const event = this.#waiting.shift();
      if (event !== undefined) yield event;
      else if (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (this.#failure !== undefined) throw asError(this.#failure);
      else return;
    }
  }
}
