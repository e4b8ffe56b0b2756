import type { AttentionBlock } from "../attention-blocks";
import { joinedRows } from "../joined-rows";
import type { AttentionLayout, Ops } from "../ops";
import type { Tensor } from "../tensor";
import type { Filling, PlacedBlock } from "./placements";

/** Consecutive rows, or those of a padded block. */
export type Span = Pick<AttentionBlock, "row" | "documents" | "length"> & {
  readonly filling?: Pick<Filling, "rows"> | undefined;
};

/** Rows of a block's queries: all its rows, or one row per document if only first tokens are queries. */
export function queriesOf(block: PlacedBlock, { span }: AttentionLayout): Span {
  return span === "every-token" ? block : { row: block.document, documents: block.documents, length: 1 };
}

/** A block's rows [documents * length, width] as [documents, length, width]. */
export function tokensOf(ops: Ops, x: Tensor, block: Span): Tensor {
  const { documents, length } = block;
  return ops.tidy(() => ops.reshape(rowsOf(ops, x, block), [documents, length, x.shape[1]]));
}

/** A block's rows [documents * length, width] as [documents, heads, length, headDim], times `scale`. */
export function splitHeads(
  ops: Ops,
  x: Tensor,
  { block, heads, scale = 1 }: { block: Span; heads: number; scale?: number },
): Tensor {
  const { documents, length } = block;
  return ops.tidy(() => {
    const rows = ops.reshape(rowsOf(ops, x, block), [documents, length, heads, x.shape[1] / heads]);
    const split = ops.transpose(rows, [0, 2, 1, 3]);
    return scale === 1 ? split : ops.scale(split, scale);
  });
}

/** A block's rows of a matrix with one row for each document [documents, width], as [documents, heads, 1, headDim]. */
export function firstOf(ops: Ops, x: Tensor, { block, heads }: { block: PlacedBlock; heads: number }): Tensor {
  return splitHeads(ops, x, { block: { row: block.document, documents: block.documents, length: 1 }, heads });
}

/**
 * Inverse of {@link splitHeads}: the rows of all blocks, one after the other, times `scale`. `places` selects the
 * tokens if blocks are padded.
 */
export function mergeHeads(
  ops: Ops,
  parts: readonly Tensor[],
  { scale = 1, places }: { scale?: number; places?: Tensor | undefined } = {},
): Tensor {
  return ops.tidy(() => {
    const rows = parts.map((part) => {
      const [documents, heads, length, headDim] = part.shape;
      return ops.reshape(ops.transpose(part, [0, 2, 1, 3]), [documents * length, heads * headDim]);
    });
    const merged = atPlaces(ops, rows, places);
    return scale === 1 ? merged : ops.scale(merged, scale);
  });
}

/** Concatenates all blocks, and selects the tokens if `places` is given. */
export function atPlaces(ops: Ops, parts: readonly Tensor[], places: Tensor | undefined): Tensor {
  return ops.tidy(() =>
    places === undefined ? joinedRows(parts, ops) : ops.gatherRows(joinedRows(parts, ops), places),
  );
}

/**
 * Masks padding in scores [documents, heads, queries, length] or [documents, heads, length]: softmax then gives it 0.
 */
export function hidePadding(ops: Ops, scores: Tensor, { documents, length, filling }: PlacedBlock): Tensor {
  if (filling === undefined) return scores;
  return ops.tidy(() =>
    ops.add(scores, scores.shape.length === 4 ? filling.hidden : ops.reshape(filling.hidden, [documents, 1, length])),
  );
}

/** Sets a gradient of queries [documents, heads, queries, headDim] to 0 at padding. */
export function withoutPadding(
  ops: Ops,
  dy: Tensor,
  { block: { filling }, layout: { span } }: { block: PlacedBlock; layout: AttentionLayout },
): Tensor {
  return filling === undefined || span === "first-token" ? dy : ops.mul(dy, filling.tokens);
}

function rowsOf(ops: Ops, x: Tensor, { row, documents, length, filling }: Span): Tensor {
  return filling === undefined ? ops.sliceRows(x, row, documents * length) : ops.gatherRows(x, filling.rows);
}
