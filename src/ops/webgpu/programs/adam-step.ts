import type { Program } from "./program";

/** The form of {@link adamStepProgram}. */
export interface AdamForm {
  /** Whether there are moments of earlier steps. */
  readonly moments: boolean;
  /** Whether the gradient's factor is a tensor [1]. */
  readonly factor: boolean;
}

/** A step of AdamW, one index for each weight. */
export function adamStepProgram({ moments, factor }: AdamForm): Program {
  return {
    key: `adam-step ${moments} ${factor}`,
    outputs: ["value", "m", "v"],
    inputs: {
      before: "f32",
      gradient: "f32",
      ...(factor ? { factor: "f32" } : {}),
      ...(moments ? { oldM: "f32", oldV: "f32" } : {}),
    },
    uniforms: {
      beta1: "f32",
      beta2: "f32",
      fresh: "f32",
      freshSquare: "f32",
      epsilon: "f32",
      inverseCorrection: "f32",
      rate: "f32",
      decayFactor: "f32",
      ...(factor ? {} : { factor: "f32" }),
    },
    code: () => `
      fn compute(index : i32, lane : i32) {
        let g = gradient[index] * ${factor ? "factor[0]" : "uniforms.factor"};
        let newM = ${moments ? "oldM[index] * uniforms.beta1 + " : ""}g * uniforms.fresh;
        let newV = ${moments ? "oldV[index] * uniforms.beta2 + " : ""}g * g * uniforms.freshSquare;
        let deviation = sqrt(newV) * uniforms.inverseCorrection + uniforms.epsilon;
        m[index] = newM;
        v[index] = newV;
        value[index] = before[index] * uniforms.decayFactor - newM / deviation * uniforms.rate;
      }`,
  };
}
