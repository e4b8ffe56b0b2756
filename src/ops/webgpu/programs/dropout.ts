import { DRAW_UNIFORMS, DRAWS } from "./draws";
import type { Program } from "./program";

/** Dropout of x; without x, the mask: `uniforms.factor` or 0. One index for each number. */
export function dropoutProgram({ mask }: { readonly mask: boolean }): Program {
  return {
    key: `dropout ${mask}`,
    outputs: ["y"],
    inputs: mask ? {} : { x: "f32" },
    uniforms: DRAW_UNIFORMS,
    code: () => `
      ${DRAWS}
      fn compute(index : i32, lane : i32) { y[index] = dropped(${mask ? "1.0" : "x[index]"}, index); }`,
  };
}
