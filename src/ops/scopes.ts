import type { Tensor } from "./tensor";

/** Keeps account of which tensors belong to which open `tidy`; both implementations of the ops share it. */
export class Scopes<T extends Tensor> {
  #open: T[][] = [];
  readonly #isOwn: (value: object) => value is T;
  readonly #free: (tensor: T) => void;

  constructor(options: { isOwn: (value: object) => value is T; free: (tensor: T) => void }) {
    this.#isOwn = options.isOwn;
    this.#free = options.free;
  }

  /** Enters a new tensor in the innermost open scope, if there is one. */
  enter(tensor: T): void {
    this.#open.at(-1)?.push(tensor);
  }

  /** Runs `body` in a scope of its own. */
  tidy<R>(body: () => R): R {
    const scope: T[] = [];
    this.#open.push(scope);
    let kept: Set<T> = new Set();
    try {
      const result = body();
      kept = this.#tensorsIn(result, kept);
      return result;
    } finally {
      this.#open.pop();
      const outer = this.#open.at(-1);
      for (const tensor of scope) {
        if (!kept.has(tensor)) this.#free(tensor);
        else outer?.push(tensor);
      }
    }
  }

  /** Runs `body` in a scope of its own that no other encloses. */
  escape<R>(body: () => R): R {
    const enclosing = this.#open;
    this.#open = [];
    try {
      return this.tidy(body);
    } finally {
      this.#open = enclosing;
    }
  }

  /** Frees every tensor found in nested records and arrays. */
  freeIn(container: object): void {
    for (const tensor of this.#tensorsIn(container, new Set())) this.#free(tensor);
  }

  #tensorsIn(value: unknown, found: Set<T>): Set<T> {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return found;
    if (this.#isOwn(value)) return found.add(value);
    if (value instanceof Map) for (const item of value.values()) this.#tensorsIn(item, found);
    else for (const item of Object.values(value)) this.#tensorsIn(item, found);
    return found;
  }
}
