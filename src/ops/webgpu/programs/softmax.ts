import { DRAW_UNIFORMS, DRAWS } from "./draws";
import type { Program } from "./program";
import { rowLanes } from "./row-lanes";

/** The form of {@link softmaxProgram}. */
export interface SoftmaxForm {
  /**
   * Whether an addend hides padding. `hidden` has one row for each document, of `uniforms.rowsPerDocument` rows of
   * scores.
   */
  readonly hidden: boolean;
  /** Whether `keptWeights` holds the weights that a draw keeps, unscaled. */
  readonly dropout: boolean;
  readonly lanes: number;
}

/** Softmax of each row of the scores, one index for each row. `weights` holds exponentials until their sum is known. */
export function softmaxProgram({ hidden, dropout, lanes }: SoftmaxForm): Program {
  const score = hidden ? "scores[first + c] + hidden[hiddenFirst + c]" : "scores[first + c]";
  return {
    key: `softmax ${hidden} ${dropout} ${lanes}`,
    outputs: dropout ? ["weights", "keptWeights"] : ["weights"],
    inputs: { scores: "f32", ...(hidden ? { hidden: "f32" } : {}) },
    uniforms: { width: "i32", rowsPerDocument: "i32", ...(dropout ? DRAW_UNIFORMS : {}) },
    lanes,
    code: () => `
      ${dropout ? DRAWS : ""}
      ${rowLanes(lanes)}
      fn compute(row : i32, lane : i32) {
        let first = row * uniforms.width;
        let hiddenFirst = row / uniforms.rowsPerDocument * uniforms.width;
        var highest = -3.402823e38;
        for (var c = lane; c < uniforms.width; c += ${lanes}) { highest = max(highest, ${score}); }
        let top = rowHighest(highest, lane);
        var sum = 0.0;
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let value = exp(${score} - top);
          weights[first + c] = value;
          sum += value;
        }
        let all = rowSum(sum, lane);
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let i = first + c;
          let value = weights[i] / all;
          weights[i] = value;
          ${dropout ? "keptWeights[i] = dropped(value, i);" : ""}
        }
      }`,
  };
}
