import { joinedRows } from "../../ops/joined-rows";
import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { Parameter } from "./parameter";

/** The gradients of one optimizer step, summed over its micro-batches. This object owns the tensors. */
export class Gradients {
  readonly #ops: Ops;
  readonly #sums = new Map<Parameter, Tensor>();
  readonly #joined = new Map<readonly Parameter[], Tensor>();

  constructor(ops: Ops) {
    this.#ops = ops;
  }

  /** Adds a gradient, which `make` computes. This object owns it. */
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

  /** The weights that have gradients, in the order of their first gradient. */
  parameters(): readonly Parameter[] {
    return [...this.#sums.keys()];
  }

  /**
   * Concatenates the rows of several weights' gradients into one tensor. Every weight must have a gradient. The tensor
   * is cached, so no gradient may be added afterwards.
   */
  joined(parameters: readonly Parameter[]): Tensor {
    const before = this.#joined.get(parameters);
    if (before !== undefined) return before;
    const sums = parameters.flatMap((parameter) => this.#sums.get(parameter) ?? []);
    const joined = this.#ops.escape(() => joinedRows(sums, this.#ops));
    this.#joined.set(parameters, joined);
    return joined;
  }

  entries(): IterableIterator<[Parameter, Tensor]> {
    return this.#sums.entries();
  }

  dispose(): void {
    this.#ops.dispose(...this.#joined.values(), ...this.#sums.values());
    this.#joined.clear();
    this.#sums.clear();
  }
}
