import type { Activation } from "../../ops";
import { activationCode } from "./activation";
import type { Program } from "./program";

/** A gated activation: x holds a and b side by side in each row; one index for each number of y = activation(a) b. */
export function gatedProgram(activation: Activation): Program {
  return {
    key: `gated ${activation}`,
    outputs: ["y"],
    inputs: { x: "f32" },
    uniforms: { width: "i32" },
    code: () => `
      ${activationCode(activation, { derivative: false })}
      fn compute(index : i32, lane : i32) {
        let a = index / uniforms.width * uniforms.width + index;
        y[index] = activated(x[a]) * x[a + uniforms.width];
      }`,
  };
}

/** The gradient of {@link gatedProgram}'s x; one index for each number of dy. */
export function gatedBackwardProgram(activation: Activation): Program {
  return {
    key: `gated-backward ${activation}`,
    outputs: ["dx"],
    inputs: { dy: "f32", x: "f32" },
    uniforms: { width: "i32" },
    code: () => `
      ${activationCode(activation, { derivative: true })}
      fn compute(index : i32, lane : i32) {
        let a = index / uniforms.width * uniforms.width + index;
        let b = a + uniforms.width;
        dx[a] = dy[index] * x[b] * activationSlope(x[a]);
        dx[b] = dy[index] * activated(x[a]);
      }`,
  };
}
