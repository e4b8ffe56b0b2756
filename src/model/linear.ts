import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";

/** What a linear layer's adapter keeps between its forward and its backward pass. */
export type AdapterSaved = { readonly [name: string]: Tensor | undefined };

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
  /** Adds its weights' gradients; returns its part of dx [rows, in] where that is asked for. */
  backward(pass: BackwardPass, dy: Tensor, from: { x: Tensor; saved: AdapterSaved; base: AdaptedWeights; needsInput: boolean }): Tensor | undefined;
}

/** What a linear layer keeps for its backward pass. */
export interface LinearSaved {
  readonly x: Tensor;
  readonly adapter?: AdapterSaved;
}

/** A weight transposed, and of which of its versions. */
interface Transposed {
  readonly version: number;
  readonly value: Tensor;
}

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  readonly #transposed = new Map<Parameter, Transposed>();
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
    for (const [parameter, { value }] of this.#transposed) {
      if (parameter === weight) continue;
      this.#ops.dispose(value);
      this.#transposed.delete(parameter);
    }
  }

  /** Whether a backward pass has anything to do here beyond the input's gradient. */
  get hasTrainables(): boolean {
    return this.#used.weight.trainable || this.#used.bias.trainable || (this.#adapter?.parameters.some((p) => p.trainable) ?? false);
  }

  /** x [rows, in] to y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } {
    const { ops } = pass;
    return ops.tidy(() => {
      const base = ops.addBias(ops.matMul(x, this.#weightTransposed()), this.#used.bias.value); // [rows, out]
      if (this.#adapter === undefined) return { y: base, saved: { x } };
      const { y, saved } = this.#adapter.forward(pass, x, { y: base, base: this.#adapted() });
      return { y, saved: { x, adapter: saved } };
    });
  }

  /** dy [rows, out] to dx [rows, in], undefined where it is not asked for; weights' gradients on the way. */
  backward(pass: BackwardPass, dy: Tensor, from: { saved: LinearSaved; needsInput: boolean }): Tensor | undefined {
    const { ops, gradients } = pass;
    const { saved, needsInput } = from;
    const { weight, bias } = this.#used;
    if (weight.trainable) gradients.add(weight, () => ops.matMul(dy, saved.x, { transposeA: true })); // [out, in]
    if (bias.trainable) gradients.add(bias, () => ops.sum(dy, [0]));
    const fromAdapter = this.#adapter?.backward(pass, dy, { x: saved.x, saved: saved.adapter ?? {}, base: this.#adapted(), needsInput });
    if (!needsInput) return undefined;
    const fromBase = ops.matMul(dy, weight.value); // [rows, in]
    if (fromAdapter === undefined) return fromBase;
    const dx = ops.add(fromBase, fromAdapter);
    ops.dispose(fromBase, fromAdapter);
    return dx;
  }

  dispose(): void {
    for (const { value } of this.#transposed.values()) this.#ops.dispose(value);
    this.#transposed.clear();
    this.weight.dispose();
    this.bias.dispose();
  }

  #adapted(): AdaptedWeights {
    return { weight: this.#used.weight.value, bias: this.#used.bias.value, transposed: () => this.#weightTransposed() };
  }

  /** W' [in, out], kept: a product with a transposed right side costs a third more on the CPU. */
  #weightTransposed(): Tensor {
    const { weight } = this.#used;
    const kept = this.#transposed.get(weight);
    if (kept?.version === weight.version) return kept.value;
    this.#ops.dispose(kept?.value);
    const value = this.#ops.escape(() => this.#ops.transpose(weight.value, [1, 0]));
    this.#transposed.set(weight, { version: weight.version, value });
    return value;
  }
}
