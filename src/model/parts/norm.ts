import type { Drop, LayerNormSaved, Ops, ResidualNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";
import { concatSlices, segmentsOf, slicesOf, type Slice } from "./segments";

/** A layer normalisation with its weights. */
export class Norm {
  #used: { readonly gamma: Parameter; readonly beta: Parameter | undefined };
  /** The beta of a norm without one, made when it is first used. */
  #zeros: { readonly ops: Ops; readonly value: Tensor } | undefined;

  /**
   * @param gamma - [width]
   * @param beta - [width]; undefined for a norm without a bias
   */
  constructor(
    readonly gamma: Parameter,
    readonly beta: Parameter | undefined,
    readonly epsilon: number,
  ) {
    this.#used = { gamma, beta };
  }

  /** Its own weights: gamma, and beta if there is one. */
  get parameters(): readonly Parameter[] {
    return this.beta === undefined ? [this.gamma] : [this.gamma, this.beta];
  }

  get hasTrainables(): boolean {
    return this.#used.gamma.trainable || this.#used.beta?.trainable === true;
  }

  /** Replaces the weights that the norm uses, or restores its own. */
  use(substitutes?: Substitutes): void {
    const { gamma, beta } = this;
    this.#used = { gamma: substitutes?.get(gamma) ?? gamma, beta: (beta && substitutes?.get(beta)) ?? beta };
  }

  /** Normalises x [rows, width]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LayerNormSaved } {
    const { ops } = pass;
    const slices = this.#changedSlices(pass, x);
    if (slices !== undefined) return this.#forwardSlices(ops, x, slices);
    return ops.layerNorm(x, this.#used.gamma.value, this.#beta(ops), this.epsilon);
  }

  /** Normalises residual + dropout(x), all [rows, width]. */
  forwardResidual(
    pass: ForwardPass,
    x: Tensor,
    { residual, drop }: { residual: Tensor; drop: Drop | undefined },
  ): { y: Tensor; saved: ResidualNormSaved } {
    const { ops } = pass;
    const slices = this.#changedSlices(pass, x);
    if (slices !== undefined) return ops.tidy(() => this.#forwardSlices(ops, ops.add(x, residual), slices));
    return ops.residualNorm(x, residual, {
      gamma: this.#used.gamma.value,
      beta: this.#beta(ops),
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
    for (const parameter of this.parameters) parameter.dispose();
    this.#zeros?.ops.dispose(this.#zeros.value);
  }

  /** The slices of x in a pass in which a segment has a norm of its own. */
  #changedSlices(pass: ForwardPass, x: Tensor): Slice[] | undefined {
    const segments = segmentsOf(pass);
    const isChanged = segments?.some(({ changes }) => this.parameters.some((own) => changes?.substitutes.has(own)));
    return segments !== undefined && isChanged === true ? slicesOf(segments, x.shape[0]) : undefined;
  }

  /** The norm of each slice with the segment's weights, in a pass that keeps no state. */
  #forwardSlices(ops: Ops, x: Tensor, slices: readonly Slice[]): { y: Tensor; saved: LayerNormSaved } {
    const { gamma, beta } = this;
    const y = concatSlices(ops, x, {
      slices,
      make: (input, { changes }) => {
        const used = { gamma: changes?.substitutes.get(gamma) ?? gamma, beta: beta && changes?.substitutes.get(beta) };
        return ops.layerNorm(input, used.gamma.value, used.beta?.value ?? this.#beta(ops), this.epsilon).y;
      },
    });
    return { y, saved: { normalized: y, inverseDeviation: y } };
  }

  #beta(ops: Ops): Tensor {
    const { gamma, beta } = this.#used;
    if (beta !== undefined) return beta.value;
    this.#zeros ??= { ops, value: ops.escape(() => ops.float(new Float32Array(gamma.shape[0]), gamma.shape)) };
    return this.#zeros.value;
  }

  #addGradients({ ops, gradients }: BackwardPass, dy: Tensor, saved: LayerNormSaved): void {
    const { gamma, beta } = this.#used;
    if (gamma.trainable) gradients.add(gamma, () => ops.tidy(() => ops.sum(ops.mul(dy, saved.normalized), [0])));
    if (beta?.trainable === true) gradients.add(beta, () => ops.sum(dy, [0]));
  }
}
