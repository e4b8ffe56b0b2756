import { headIndices, headUniforms } from "./head-layout";
import type { Program } from "./program";

/** The form of {@link mergeHeadsProgram}. */
export interface MergeForm {
  /** Number of matrices, at most 3. */
  readonly matrices: number;
  /** Whether `rows` holds the row of each place, and `tokens` is 0 for padding; else places are consecutive rows. */
  readonly places: boolean;
}

/**
 * Writes x [documents, heads, length, headDim], times its own factor, to rows of y [rows, heads * headDim]; one index
 * for each number of x. Padding is left out. Rows of other documents stay as they are.
 */
export function mergeHeadsProgram({ matrices, places }: MergeForm): Program {
  const each = Array.from({ length: matrices }, (_, i) => i);
  return {
    key: `merge-heads ${matrices} ${places}`,
    outputs: each.map((i) => `y${i}`),
    inputs: Object.fromEntries([
      ...each.map((i) => [`x${i}`, "f32"] as const),
      ...(places ? ([["rows", "i32"] as const, ["tokens", "f32"] as const] as const) : []),
    ]),
    uniforms: headUniforms(matrices),
    code: () => `
      fn compute(index : i32, lane : i32) {
        ${headIndices(places)}
        ${places ? "if (tokens[place] == 0.0) { return; }" : ""}
        ${each.map((k) => `y${k}[i] = x${k}[index] * uniforms.scale${k};`).join("\n")}
      }`,
  };
}
