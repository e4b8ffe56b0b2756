import type { Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import { applyDropout, dropoutBackward } from "../model/parts/dropout";
import type { Parameter } from "../model/parts/parameter";
import {
  dropoutOf,
  type AdaptedWeights,
  type AdapterSaved,
  type BackwardPass,
  type ForwardPass,
} from "../model/parts/pass";
import type { LoraUpdate } from "./lora-linear";

/** Norm of each row of W + scaling B A, [out]: DoRA's initial magnitude, and the divisor of the magnitude. */
export function rowLengths(ops: Ops, weight: Tensor, update: { a: Tensor; b: Tensor; scaling: number }): Tensor {
  return ops.tidy(() => {
    const whole = ops.add(weight, ops.scale(ops.matMul(update.b, update.a), update.scaling)); // [out, in]
    return ops.sqrt(ops.sum(ops.square(whole), [1]));
  });
}

/**
 * A linear layer's update by direction and magnitude (Liu et al., "DoRA", 2024). With V = W + scaling B A and ratio = m
 * / |V| for each row:
 *
 * y = W x + b + (ratio - 1) W x' + ratio scaling B A x',   x' = dropout(x)
 *
 * Without dropout this is ratio V x + b. As in peft, the backward pass treats |V| as a constant (section 4.3 of the
 * paper).
 */
export class DoraLinear implements LoraUpdate {
  readonly a: Parameter;
  readonly b: Parameter;
  /** [out] */
  readonly magnitude: Parameter;
  readonly scaling: number;
  readonly #dropout: number;

  /** @param weights - A [r, in], B [out, r] and the magnitude [out]; this update takes them over */
  constructor(
    weights: { a: Parameter; b: Parameter; magnitude: Parameter },
    options: { scaling: number; loraDropout: number },
  ) {
    this.a = weights.a;
    this.b = weights.b;
    this.magnitude = weights.magnitude;
    this.scaling = options.scaling;
    this.#dropout = options.loraDropout;
  }

  get parameters(): readonly Parameter[] {
    return [this.a, this.b, this.magnitude];
  }

  forward(
    pass: ForwardPass,
    x: Tensor,
    { y, base }: { y: Tensor; base: AdaptedWeights },
  ): { y: Tensor; saved: AdapterSaved } {
    const { ops } = pass;
    return ops.tidy(() => {
      const { y: input, saved: dropout } = applyDropout(x, { ops, source: dropoutOf(pass), rate: this.#dropout });
      const low = ops.scale(ops.matMul(input, this.a.value, { transposeB: true }), this.scaling); // [rows, r]
      const update = ops.matMul(low, this.b.value, { transposeB: true }); // [rows, out]
      const direct = dropout === undefined ? ops.sub(y, base.bias) : base.product(input); // [rows, out]
      const whole = ops.add(direct, update); // V x'
      const length = this.#lengths(ops, base.weight); // [out]
      const ratio = ops.div(this.magnitude.value, length);
      const turned = ops.mul(whole, ratio);
      return {
        y: dropout === undefined ? ops.addBias(turned, base.bias) : ops.add(y, ops.sub(turned, direct)),
        saved: { tensors: { low, whole, length, ratio }, dropout },
      };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { x: Tensor; saved: AdapterSaved; base: AdaptedWeights; needsInput: boolean },
  ): Tensor | undefined {
    const { ops, gradients } = pass;
    const { tensors, dropout } = from.saved;
    const { low, whole, length, ratio } = tensors;
    if (low === undefined || whole === undefined || length === undefined || ratio === undefined)
      throw new TypeError("A backward pass needs a forward pass made with the same adapter.");
    return ops.tidy(() => {
      const dWhole = ops.mul(dy, ratio); // [rows, out]
      const dLow = ops.scale(ops.matMul(dWhole, this.b.value), this.scaling); // [rows, r]
      if (this.magnitude.trainable)
        gradients.add(this.magnitude, () => ops.tidy(() => ops.div(ops.sum(ops.mul(dy, whole), [0]), length))); // [out]
      if (this.b.trainable) gradients.add(this.b, () => ops.matMul(dWhole, low, { transposeA: true })); // [out, r]
      if (this.a.trainable) {
        gradients.add(this.a, () => ops.lowerGradient(dLow, from.x, dropout)); // [r, in]
      }
      if (!from.needsInput) return undefined;
      const dDirect = ops.sub(dWhole, dy); // the part through W, in addition to the layer's own dy W
      const dInput = ops.add(from.base.productBackward(dDirect), ops.matMul(dLow, this.a.value)); // [rows, in]
      return dropoutBackward(dInput, { ops, saved: dropout });
    });
  }

  /** (m / |V|) V, row by row. */
  merged(ops: Ops, weight: Tensor): Tensor {
    return ops.tidy(() => {
      const whole = ops.add(weight, ops.scale(ops.matMul(this.b.value, this.a.value), this.scaling)); // [out, in]
      const ratio = this.ratio(ops, weight);
      return ops.mul(whole, ops.reshape(ratio, [ratio.shape[0], 1]));
    });
  }

  dispose(): void {
    for (const parameter of this.parameters) parameter.dispose();
  }

  /** The magnitude divided by the length of each row of V, [out], as a new tensor. */
  ratio(ops: Ops, weight: Tensor): Tensor {
    return ops.tidy(() => ops.div(this.magnitude.value, this.#lengths(ops, weight)));
  }

  #lengths(ops: Ops, weight: Tensor): Tensor {
    return rowLengths(ops, weight, { a: this.a.value, b: this.b.value, scaling: this.scaling });
  }
}
