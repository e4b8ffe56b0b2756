import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Parameter } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";

/** What a linear layer's adapter keeps between its forward and its backward pass. */
export type AdapterSaved = { readonly [name: string]: Tensor | undefined };

/**
 * Something that changes a linear layer from outside. The model does not know what: the lora room implements it.
 */
export interface LinearAdapter {
  /** Its own weights. */
  readonly parameters: readonly Parameter[];
  /** y + the adapter's part for x. A new tensor; x [rows, in], y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor, y: Tensor): { y: Tensor; saved: AdapterSaved };
  /** Adds its weights' gradients; returns its part of dx [rows, in] where that is asked for. */
  backward(pass: BackwardPass, dy: Tensor, from: { x: Tensor; saved: AdapterSaved; needsInput: boolean }): Tensor | undefined;
}

/** What a linear layer keeps for its backward pass. */
export interface LinearSaved {
  readonly x: Tensor;
  readonly adapter?: AdapterSaved;
}

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  #transposed: { readonly version: number; readonly value: Tensor } | undefined;
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

  /** Whether a backward pass has anything to do here beyond the input's gradient. */
  get hasTrainables(): boolean {
    return this.weight.trainable || this.bias.trainable || (this.#adapter?.parameters.some((p) => p.trainable) ?? false);
  }

  /** x [rows, in] to y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } {
    const { ops } = pass;
    return ops.tidy(() => {
      const base = ops.addBias(ops.matMul(x, this.#weightTransposed()), this.bias.value); // [rows, out]
      if (this.#adapter === undefined) return { y: base, saved: { x } };
      const { y, saved } = this.#adapter.forward(pass, x, base);
      return { y, saved: { x, adapter: saved } };
    });
  }

  /** dy [rows, out] to dx [rows, in], undefined where it is not asked for; weights' gradients on the way. */
  backward(pass: BackwardPass, dy: Tensor, from: { saved: LinearSaved; needsInput: boolean }): Tensor | undefined {
    const { ops, gradients } = pass;
    const { saved, needsInput } = from;
    if (this.weight.trainable) gradients.add(this.weight, () => ops.matMul(dy, saved.x, { transposeA: true })); // [out, in]
    if (this.bias.trainable) gradients.add(this.bias, () => ops.sum(dy, [0]));
    const fromAdapter = this.#adapter?.backward(pass, dy, { x: saved.x, saved: saved.adapter ?? {}, needsInput });
    if (!needsInput) return undefined;
    const fromBase = ops.matMul(dy, this.weight.value); // [rows, in]
    if (fromAdapter === undefined) return fromBase;
    const dx = ops.add(fromBase, fromAdapter);
    ops.dispose(fromBase, fromAdapter);
    return dx;
  }

  dispose(): void {
    this.#ops.dispose(this.#transposed?.value);
    this.#transposed = undefined;
    this.weight.dispose();
    this.bias.dispose();
  }

  /** W' [in, out], kept: a product with a transposed right side costs a third more on the CPU. */
  #weightTransposed(): Tensor {
    if (this.#transposed?.version !== this.weight.version) {
      this.#ops.dispose(this.#transposed?.value);
      this.#transposed = { version: this.weight.version, value: this.#ops.escape(() => this.#ops.transpose(this.weight.value, [1, 0])) };
    }
    return this.#transposed.value;
  }
}
