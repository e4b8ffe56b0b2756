import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { Parameter } from "./parameter";

/**
 * Layouts of parameters, such as packed matrices: each is computed once and cached until its parameter changes. This
 * object owns them.
 */
export class CachedLayouts<T extends object> {
  readonly #ops: Ops;
  readonly #make: (value: Tensor) => T;
  readonly #kept = new Map<Parameter, { readonly version: number; readonly value: T }>();

  constructor(ops: Ops, make: (value: Tensor) => T) {
    this.#ops = ops;
    this.#make = make;
  }

  of(parameter: Parameter): T {
    const before = this.#kept.get(parameter);
    if (before?.version === parameter.version) return before.value;
    if (before !== undefined) this.#ops.disposeIn(before);
    const value = this.#ops.escape(() => parameter.lend(this.#make));
    this.#kept.set(parameter, { version: parameter.version, value });
    return value;
  }

  /** Disposes of the tensors of every other parameter. */
  keepOnly(parameter: Parameter | undefined): void {
    for (const [other, kept] of this.#kept) {
      if (other === parameter) continue;
      this.#ops.disposeIn(kept);
      this.#kept.delete(other);
    }
  }
}
