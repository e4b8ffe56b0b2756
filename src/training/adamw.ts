import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Gradients } from "../model/gradients";
import type { Parameter } from "../model/parameter";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** First and second moment of one parameter's gradient. */
interface Moments {
  readonly m: Tensor;
  readonly v: Tensor;
}

/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019) as torch.optim.AdamW computes it:
 * beta 0.9 and 0.999, epsilon 1e-8. Biases and norms are not decayed, as in transformers. Owner of the moments.
 */
export class AdamW {
  readonly #ops: Ops;
  readonly #weightDecay: number;
  readonly #moments = new Map<Parameter, Moments>();
  #steps = 0;

  constructor(ops: Ops, options: { weightDecay: number }) {
    this.#ops = ops;
    this.#weightDecay = options.weightDecay;
  }

  /** How many steps were taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Takes one step. `gradientScale`, a number or a tensor [1], multiplies every gradient first: clipping. */
  step(gradients: Gradients, options: { learningRate: number; gradientScale: number | Tensor }): void {
    const { learningRate, gradientScale } = options;
    this.#steps++;
    const correction1 = 1 - BETA1 ** this.#steps;
    const correction2 = 1 - BETA2 ** this.#steps;
    for (const [parameter, gradient] of gradients.entries()) {
      const ops = this.#ops;
      const before = this.#moments.get(parameter);
      const { value, m, v } = ops.escape(() => {
        const g = typeof gradientScale === "number" ? ops.scale(gradient, gradientScale) : ops.mul(gradient, gradientScale);
        const fresh = ops.scale(g, 1 - BETA1);
        const freshSquare = ops.scale(ops.square(g), 1 - BETA2);
        const m = before === undefined ? fresh : ops.add(ops.scale(before.m, BETA1), fresh);
        const v = before === undefined ? freshSquare : ops.add(ops.scale(before.v, BETA2), freshSquare);
        const deviation = ops.shift(ops.scale(ops.sqrt(v), 1 / Math.sqrt(correction2)), EPSILON);
        const update = ops.scale(ops.div(m, deviation), learningRate / correction1);
        const decayed = isDecayed(parameter) ? ops.scale(parameter.value, 1 - learningRate * this.#weightDecay) : parameter.value;
        return { value: ops.sub(decayed, update), m, v };
      });
      parameter.assign(value);
      ops.dispose(before?.m, before?.v);
      this.#moments.set(parameter, { m, v });
    }
  }

  /** The moments, by torch's names and the parameter's: what a checkpoint keeps. The tensors stay this object's. */
  state(): { name: string; value: Tensor }[] {
    return [...this.#moments].flatMap(([{ name }, { m, v }]) => [
      { name: `exp_avg.${name}`, value: m },
      { name: `exp_avg_sq.${name}`, value: v },
    ]);
  }

  /** Takes up where a checkpoint was written. `read` gives a moment's numbers, undefined for one that was not there yet. */
  restore(parameters: readonly Parameter[], options: { steps: number; read: (name: string) => Float32Array | undefined }): void {
    const ops = this.#ops;
    this.dispose();
    this.#steps = options.steps;
    for (const parameter of parameters) {
      const m = options.read(`exp_avg.${parameter.name}`);
      const v = options.read(`exp_avg_sq.${parameter.name}`);
      if (m !== undefined && v !== undefined) this.#moments.set(parameter, { m: ops.float(m, parameter.shape), v: ops.float(v, parameter.shape) });
    }
  }

  dispose(): void {
    for (const { m, v } of this.#moments.values()) this.#ops.dispose(m, v);
    this.#moments.clear();
  }
}

/** What transformers' `Trainer.get_decay_parameter_names` leaves out by name; its layer norms by type have such names, too. */
const NOT_DECAYED = /bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)/;

/** Whether weight decay applies: to everything but biases and layer norms. */
export function isDecayed({ name }: Pick<Parameter, "name">): boolean {
  return !NOT_DECAYED.test(name.toLowerCase());
}
