import type { Program } from "./program";

/** The most axes that {@link transposeProgram} takes. */
export const MOST_AXES = 4;

/**
 * Permutes axes: one index for each number of y. `sizeN` is the size of y's axis N, `stepN` the distance of its
 * elements in x.
 */
export function transposeProgram(axes: number): Program {
  const each = Array.from({ length: axes }, (_, axis) => axis);
  return {
    key: `transpose ${axes}`,
    outputs: ["y"],
    inputs: { x: "f32" },
    uniforms: Object.fromEntries(
      ["size", "step"].flatMap((name) => each.map((axis) => [`${name}${axis}`, "i32"] as const)),
    ),
    code: () => `
      fn compute(index : i32, lane : i32) {
        var rest = index;
        var i = 0;
        ${[...each]
          .reverse()
          .map((axis) => `i += rest % uniforms.size${axis} * uniforms.step${axis}; rest = rest / uniforms.size${axis};`)
          .join("\n")}
        y[index] = x[i];
      }`,
  };
}
