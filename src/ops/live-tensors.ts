import { TsloraError } from "../base/tslora-error";
import type { TensorLifetimes } from "./primitives";
import type { Tensor } from "./tensor";

/** A tensor of an implementation's own. */
export interface OwnTensor extends Tensor {
  disposed: boolean;
}

/**
 * The live tensors of an implementation of the ops: how many there are, and to which open `tidy` each belongs. Each
 * tensor is freed once, when its scope ends or its owner disposes of it.
 */
export class LiveTensors<T extends OwnTensor> {
  #open: T[][] = [];
  #count = 0;
  readonly #type: new (...args: never[]) => T;
  readonly #free: (tensor: T) => void;

  /**
   * @param options.type - the class of the tensors
   * @param options.free - frees a tensor's memory
   */
  constructor(options: { type: new (...args: never[]) => T; free: (tensor: T) => void }) {
    this.#type = options.type;
    this.#free = options.free;
  }

  /** The part of the ops that this class implements. */
  get lifetimes(): TensorLifetimes {
    return {
      dispose: (...tensors) => tensors.forEach((tensor) => tensor instanceof this.#type && this.#dispose(tensor)),
      alive: () => this.#count,
      tidy: (body) => this.tidy(body),
      escape: (body) => this.#escape(body),
      disposeIn: (container) => this.#tensorsIn(container, new Set()).forEach((tensor) => this.#dispose(tensor)),
    };
  }

  /** Counts a new tensor, and enters it in the innermost open scope. */
  enter(tensor: T): T {
    this.#count++;
    this.#open.at(-1)?.push(tensor);
    return tensor;
  }

  /**
   * Returns a tensor as the implementation's own class.
   *
   * @throws TypeError for a tensor of other ops; TsloraError `device` for one that was disposed of
   */
  own(tensor: Tensor): T {
    if (!(tensor instanceof this.#type))
      throw new TypeError("The tensor must belong to these ops; it belongs to another implementation.");
    if (tensor.disposed)
      throw new TsloraError(
        "device",
        `A tensor of shape [${tensor.shape.join(", ")}] was used after it was disposed of. Load the classifier again if it was disposed of; otherwise this is a fault of tslora: please report it.`,
      );
    return tensor;
  }

  /** Runs `body` in a scope of its own. */
  tidy<R>(body: () => R): R {
    const scope: T[] = [];
    this.#open.push(scope);
    let kept: T | Set<T> | undefined;
    try {
      const result = body();
      kept = result instanceof this.#type ? result : this.#tensorsIn(result, new Set()); // most bodies return one
      return result;
    } finally {
      this.#open.pop();
      const outer = this.#open.at(-1);
      for (const tensor of scope) {
        if (tensor === kept || (kept instanceof Set && kept.has(tensor))) outer?.push(tensor);
        else this.#dispose(tensor);
      }
    }
  }

  #dispose(tensor: T): void {
    if (tensor.disposed) return;
    tensor.disposed = true;
    this.#count--;
    this.#free(tensor);
  }

  /** Runs `body` in a scope that no other encloses. */
  #escape<R>(body: () => R): R {
    const enclosing = this.#open;
    this.#open = [];
    try {
      return this.tidy(body);
    } finally {
      this.#open = enclosing;
    }
  }

  #tensorsIn(value: unknown, found: Set<T>): Set<T> {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return found;
    if (value instanceof this.#type) return found.add(value);
    if (value instanceof Map) for (const item of value.values()) this.#tensorsIn(item, found);
    else for (const item of Object.values(value)) this.#tensorsIn(item, found);
    return found;
  }
}
