import type { LowRank, Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import type { Parameter } from "../model/parts/parameter";
import {
  dropoutOf,
  type AdapterSaved,
  type BackwardPass,
  type ForwardPass,
  type LinearAdapter,
} from "../model/parts/pass";

/** An update of a linear layer. It owns its weights. */
export interface LoraUpdate extends LinearAdapter {
  /** [r, in] */
  readonly a: Parameter;
  /** [out, r] */
  readonly b: Parameter;
  readonly scaling: number;
  /** The weight [out, in] plus the update, as a new tensor. */
  merged(ops: Ops, weight: Tensor): Tensor;
  dispose(): void;
}

/**
 * The low-rank update of a linear layer (Hu et al., "LoRA", 2021): y + scaling B A dropout(x), with A (r, in) and
 * B (out, r) in peft's layout.
 */
export class LoraLinear implements LoraUpdate {
  readonly a: Parameter;
  readonly b: Parameter;
  readonly scaling: number;
  readonly #dropout: number;

  /** @param weights - A [r, in] and B [out, r]; this update takes them over */
  constructor(weights: { a: Parameter; b: Parameter }, options: { scaling: number; loraDropout: number }) {
    this.a = weights.a;
    this.b = weights.b;
    this.scaling = options.scaling;
    this.#dropout = options.loraDropout;
  }

  get parameters(): readonly Parameter[] {
    return [this.a, this.b];
  }

  forward(pass: ForwardPass, x: Tensor, { y }: { y: Tensor }): { y: Tensor; saved: AdapterSaved } {
    const { ops } = pass;
    return ops.tidy(() => {
      const { update, saved } = this.lowRank(pass, x);
      return { y: ops.addLowRank(y, update), saved };
    });
  }

  lowRank(pass: ForwardPass, x: Tensor): { update: LowRank; saved: AdapterSaved } {
    const { low, dropout } = pass.ops.lower(x, this.a.value, {
      scaling: this.scaling,
      drop: dropoutOf(pass)?.next(this.#dropout),
    });
    return { update: { low, b: this.b.value }, saved: { tensors: { low }, dropout } };
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { x: Tensor; saved: AdapterSaved; needsInput: boolean },
  ): Tensor | undefined {
    const { ops, gradients } = pass;
    const { tensors, dropout } = from.saved;
    const { low } = tensors;
    if (low === undefined) throw new TypeError("A backward pass needs a forward pass made with the same adapter.");
    return ops.tidy(() => {
      // [rows, r]
      const dLow = ops.lower(dy, ops.transpose(this.b.value, [1, 0]), { scaling: this.scaling, drop: undefined }).low;
      if (this.b.trainable) gradients.add(this.b, () => ops.matMul(dy, low, { transposeA: true })); // [out, r]
      if (this.a.trainable) {
        gradients.add(this.a, () => ops.lowerGradient(dLow, from.x, dropout)); // [r, in]
      }
      if (!from.needsInput) return undefined;
      return ops.lowerBackward(dLow, this.a.value, dropout); // [rows, in]
    });
  }

  /** W + scaling B A. */
  merged(ops: Ops, weight: Tensor): Tensor {
    return ops.tidy(() => ops.add(weight, ops.scale(ops.matMul(this.b.value, this.a.value), this.scaling)));
  }

  dispose(): void {
    this.a.dispose();
    this.b.dispose();
  }
}
