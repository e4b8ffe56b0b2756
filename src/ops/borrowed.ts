/**
 * Refers to tensors that belong to someone else. A record that holds it does not own them: `tidy`, `disposeIn` and the
 * count of live tensors do not see them.
 */
export class Borrowed<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }
}
