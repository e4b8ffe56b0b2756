import type { Program } from "./program";

/** Uniforms of a program between rows and heads: sizes, the first row, and a factor for each matrix. */
export function headUniforms(matrices: number): Program["uniforms"] {
  const factors = Array.from({ length: matrices }, (_, i) => [`scale${i}`, "f32"] as const);
  return { heads: "i32", length: "i32", headDim: "i32", first: "i32", ...Object.fromEntries(factors) };
}

/**
 * WGSL for number `index` of heads [documents, heads, length, headDim]: `place`, its token's place in the documents,
 * and `i`, its index in rows [rows, heads * headDim].
 *
 * @param places - whether `rows` holds the row of each place; else places are consecutive rows from `uniforms.first`
 */
export function headIndices(places: boolean): string {
  return `
        let c = index % uniforms.headDim;
        let token = index / uniforms.headDim % uniforms.length;
        let block = index / uniforms.headDim / uniforms.length;
        let place = block / uniforms.heads * uniforms.length + token;
        let row = uniforms.first + ${places ? "rows[place]" : "place"};
        let i = (row * uniforms.heads + block % uniforms.heads) * uniforms.headDim + c;`;
}
