import type { PlacedBlock } from "../composed/placements";
import type { AttentionLayout } from "../ops";
import { sizeOf, type Tensor } from "../tensor";
import { mergeHeadsProgram } from "./programs/merge-heads";
import { splitHeadsProgram } from "./programs/split-heads";
import type { ProgramRunner } from "./program-runner";

/** Tokens of a block's documents: all of them, or the first token of each. */
export type Span = Pick<PlacedBlock, "row" | "documents" | "length" | "filling">;

/** A matrix, and the factor of its numbers. */
export interface Scaled {
  readonly x: Tensor;
  readonly scale: number;
}

/** Rows [rows, width] as heads [documents, heads, length, headDim]; with `zeros`, padding is 0. */
export function splitHeads(
  runner: ProgramRunner,
  matrices: readonly Scaled[],
  { span, heads, zeros = false }: { span: Span; heads: number; zeros?: boolean },
): Tensor[] {
  const { row, documents, length, filling } = span;
  const tokens = zeros ? filling?.tokens : undefined;
  const headDim = matrices[0].x.shape[1] / heads;
  const shape = [documents, heads, length, headDim];
  const form = { matrices: matrices.length, places: filling !== undefined, zeros: tokens !== undefined };
  return runner.run(splitHeadsProgram(form), {
    outputs: matrices.map(() => shape),
    inputs: [...matrices.map(({ x }) => x), ...[filling?.rows, tokens].filter((tensor) => tensor !== undefined)],
    count: sizeOf(shape),
    uniforms: [heads, length, headDim, filling === undefined ? row : 0, ...matrices.map(({ scale }) => scale)],
  });
}

/** Writes heads of a block into rows; the inverse of {@link splitHeads}. */
export function mergeHeads(
  runner: ProgramRunner,
  matrices: readonly (Scaled & { readonly into: Tensor })[],
  { span, heads }: { span: Span; heads: number },
): void {
  const { row, length, filling } = span;
  const { shape } = matrices[0].x;
  runner.run(mergeHeadsProgram({ matrices: matrices.length, places: filling !== undefined }), {
    outputs: matrices.map(({ into }) => into),
    inputs: [...matrices.map(({ x }) => x), ...(filling === undefined ? [] : [filling.rows, filling.tokens])],
    count: sizeOf(shape),
    uniforms: [heads, length, shape[3], filling === undefined ? row : 0, ...matrices.map(({ scale }) => scale)],
  });
}

/** The tokens of a block that are queries. */
export function queriesOf(block: PlacedBlock, layout: AttentionLayout): Span {
  if (isWhole(layout)) return block;
  return { row: block.document, documents: block.documents, length: 1, filling: undefined };
}

/** Whether every token is a query. */
export function isWhole({ span }: AttentionLayout): boolean {
  return span === "every-token";
}

/** Rows of a layout's tokens, and of its queries. */
export function rowsOf(layout: AttentionLayout): { rows: number; queries: number } {
  const rows = layout.groups.reduce((sum, { documents, length }) => sum + documents * length, 0);
  const documents = layout.groups.reduce((sum, group) => sum + group.documents, 0);
  return { rows, queries: isWhole(layout) ? rows : documents };
}
