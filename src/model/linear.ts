import type { DropoutSaved, Ops, PackedMatrix } from "../device/ops";
import type { Tensor } from "../device/tensor";
import { Derived } from "./derived";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";

/** What a linear layer's adapter keeps between its forward and its backward pass. */
export interface AdapterSaved {
  readonly tensors: { readonly [name: string]: Tensor | undefined };
  readonly dropout?: DropoutSaved;
}

/** The weights of the layer under an adapter. */
export interface AdaptedWeights {
  /** [out, in] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias: Tensor;
  /** x W': [rows, in] to [rows, out]. */
  product(x: Tensor): Tensor;
  /** dy W: [rows, out] to [rows, in]. */
  productBackward(dy: Tensor): Tensor;
}

/**
 * Something that changes a linear layer from outside. The model does not know what: the lora room implements it.
 */
export interface LinearAdapter {
  /** Its own weights. */
  readonly parameters: readonly Parameter[];
  /** y + the adapter's part for x. A new tensor; x [rows, in], y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor, from: { y: Tensor; base: AdaptedWeights }): { y: Tensor; saved: AdapterSaved };
  /** Its part alone [rows, out], where all it does is to add to what the layer gives; `backward` is the same. */
  update?(pass: ForwardPass, x: Tensor): { y: Tensor; saved: AdapterSaved };
  /** Adds its weights' gradients; returns its part of dx [rows, in] where that is asked for. */
  backward(pass: BackwardPass, dy: Tensor, from: { x: Tensor; saved: AdapterSaved; base: AdaptedWeights; needsInput: boolean }): Tensor | undefined;
}

/** What a linear layer keeps for its backward pass: its input only where something is trained that needs it. */
export interface LinearSaved {
  readonly x?: Tensor;
  readonly adapter?: AdapterSaved;
}

