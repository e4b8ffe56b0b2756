import { DRAW_UNIFORMS, DRAWS } from "./draws";
import type { NormForm } from "./norm";
import type { Program } from "./program";
import { rowLanes } from "./row-lanes";

/** The gradient of a layer normalization's input, one index for each row; `dx` is the gradient of dropout's input. */
export function normBackwardProgram({ dropout, lanes }: Omit<NormForm, "residual">): Program {
  return {
    key: `norm-backward ${dropout} ${lanes}`,
    outputs: dropout ? ["dSum", "dx"] : ["dSum"],
    inputs: { dy: "f32", gamma: "f32", normalized: "f32", inverseDeviation: "f32" },
    uniforms: { width: "i32", ...(dropout ? DRAW_UNIFORMS : {}) },
    lanes,
    code: () => `
      ${dropout ? DRAWS : ""}
      ${rowLanes(lanes)}
      fn compute(row : i32, lane : i32) {
        let first = row * uniforms.width;
        let width = f32(uniforms.width);
        var sum = 0.0;
        var products = 0.0;
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let g = dy[first + c] * gamma[c];
          sum += g;
          products += g * normalized[first + c];
        }
        let mean = rowSum(sum, lane) / width;
        let meanProduct = rowSum(products, lane) / width;
        for (var c = lane; c < uniforms.width; c += ${lanes}) {
          let i = first + c;
          let value = (dy[i] * gamma[c] - mean - normalized[i] * meanProduct) * inverseDeviation[row];
          dSum[i] = value;
          ${dropout ? "dx[i] = dropped(value, i);" : ""}
        }
      }`,
  };
}
