import type { Program } from "./program";

/** Rows of x by index: one index for each number of y [indices, width]. */
export const GATHER_ROWS: Program = {
  key: "gather-rows",
  outputs: ["y"],
  inputs: { x: "f32", rows: "i32" },
  uniforms: { width: "i32" },
  code: () => `
    fn compute(index : i32, lane : i32) {
      y[index] = x[rows[index / uniforms.width] * uniforms.width + index % uniforms.width];
    }`,
};
