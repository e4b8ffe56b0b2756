import { MOST_ARRAYS, type Program } from "./program";

/** The most parts that one program splits or joins. */
export const MOST_PARTS = MOST_ARRAYS - 1;

/** Copies consecutive parts of x, from `uniforms.first` on, each to an output of its own; one index for each number. */
export function splitRowsProgram(parts: number): Program {
  const each = Array.from({ length: parts }, (_, i) => i);
  return {
    key: `split-rows ${parts}`,
    outputs: each.map((i) => `part${i}`),
    inputs: { x: "f32" },
    uniforms: { first: "i32", ...endUniforms(parts) },
    code: () => `
      fn compute(index : i32, lane : i32) {
        let value = x[uniforms.first + index];
        ${each.map((i) => `if (index < uniforms.end${i}) { part${i}[${within(i)}] = value; return; }`).join("\n")}
      }`,
  };
}

/** The inverse of {@link splitRowsProgram}. */
export function joinRowsProgram(parts: number): Program {
  const each = Array.from({ length: parts }, (_, i) => i);
  return {
    key: `join-rows ${parts}`,
    outputs: ["x"],
    inputs: Object.fromEntries(each.map((i) => [`part${i}`, "f32"] as const)),
    uniforms: { first: "i32", ...endUniforms(parts) },
    code: () => `
      fn compute(index : i32, lane : i32) {
        let i = uniforms.first + index;
        ${each.map((p) => `if (index < uniforms.end${p}) { x[i] = part${p}[${within(p)}]; return; }`).join("\n")}
      }`,
  };
}

/** Uniforms that hold the end of each part. */
function endUniforms(parts: number): Record<string, "i32"> {
  return Object.fromEntries(Array.from({ length: parts }, (_, i) => [`end${i}`, "i32"] as const));
}

/** The index within a part. */
function within(part: number): string {
  return part === 0 ? "index" : `index - uniforms.end${part - 1}`;
}
