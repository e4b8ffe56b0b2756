import type { Program } from "./program";

/** Sums of x [outer, terms, inner] over its terms: one index for each number of y [outer, inner]. */
export const SUM_AXES: Program = {
  key: "sum-axes",
  outputs: ["y"],
  inputs: { x: "f32" },
  uniforms: { terms: "i32", inner: "i32" },
  code: () => `
    fn compute(index : i32, lane : i32) {
      let first = index / uniforms.inner * uniforms.inner * uniforms.terms + index % uniforms.inner;
      var sum = 0.0;
      for (var term = 0; term < uniforms.terms; term++) { sum += x[first + term * uniforms.inner]; }
      y[index] = sum;
    }`,
};
