import type { Drop, LayerNormSaved, ResidualNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
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

  /** Replaces the weights that the norm uses, or restores its own. */
  use(substitutes?: Substitutes): void {
    const { gamma, beta } = this;
    this.#used = { gamma: substitutes?.get(gamma) ?? gamma, beta: substitutes?.get(beta) ?? beta };
  }

  /** Normalises x [rows, width]. */
  forward({ ops }: ForwardPass, x: Tensor): { y: Tensor; saved: LayerNormSaved } {
    return ops.layerNorm(x, this.#used.gamma.value, this.#used.beta.value, this.epsilon);
  }

  /** Normalises residual + dropout(x), all [rows, width]. */
  forwardResidual(
    { ops }: ForwardPass,
    x: Tensor,
    { residual, drop }: { residual: Tensor; drop: Drop | undefined },
  ): { y: Tensor; saved: ResidualNormSaved } {
    return ops.residualNorm(x, residual, {
      gamma: this.#used.gamma.value,
      beta: this.#used.beta.value,
      epsilon: this.epsilon,
      drop,
    });
  }

  /** Computes dx [rows, width] from dy [rows, width]. */
  backward(pass: BackwardPass, dy: Tensor, saved: LayerNormSaved): Tensor {
    this.#addGradients(pass, dy, saved);
    return pass.ops.layerNormBackward(dy, this.#used.gamma.value, saved);
  }

  /** Computes the gradients of the residual and of x. They are one tensor if there was no dropout. */
  backwardResidual(pass: BackwardPass, dy: Tensor, saved: ResidualNormSaved): { dResidual: Tensor; dx: Tensor } {
    this.#addGradients(pass, dy, saved);
    return pass.ops.residualNormBackward(dy, this.#used.gamma.value, saved);
  }

  dispose(): void {
    this.gamma.dispose();
    this.beta.dispose();
  }

  #addGradients({ ops, gradients }: BackwardPass, dy: Tensor, saved: LayerNormSaved): void {
    const { gamma, beta } = this.#used;
    if (gamma.trainable) gradients.add(gamma, () => ops.tidy(() => ops.sum(ops.mul(dy, saved.normalized), [0])));
    if (beta.trainable) gradients.add(beta, () => ops.sum(dy, [0]));
  }
}