/** What else goes into a gradient for a layer's input: what is added to it, and what it is multiplied by in the end; all [rows, in]. */
export interface Onward {
  readonly plus?: readonly Tensor[];
  readonly times?: Tensor;
}

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  // The weight as its products take it: x W' on the way forward, dy W on the way back.
  readonly #forward: Derived<PackedMatrix>;
  readonly #backward: Derived<PackedMatrix>;
  readonly #forwardRounded: Derived<Tensor>;
  readonly #backwardRounded: Derived<Tensor>;
  #used: { readonly weight: Parameter; readonly bias: Parameter };
  #adapter: LinearAdapter | undefined;

  /**
   * @param module - its name in the model, as peft matches it, e.g. `distilbert.transformer.layer.0.attention.q_lin`
   * @param weight - [out, in]
   * @param bias - [out]
   */
  constructor(
    ops: Ops,
    readonly module: string,
    readonly weight: Parameter,
    readonly bias: Parameter,
  ) {
    this.#ops = ops;
    this.#used = { weight, bias };
    this.#forward = new Derived(ops, (value) => ops.pack(value, { transpose: true }));
    this.#backward = new Derived(ops, (value) => ops.pack(value, { transpose: false }));
    this.#forwardRounded = new Derived(ops, (value) => ops.toBfloat16(ops.transpose(value, [1, 0])));
    this.#backwardRounded = new Derived(ops, (value) => ops.toBfloat16(value));
  }

  get inFeatures(): number {
    return this.weight.shape[1];
  }

  get outFeatures(): number {
    return this.weight.shape[0];
  }

  get adapter(): LinearAdapter | undefined {
    return this.#adapter;
  }

  /** Puts an adapter on the layer, or takes it off. */
  setAdapter(adapter: LinearAdapter | undefined): void {
    this.#adapter = adapter;
  }

  /** Computes with others in the place of its own weights from now on, or with its own again. */
  use(substitutes?: Substitutes): void {
    const { weight, bias } = this;
    this.#used = { weight: substitutes?.get(weight) ?? weight, bias: substitutes?.get(bias) ?? bias };
    for (const derived of this.#layouts) derived.keepOnly(weight);
  }

  /** Whether a backward pass has anything to do here beyond the input's gradient. */
  get hasTrainables(): boolean {
    return this.#used.weight.trainable || this.#used.bias.trainable || (this.#adapter?.parameters.some((p) => p.trainable) ?? false);
  }

  /**
   * Whether nothing but the layer's own weights, and what an adapter adds to what they give, is at work, and they are
   * not being trained: then the two can be computed apart.
   */
  isSeparable(pass: Pick<ForwardPass, "kind">): boolean {
    const { weight, bias } = this.#used;
    const trained = pass.kind === "training" && (weight.trainable || bias.trainable);
    return !trained && (this.#adapter === undefined || this.#adapter.update !== undefined);
  }

  /** The weights that the layer computes with. */
  get own(): Pick<AdaptedWeights, "weight" | "bias"> {
    return { weight: this.#used.weight.value, bias: this.#used.bias.value };
  }

  /** The adapter's part alone for x [rows, in]: [rows, out]; undefined without an adapter. */
  update(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } | undefined {
    const done = this.#adapter?.update?.(pass, x);
    return done && { y: done.y, saved: { x, adapter: done.saved } };
  }

  /** The gradient for x through the adapter alone; undefined where it is not asked for. */
  updateBackward(pass: BackwardPass, dy: Tensor, { saved, needsInput }: { saved: LinearSaved; needsInput: boolean }): Tensor | undefined {
    return this.#adapter?.backward(pass, dy, { x: expected(saved.x), saved: saved.adapter ?? { tensors: {} }, base: this.#adapted(), needsInput });
  }

  /** x [rows, in] to y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } {
    const { ops } = pass;
    return ops.tidy(() => {
      const { weight, bias } = this.#used;
      const base = isRounded(pass) ? ops.addBias(ops.matMulBfloat16(ops.toBfloat16(x), this.#forwardRounded.of(weight)), bias.value) : ops.affine(x, this.#forward.of(weight), bias.value); // [rows, out]
      const kept = weight.trainable || this.#adapter !== undefined ? x : undefined;
      if (this.#adapter === undefined) return { y: base, saved: { x: kept } };
      const { y, saved } = this.#adapter.forward(pass, x, { y: base, base: this.#adapted() });
      return { y, saved: { x: kept, adapter: saved } };
    });
  }

  /** GELU of {@link forward}, and in training its derivative [rows, out]. */
  forwardGelu(pass: ForwardPass, x: Tensor): { y: Tensor; derivative: Tensor | undefined; saved: LinearSaved } {
    const { ops } = pass;
    const options = { derivative: pass.kind === "training" };
    return ops.tidy(() => {
      if (this.#adapter === undefined && !isRounded(pass)) {
        const { weight, bias } = this.#used;
        const { y, derivative } = ops.affineGelu(x, this.#forward.of(weight), bias.value, options);
        return { y, derivative, saved: { x: weight.trainable ? x : undefined } };
      }
      const inner = this.forward(pass, x);
      const { y, derivative } = ops.gelu(inner.y, options);
      return { y, derivative, saved: inner.saved };
    });
  }

  /**
   * dy [rows, out] to dx [rows, in], undefined where it is not asked for; weights' gradients on the way.
   *
   * @param from.onward - what else goes into dx
   */
  backward(pass: BackwardPass, dy: Tensor, from: { saved: LinearSaved; needsInput: boolean; onward?: Onward }): Tensor | undefined {
    const { ops, gradients } = pass;
    const { saved, needsInput, onward = {} } = from;
    const { weight, bias } = this.#used;
    if (weight.trainable) gradients.add(weight, () => ops.matMul(dy, expected(saved.x), { transposeA: true })); // [out, in]
    if (bias.trainable) gradients.add(bias, () => ops.sum(dy, [0]));
    return ops.tidy(() => {
      const fromAdapter = this.updateBackward(pass, dy, { saved, needsInput });
      if (!needsInput) return undefined;
      const plus = [...(fromAdapter === undefined ? [] : [fromAdapter]), ...(onward.plus ?? [])];
      if (pass.precision !== "bfloat16") return ops.product(dy, this.#backward.of(weight), { plus, times: onward.times });
      const sum = ops.addN([ops.matMulBfloat16(ops.toBfloat16(dy), this.#backwardRounded.of(weight)), ...plus]);
      return onward.times === undefined ? sum : ops.mul(sum, onward.times);
    });
  }

  dispose(): void {
    for (const derived of this.#layouts) derived.keepOnly(undefined);
    this.weight.dispose();
    this.bias.dispose();
  }

  get #layouts(): readonly Derived<object>[] {
    return [this.#forward, this.#backward, this.#forwardRounded, this.#backwardRounded];
  }

  #adapted(): AdaptedWeights {
    const { weight } = this.#used;
    return { ...this.own, product: (x) => this.#ops.product(x, this.#forward.of(weight)), productBackward: (dy) => this.#ops.product(dy, this.#backward.of(weight)) };
  }
}

function expected(x: Tensor | undefined): Tensor {
  if (x === undefined) throw new TypeError("A backward pass needs a forward pass in which the same weights were to be trained.");
  return x;
}

function isRounded(pass: ForwardPass): boolean {
  return pass.kind === "training" && pass.precision === "bfloat16";
}
