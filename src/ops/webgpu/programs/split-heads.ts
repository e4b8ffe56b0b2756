import { headIndices, headUniforms } from "./head-layout";
import type { Program } from "./program";

/** The form of {@link splitHeadsProgram}. */
export interface SplitForm {
  /** Number of matrices, at most 3. */
  readonly matrices: number;
  /** Whether `rows` holds the row of each place; else the places are consecutive rows from `uniforms.first`. */
  readonly places: boolean;
  /** Whether places of padding become 0, by `tokens`. */
  readonly zeros: boolean;
}

/**
 * Rows of matrices x [rows, heads * headDim] as [documents, heads, length, headDim], each times its own factor; one
 * index for each number of a result.
 */
export function splitHeadsProgram({ matrices, places, zeros }: SplitForm): Program {
  const each = Array.from({ length: matrices }, (_, i) => i);
  return {
    key: `split-heads ${matrices} ${places} ${zeros}`,
    outputs: each.map((i) => `y${i}`),
    inputs: Object.fromEntries([
      ...each.map((i) => [`x${i}`, "f32"] as const),
      ...(places ? [["rows", "i32"] as const] : []),
      ...(zeros ? [["tokens", "f32"] as const] : []),
    ]),
    uniforms: headUniforms(matrices),
    code: () => `
      fn compute(index : i32, lane : i32) {
        ${headIndices(places)}
        ${each
          .map((k) => {
            const value = `x${k}[i] * uniforms.scale${k}`;
            return `y${k}[index] = ${zeros ? `select(0.0, ${value}, tokens[place] > 0.0)` : value};`;
          })
          .join("\n")}
      }`,
  };
}
