import { DRAW_UNIFORMS, DRAWS } from "./draws";
import type { Program } from "./program";
import { rowLanes } from "./row-lanes";

/** The form of {@link scoreGradientProgram}. */
export interface ScoreGradientForm {
  /** Whether dropout was applied; the output `keptWeights` then holds the weights after it, unscaled. */
  readonly dropout: boolean;
  readonly lanes: number;
}

/**
 * The gradient of attention's scores, (dropout(dContext v') - rowsum(dContext * context)) * weights, one index for each
 * query of each head. `dKept` is the gradient of the kept weights, dContext v'.
 */
export function scoreGradientProgram({ dropout, lanes }: ScoreGradientForm): Program {
  return {
    key: `score-gradient ${dropout} ${lanes}`,
    outputs: dropout ? ["dScores", "keptWeights"] : ["dScores"],
    inputs: { dKept: "f32", weights: "f32", dContext: "f32", context: "f32" },
    uniforms: { keys: "i32", headDim: "i32", ...(dropout ? DRAW_UNIFORMS : {}) },
    lanes,
    code: () => `
      ${dropout ? DRAWS : ""}
      ${rowLanes(lanes)}
      fn compute(row : i32, lane : i32) {
        var sum = 0.0;
        for (var c = lane; c < uniforms.headDim; c += ${lanes}) {
          let i = row * uniforms.headDim + c;
          sum += dContext[i] * context[i];
        }
        let all = rowSum(sum, lane);
        for (var c = lane; c < uniforms.keys; c += ${lanes}) {
          let i = row * uniforms.keys + c;
          ${
            dropout
              ? `dScores[i] = (dropped(dKept[i], i) - all) * weights[i];
                 keptWeights[i] = dropped(weights[i], i);`
              : "dScores[i] = (dKept[i] - all) * weights[i];"
          }
        }
      }`,
  };
}
