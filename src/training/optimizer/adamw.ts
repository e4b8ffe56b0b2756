import type { AdamMoments } from "../../ops/adam";
import { joinedRows } from "../../ops/joined-rows";
import type { Ops } from "../../ops/ops";
import { sizeOf, type Tensor } from "../../ops/tensor";
import type { Gradients } from "../../model/parts/gradients";
import type { Parameter } from "../../model/parts/parameter";
import { PLAIN_GROUPS, type GroupOf, type ParameterGroup } from "./parameter-groups";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Largest size of a weight that is updated together with others. Joining weights saves operations: on a GPU, starting
 * an operation takes as long as computing thousands of numbers.
 */
const SMALL = 2 ** 18;

/** Recorded operations run early if they hold more bytes than this, and then at most so many times in a step. */
const LEAST_RELIEF = 2 ** 26;
const MOST_RELIEFS = 3;

/** Weights of one group and equal width that are joined by rows and updated as one tensor; or a single weight. */
interface Bundle extends ParameterGroup {
  readonly parameters: readonly Parameter[];
  /** First and second moment of the gradients; undefined before the first step. */
  moments: AdamMoments | undefined;
  /** The weights after the last step, joined and one by one; undefined before the first step. */
  values: { readonly joined: Tensor; readonly parts: readonly Tensor[] } | undefined;
}

/** A moment in the form of a checkpoint. */
export interface SavedMoment {
  /** torch's name and the parameter's, e.g. `exp_avg.classifier.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019) as torch.optim.AdamW computes it: beta
 * 0.9 and 0.999, epsilon 1e-8. This object owns the moments.
 */
export class AdamW {
  readonly #ops: Ops;
  readonly #weightDecay: number;
  readonly #groupOf: GroupOf;
  #bundles: readonly Bundle[] = [];
  #restored: ReadonlyMap<Parameter, { readonly m: Float32Array; readonly v: Float32Array }> = new Map();
  #steps = 0;

  /** @param options.groupOf - learning rate and weight decay of each weight. @default `PLAIN_GROUPS` */
  constructor(ops: Ops, options: { weightDecay: number; groupOf?: GroupOf }) {
    this.#ops = ops;
    this.#weightDecay = options.weightDecay;
    this.#groupOf = options.groupOf ?? PLAIN_GROUPS;
  }

  /** Number of steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Bundles the weights that every step updates. Later calls have no effect. */
  prepare(parameters: readonly Parameter[]): void {
    if (this.#bundles.length === 0) this.#bundles = this.#bundle(parameters);
  }

  /**
   * Joins the gradients of each bundle into one tensor, for {@link step}. `gradients` owns these tensors, and must hold
   * the gradients of exactly the weights that {@link prepare} bundled.
   */
  joined(gradients: Gradients): readonly Tensor[] {
    const bundled = this.#bundles.flatMap((bundle) => bundle.parameters);
    if (
      bundled.length !== gradients.parameters().length ||
      bundled.some((parameter) => gradients.get(parameter) === undefined)
    )
      throw new TypeError("A step of AdamW must have gradients of exactly the weights that were prepared.");
    return this.#bundles.map((bundle) => gradients.joined(bundle.parameters));
  }

  /** Takes one step. Every gradient is first multiplied by `gradientScale`, a number or a tensor [1], for clipping. */
  step(gradients: Gradients, options: { learningRate: number; gradientScale: number | Tensor }): void {
    const joined = this.joined(gradients);
    this.#steps++;
    const { recording } = this.#ops;
    const numbers = joined.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    this.#bundles.forEach((bundle, i) => {
      this.#update(bundle, joined[i], options);
      // Recorded operations keep weights and moments until they run: three numbers of four bytes for each weight.
      recording?.relieve(Math.max(LEAST_RELIEF, (3 * 4 * numbers) / MOST_RELIEFS));
    });
  }

  /** The moments one by one, for a checkpoint. */
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

  /** Restores the state of a checkpoint. `read` returns a moment's numbers, or undefined if the checkpoint lacks it. */
  restore(
    parameters: readonly Parameter[],
    options: { steps: number; read: (name: string) => Float32Array | undefined },
  ): void {
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
    for (const { moments, values } of this.#bundles) this.#ops.dispose(moments?.m, moments?.v, values?.joined);
    this.#bundles = [];
    this.#restored = new Map();
  }

  /**
   * Bundles small weights of equal width and of one group. A large weight is a bundle of its own. Includes the restored
   * moments.
   */
  #bundle(parameters: readonly Parameter[]): Bundle[] {
    const alike = new Map<string, Parameter[]>();
    for (const parameter of parameters) {
      const { name, shape } = parameter;
      const { decayed, rateFactor } = this.#groupOf(parameter);
      const key = sizeOf(shape) > SMALL ? name : `${decayed} ${rateFactor} [, ${shape.slice(1).join()}]`;
      alike.set(key, [...(alike.get(key) ?? []), parameter]);
    }
    const bundles = [...alike.values()].map((members): Bundle => ({
      parameters: members,
      ...this.#groupOf(members[0]),
      moments: this.#restoredOf(members),
      values: undefined,
    }));
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

  #update(
    bundle: Bundle,
    gradient: Tensor,
    { learningRate: rate, gradientScale }: { learningRate: number; gradientScale: number | Tensor },
  ): void {
    const ops = this.#ops;
    const { parameters, moments: before } = bundle;
    const learningRate = rate * bundle.rateFactor;
    const { values, moments } = ops.escape(() => {
      const { value: joined, moments } = ops.adamStep(
        { value: this.#valueOf(bundle), gradient, factor: gradientScale, moments: before },
        {
          beta1: BETA1,
          beta2: BETA2,
          epsilon: EPSILON,
          step: this.#steps,
          learningRate,
          decayFactor: bundle.decayed ? 1 - learningRate * this.#weightDecay : undefined,
        },
      );
      return { values: { joined, parts: splitParameters(ops, joined, parameters) }, moments };
    });
    parameters.forEach((parameter, i) => parameter.assign(values.parts[i]));
    ops.dispose(before?.m, before?.v, bundle.values?.joined);
    bundle.moments = moments;
    bundle.values = parameters.length === 1 ? undefined : values; // the parameter owns a single weight
  }

  /** The weights in one tensor: that of the last step, or a new one if a weight was replaced since. */
  #valueOf({ parameters, values }: Bundle): Tensor {
    const current = parameters.map((parameter) => parameter.value);
    return values !== undefined && current.every((value, i) => value === values.parts[i])
      ? values.joined
      : joinedRows(current, this.#ops);
  }
}

/** The inverse of {@link joinedRows}. */
function splitParameters(ops: Ops, x: Tensor, parameters: readonly Parameter[]): Tensor[] {
  return parameters.length === 1
    ? [x]
    : ops.splitRows(
        x,
        parameters.map(({ shape }) => shape[0]),
      );
}

function shapeOf(parameters: readonly Parameter[]): readonly number[] {
  return [parameters.reduce((sum, { shape }) => sum + shape[0], 0), ...parameters[0].shape.slice(1)];
}
