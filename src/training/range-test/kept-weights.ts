import type { Parameter } from "../../model/parts/parameter";
import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/** The values of weights at one time, on the device. This object owns the tensors until it restores them. */
export class KeptWeights {
  #kept: readonly { readonly parameter: Parameter; readonly drawn: boolean; readonly value: Tensor }[];

  /** Keeps the values that the weights have now. A value takes memory of its own only once its weight changes. */
  constructor(ops: Ops, parameters: readonly Parameter[]) {
    const values = ops.escape(() =>
      parameters.map((parameter) => parameter.lend((value) => ops.reshape(value, parameter.shape))),
    );
    this.#kept = parameters.map((parameter, i) => ({ parameter, drawn: parameter.drawn, value: values[i] }));
  }

  /** Gives the weights their kept values back, bit for bit, and their mark as newly initialized. Works once. */
  restore(): void {
    const kept = this.#kept;
    this.#kept = [];
    for (const { parameter, drawn, value } of kept) {
      parameter.assign(value);
      parameter.drawn = drawn;
    }
  }
}
