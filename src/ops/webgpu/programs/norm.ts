import { DRAW_UNIFORMS, DRAWS } from "./draws";
import type { Program } from "./program";
import { rowLanes } from "./row-lanes";

/** The form of {@link normProgram}. */
export interface NormForm {
  readonly residual: boolean;
  readonly dropout: boolean;
  readonly lanes: number;
}

/**
 * Layer normalization of residual + dropout(x), one index for each row. `normalized` first holds
 * residual + dropout(x).
 */
export function normProgram({ residual, dropout, lanes }: NormForm): Program {
  const x = dropout ? "dropped(x[i], i)" : "x[i]";
  return {
    key: `norm ${residual} ${dropout} ${lanes}`,
    outputs: ["y", "normalized", "inverseDeviation"],
    inputs: { x: "f32", ...(residual ? { residual: "f32" } : {}), gamma: "f32", beta: "f32" },
    uniforms: { width: "i32", epsilon: "f32", ...(dropout ? DRAW_UNIFORMS : {}) },
    lanes,
    code: () => `
      ${dropout ? DRAWS : ""}
      ${rowLanes(lanes)}
      fn compute(row : i32, lane : i32) {
        let first = row * uniforms.width;
        let width = f32(uniforms.width);
        var sum = 0.0;
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let i = first + c;
          let value = ${residual ? `residual[i] + ${x}` : x};
          normalized[i] = value;
          sum += value;
        }
        let mean = rowSum(sum, lane) / width;
        var squares = 0.0;
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let distance = normalized[first + c] - mean;
          squares += distance * distance;
        }
        let inverse = 1.0 / sqrt(rowSum(squares, lane) / width + uniforms.epsilon);
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let i = first + c;
          let value = (normalized[i] - mean) * inverse;
          normalized[i] = value;
          y[i] = value * gamma[c] + beta[c];
        }
        if (lane == 0) { inverseDeviation[row] = inverse; }
      }`,
  };
}
