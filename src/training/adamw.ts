import type { Ops } from "../device/ops";
import { sizeOf, type Tensor } from "../device/tensor";
import type { Gradients } from "../model/gradients";
import type { Parameter } from "../model/parameter";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Numbers up to which a weight is updated together with others: each operation on a GPU costs as much as thousands of numbers. */
const SMALL = 2 ** 18;

/** Weights that are updated as one vector, or one alone in its own shape. */
interface Bundle {
  readonly parameters: readonly Parameter[];
  readonly decayed: boolean;
  /** First and second moment of the gradients; undefined before the first step. */
  moments: { readonly m: Tensor; readonly v: Tensor } | undefined;
}

/** A moment as a checkpoint keeps it. */
export interface SavedMoment {
  /** torch's name and the parameter's, e.g. `exp_avg.classifier.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019) as torch.optim.AdamW computes it:
 * beta 0.9 and 0.999, epsilon 1e-8. Biases and norms are not decayed, as in transformers. Owner of the moments.
 */
export class AdamW {
  readonly #ops: Ops;
  readonly #weightDecay: number;
  #bundles: readonly Bundle[] = [];
  #restored: ReadonlyMap<Parameter, { readonly m: Float32Array; readonly v: Float32Array }> = new Map();
  #steps = 0;

  constructor(ops: Ops, options: { weightDecay: number }) {
    this.#ops = ops;
    this.#weightDecay = options.weightDecay;
  }

