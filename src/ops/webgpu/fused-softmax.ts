import type { Drop } from "../ops";
import { sizeOf, type Tensor } from "../tensor";
import type { RowDevice } from "./fused-norms";
import { drawUniforms } from "./programs/draws";
import { softmaxProgram } from "./programs/softmax";

/** Softmax along the last axis. `keptWeights` holds the weights that dropout keeps, unscaled. */
export function fusedSoftmax(
  { runner, lanes }: RowDevice,
  scores: Tensor,
  { hidden, drop }: { hidden?: Tensor | undefined; drop?: Drop | undefined },
): { weights: Tensor; keptWeights: Tensor } {
  const { shape } = scores;
  const width = shape[shape.length - 1];
  const count = width === 0 ? 0 : sizeOf(shape) / width;
  const form = { hidden: hidden !== undefined, dropout: drop !== undefined, lanes };
  const [weights, keptWeights = weights] = runner.run(softmaxProgram(form), {
    outputs: drop === undefined ? [shape] : [shape, shape],
    inputs: [scores, ...(hidden === undefined ? [] : [hidden])],
    count,
    uniforms: [width, Math.max(1, count / shape[0]), ...(drop === undefined ? [] : drawUniforms(drop, 1))],
  });
  return { weights, keptWeights };
}
