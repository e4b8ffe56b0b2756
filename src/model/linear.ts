import type { DropoutSaved, Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
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
  /** The weight transposed, [in, out]: the layer's own, made where it is asked for. */
  transposed(): Tensor;
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

/** What is computed from a weight, [out, in], and kept. */
type Derived = "transposed" | "bfloat16" | "transposed bfloat16";

/** It, and of which of the weight's versions. */
interface Kept {
  readonly version: number;
  readonly value: Tensor;
}

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  readonly #derived = new Map<Parameter, Map<Derived, Kept>>();
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
    for (const [parameter, kept] of this.#derived) {
      if (parameter === weight) continue;
      this.#ops.disposeIn(kept);
      this.#derived.delete(parameter);
    }
  }

  /** Whether a backward pass has anything to do here beyond the input's gradient. */
  get hasTrainables(): boolean {
    return this.#used.weight.trainable || this.#used.bias.trainable || (this.#adapter?.parameters.some((p) => p.trainable) ?? false);
  }

  /**
   * The layer's own weights where nothing but they, and what an adapter adds to what they give, is at work and they are
   * not being trained: then the two can be computed apart. Else undefined.
   */
  apart(pass: Pick<ForwardPass, "kind">): Pick<AdaptedWeights, "weight" | "bias"> | undefined {
    const { weight, bias } = this.#used;
    if (pass.kind === "training" && (weight.trainable || bias.trainable)) return undefined;
    if (this.#adapter !== undefined && this.#adapter.update === undefined) return undefined;
    return this.own;
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
      const bias = this.#used.bias.value;
      const rounded = pass.kind === "training" && pass.precision === "bfloat16";
      const base = rounded ? ops.addBias(ops.matMulBfloat16(ops.toBfloat16(x), this.#kept("transposed bfloat16")), bias) : ops.affine(x, this.#kept("transposed"), bias); // [rows, out]
      const kept = this.#used.weight.trainable || this.#adapter !== undefined ? x : undefined;
      if (this.#adapter === undefined) return { y: base, saved: { x: kept } };
      const { y, saved } = this.#adapter.forward(pass, x, { y: base, base: this.#adapted() });
      return { y, saved: { x: kept, adapter: saved } };
    });
  }

  /** dy [rows, out] to dx [rows, in], undefined where it is not asked for; weights' gradients on the way. */
  backward(pass: BackwardPass, dy: Tensor, from: { saved: LinearSaved; needsInput: boolean }): Tensor | undefined {
    const { ops, gradients } = pass;
    const { saved, needsInput } = from;
    const { weight, bias } = this.#used;
    if (weight.trainable) gradients.add(weight, () => ops.matMul(dy, expected(saved.x), { transposeA: true })); // [out, in]
    if (bias.trainable) gradients.add(bias, () => ops.sum(dy, [0]));
    const fromAdapter = this.updateBackward(pass, dy, { saved, needsInput });
    if (!needsInput) return undefined;
    const fromBase = pass.precision === "bfloat16" ? ops.tidy(() => ops.matMulBfloat16(ops.toBfloat16(dy), this.#kept("bfloat16"))) : ops.matMul(dy, weight.value); // [rows, in]
    if (fromAdapter === undefined) return fromBase;
    const dx = ops.add(fromBase, fromAdapter);
    ops.dispose(fromBase, fromAdapter);
    return dx;
  }

  dispose(): void {
    this.#ops.disposeIn(this.#derived);
    this.#derived.clear();
    this.weight.dispose();
    this.bias.dispose();
  }

  #adapted(): AdaptedWeights {
    return { ...this.own, transposed: () => this.#kept("transposed") };
  }

  /** What is computed from the weight; kept: a product with a transposed right side costs up to a third more on the CPU. */
  #kept(what: Derived): Tensor {
    const { weight } = this.#used;
    const ops = this.#ops;
    const ofWeight = this.#derived.get(weight) ?? new Map<Derived, Kept>();
    this.#derived.set(weight, ofWeight);
    const before = ofWeight.get(what);
    if (before?.version === weight.version) return before.value;
    ops.dispose(before?.value);
    const value = ops.escape(() => {
      const laid = what === "bfloat16" ? weight.value : ops.transpose(weight.value, [1, 0]);
      return what === "transposed" ? laid : ops.toBfloat16(laid);
    });
    ofWeight.set(what, { version: weight.version, value });
    return value;
  }
}

function expected(x: Tensor | undefined): Tensor {
  if (x === undefined) throw new TypeError("A backward pass needs a forward pass in which the same weights were to be trained.");
  return x;
}
