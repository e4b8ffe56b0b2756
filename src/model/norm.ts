import type { LayerNormSaved } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";

/** A layer normalisation with its weights. */
export class Norm {
  #used: { readonly gamma: Parameter; readonly beta: Parameter };

  constructor(
    readonly gamma: Parameter,
    readonly beta: Parameter,
    readonly epsilon: number,
  ) {
    this.#used = { gamma, beta };
  }

  get hasTrainables(): boolean {
    return this.#used.gamma.trainable || this.#used.beta.trainable;
  }

  /** Computes with others in the place of its own weights from now on, or with its own again. */
  use(substitutes?: Substitutes): void {
    const { gamma, beta } = this;
    this.#used = { gamma: substitutes?.get(gamma) ?? gamma, beta: substitutes?.get(beta) ?? beta };
  }

  /** x [rows, width] to y [rows, width]. */
  forward({ ops }: ForwardPass, x: Tensor): { y: Tensor; saved: LayerNormSaved } {
    return ops.layerNorm(x, this.#used.gamma.value, this.#used.beta.value, this.epsilon);
  }

  /** dy [rows, width] to dx [rows, width]. */
  backward({ ops, gradients }: BackwardPass, dy: Tensor, saved: LayerNormSaved): Tensor {
    const { gamma, beta } = this.#used;
    if (gamma.trainable) gradients.add(gamma, () => ops.tidy(() => ops.sum(ops.mul(dy, saved.normalized), [0])));
    if (beta.trainable) gradients.add(beta, () => ops.sum(dy, [0]));
    return ops.layerNormBackward(dy, gamma.value, saved);
  }

  dispose(): void {
    this.gamma.dispose();
    this.beta.dispose();
  }
}
