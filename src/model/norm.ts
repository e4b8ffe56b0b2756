import type { LayerNormSaved } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Parameter } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";

/** A layer normalisation with its weights. */
export class Norm {
  constructor(
    readonly gamma: Parameter,
    readonly beta: Parameter,
    readonly epsilon: number,
  ) {}

  get hasTrainables(): boolean {
    return this.gamma.trainable || this.beta.trainable;
  }

  /** x [rows, width] to y [rows, width]. */
  forward({ ops }: ForwardPass, x: Tensor): { y: Tensor; saved: LayerNormSaved } {
    return ops.layerNorm(x, this.gamma.value, this.beta.value, this.epsilon);
  }

  /** dy [rows, width] to dx [rows, width]. */
  backward({ ops, gradients }: BackwardPass, dy: Tensor, saved: LayerNormSaved): Tensor {
    if (this.gamma.trainable) gradients.add(this.gamma, () => ops.tidy(() => ops.sum(ops.mul(dy, saved.normalized), [0])));
    if (this.beta.trainable) gradients.add(this.beta, () => ops.sum(dy, [0]));
    return ops.layerNormBackward(dy, this.gamma.value, saved);
  }

  dispose(): void {
    this.gamma.dispose();
    this.beta.dispose();
  }
}