  /** How many steps were taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Takes one step. `gradientScale`, a number or a tensor [1], multiplies every gradient first: clipping. All steps are to
   * have gradients of the same weights.
   */
  step(gradients: Gradients, options: { learningRate: number; gradientScale: number | Tensor }): void {
    const parameters = [...gradients.entries()].map(([parameter]) => parameter);
    if (this.#bundles.length === 0) this.#bundles = this.#bundle(parameters);
    const bundled = this.#bundles.flatMap((bundle) => bundle.parameters);
    if (bundled.length !== parameters.length || bundled.some((parameter) => gradients.get(parameter) === undefined)) throw new TypeError("A step of AdamW came with gradients of other weights than the one before.");
    this.#steps++;
    for (const bundle of this.#bundles) this.#update(bundle, gradients, options);
  }

  /** The moments, one after the other: what a checkpoint keeps. */
  async *state(): AsyncGenerator<SavedMoment> {
    for (const [{ name, shape }, { m, v }] of this.#restored) {
      yield { name: `exp_avg.${name}`, shape, values: m };
      yield { name: `exp_avg_sq.${name}`, shape, values: v };
    }
    for (const { parameters, moments } of this.#bundles) {
      if (moments === undefined) continue;
      const [m, v] = [await this.#ops.read(moments.m), await this.#ops.read(moments.v)];
      let before = 0;
      for (const { name, shape } of parameters) {
        const numbers = sizeOf(shape);
        yield { name: `exp_avg.${name}`, shape, values: m.subarray(before, before + numbers) };
        yield { name: `exp_avg_sq.${name}`, shape, values: v.subarray(before, before + numbers) };
        before += numbers;
      }
    }
  }

  /** Takes up where a checkpoint was written. `read` gives a moment's numbers, undefined for one that was not there yet. */
  restore(parameters: readonly Parameter[], options: { steps: number; read: (name: string) => Float32Array | undefined }): void {
    this.dispose();
    this.#steps = options.steps;
    this.#restored = new Map(
      parameters.flatMap((parameter) => {
        const m = options.read(`exp_avg.${parameter.name}`);
        const v = options.read(`exp_avg_sq.${parameter.name}`);
        return m === undefined || v === undefined ? [] : [[parameter, { m, v }]];
      }),
    );
  }

  dispose(): void {
    for (const { moments } of this.#bundles) this.#ops.dispose(moments?.m, moments?.v);
    this.#bundles = [];
    this.#restored = new Map();
  }

  /** Small weights together, decayed ones and others apart; large ones alone. With the moments that were restored. */
  #bundle(parameters: readonly Parameter[]): Bundle[] {
    const small = parameters.filter(({ shape }) => sizeOf(shape) <= SMALL);
    const together = [true, false].map((decayed) => small.filter((parameter) => isDecayed(parameter) === decayed));
    const alone = parameters.filter(({ shape }) => sizeOf(shape) > SMALL).map((parameter) => [parameter]);
    const bundles = [...together, ...alone].filter(([first]) => first !== undefined).map((members): Bundle => ({ parameters: members, decayed: isDecayed(members[0]), moments: this.#restoredOf(members) }));
    this.#restored = new Map();
    return bundles;
  }

  #restoredOf(parameters: readonly Parameter[]): Bundle["moments"] {
    if (!parameters.some((parameter) => this.#restored.has(parameter))) return undefined;
    const shape = shapeOf(parameters);
    const [m, v] = [new Float32Array(sizeOf(shape)), new Float32Array(sizeOf(shape))];
    let before = 0;
    for (const parameter of parameters) {
      const restored = this.#restored.get(parameter);
      m.set(restored?.m ?? [], before);
      v.set(restored?.v ?? [], before);
      before += sizeOf(parameter.shape);
    }
    return this.#ops.escape(() => ({ m: this.#ops.float(m, shape), v: this.#ops.float(v, shape) }));
  }

  #update(bundle: Bundle, gradients: Gradients, { learningRate, gradientScale }: { learningRate: number; gradientScale: number | Tensor }): void {
    const ops = this.#ops;
    const { parameters, moments: before } = bundle;
    const correction1 = 1 - BETA1 ** this.#steps;
    const correction2 = 1 - BETA2 ** this.#steps;
    const { values, m, v } = ops.escape(() => {
      const gradient = joined(ops, parameters.flatMap((parameter) => gradients.get(parameter) ?? []));
      const g = typeof gradientScale === "number" ? ops.scale(gradient, gradientScale) : ops.mul(gradient, gradientScale);
      const fresh = ops.scale(g, 1 - BETA1);
      const freshSquare = ops.scale(ops.square(g), 1 - BETA2);
      const m = before === undefined ? fresh : ops.add(ops.scale(before.m, BETA1), fresh);
      const v = before === undefined ? freshSquare : ops.add(ops.scale(before.v, BETA2), freshSquare);
      const deviation = ops.shift(ops.scale(ops.sqrt(v), 1 / Math.sqrt(correction2)), EPSILON);
      const update = ops.scale(ops.div(m, deviation), learningRate / correction1);
      const value = joined(ops, parameters.map((parameter) => parameter.value));
      const decayed = bundle.decayed ? ops.scale(value, 1 - learningRate * this.#weightDecay) : value;
      return { values: parted(ops, ops.sub(decayed, update), parameters), m, v };
    });
    parameters.forEach((parameter, i) => parameter.assign(values[i]));
    ops.dispose(before?.m, before?.v);
    bundle.moments = { m, v };
  }
}

/** All numbers as one vector, or one alone as it is. */
function joined(ops: Ops, tensors: readonly Tensor[]): Tensor {
  return tensors.length === 1 ? tensors[0] : ops.tidy(() => ops.concatRows(tensors.map((tensor) => ops.reshape(tensor, [sizeOf(tensor.shape)]))));
}

/** The inverse of {@link joined}, in the parameters' shapes. */
function parted(ops: Ops, x: Tensor, parameters: readonly Parameter[]): Tensor[] {
  if (parameters.length === 1) return [x];
  return ops.tidy(() => ops.splitRows(x, parameters.map(({ shape }) => sizeOf(shape))).map((part, i) => ops.reshape(part, parameters[i].shape)));
}

function shapeOf(parameters: readonly Parameter[]): readonly number[] {
  return parameters.length === 1 ? parameters[0].shape : [parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0)];
}

/** What transformers' `Trainer.get_decay_parameter_names` leaves out by name; its layer norms by type have such names, too. */
const NOT_DECAYED = /bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)/;

/** Whether weight decay applies: to everything but biases and layer norms. */
export function isDecayed({ name }: Pick<Parameter, "name">): boolean {
  return !NOT_DECAYED.test(name.toLowerCase());
}
