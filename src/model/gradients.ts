import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Parameter } from "./parameter";

/** The gradients of one optimizer step, summed over its micro-batches: the owner of their tensors. */
export class Gradients {
  readonly #ops: Ops;
  readonly #sums = new Map<Parameter, Tensor>();

  constructor(ops: Ops) {
    this.#ops = ops;
  }

  /** Adds a gradient, which `make` computes and this object owns. */
  add(parameter: Parameter, make: () => Tensor): void {
    const sum = this.#sums.get(parameter);
    this.#sums.set(
      parameter,
      this.#ops.escape(() => (sum === undefined ? make() : this.#ops.add(sum, make()))),
    );
    this.#ops.dispose(sum);
  }

  get(parameter: Parameter): Tensor | undefined {
    return this.#sums.get(parameter);
  }

  entries(): IterableIterator<[Parameter, Tensor]> {
    return this.#sums.entries();
  }

  dispose(): void {
    this.#ops.dispose(...this.#sums.values());
    this.#sums.clear();
  }
}
