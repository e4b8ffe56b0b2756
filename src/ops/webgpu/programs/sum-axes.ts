import type { Program } from "./program";

/**
 * Sums of x [outer, terms, inner] over its terms: one index for each number of y [outer, inner]. Eight partial sums
 * each take every eighth term, so that the rounding of a long sum stays small.
 */
export const SUM_AXES: Program = {
  key: "sum-axes",
  outputs: ["y"],
  inputs: { x: "f32" },
  uniforms: { terms: "i32", inner: "i32" },
  code: () => `
    fn compute(index : i32, lane : i32) {
      let first = index / uniforms.inner * uniforms.inner * uniforms.terms + index % uniforms.inner;
      let step = uniforms.inner;
      var low = vec4<f32>(0.0);
      var high = vec4<f32>(0.0);
      var i = first;
      var term = 0;
      for (; term + 8 <= uniforms.terms; term += 8) {
        low += vec4<f32>(x[i], x[i + step], x[i + 2 * step], x[i + 3 * step]);
        i += 4 * step;
        high += vec4<f32>(x[i], x[i + step], x[i + 2 * step], x[i + 3 * step]);
        i += 4 * step;
      }
      var rest = 0.0;
      for (; term < uniforms.terms; term++) {
        rest += x[i];
        i += step;
      }
      let sums = low + high;
      y[index] = (sums.x + sums.y) + (sums.z + sums.w) + rest;
    }`,
};
