import { blockDropout } from "../dropout-block";
import { joinedRows } from "../joined-rows";
import type { AttentionOptions, Drop, Ops, PoolInputs, PoolResult, PoolSaved } from "../ops";
import type { Tensor } from "../tensor";
import { firstOf, hidePadding, mergeHeads, splitHeads, tokensOf } from "./block-rows";
import type { Composition, PlacedBlock } from "./placements";

/** The pooled tokens of one block's documents. */
interface PooledBlock {
  /** [documents, heads, width] */
  readonly pooled: Tensor;
  /** [documents, heads, 1] */
  readonly sums: Tensor;
  /** [documents, heads, 1, headDim] */
  readonly update: Tensor | undefined;
  readonly saved: PoolSaved["parts"][number];
}

export function poolTokens(
  { ops, placements }: Composition,
  inputs: PoolInputs,
  { layout, drop, keep }: AttentionOptions,
): PoolResult {
  return ops.tidy(() => {
    const { blocks } = placements.place(layout);
    const parts = blocks.map((block, i) =>
      poolBlock(ops, inputs, { block, heads: layout.heads, drop: drop && blockDropout(drop, i) }),
    );
    const joined = (name: "pooled" | "sums"): Tensor =>
      joinedRows(
        parts.map((part) => part[name]),
        ops,
      );
    return {
      pooled: joined("pooled"),
      sums: joined("sums"),
      update:
        inputs.value &&
        mergeHeads(
          ops,
          parts.flatMap(({ update }) => update ?? []),
        ),
      saved: { layout, inputs, parts: keep ? parts.map(({ saved }) => saved) : [] },
    };
  });
}

function poolBlock(
  ops: Ops,
  { x, u, key, value }: PoolInputs,
  { block, heads, drop }: { block: PlacedBlock; heads: number; drop: Drop | undefined },
): PooledBlock {
  return ops.tidy(() => {
    const tokens = tokensOf(ops, x, block); // [documents, length, width]
    // [documents, heads, length]
    const plain = ops.matMul(ops.sliceRows(u, block.document, block.documents), tokens, { transposeB: true });
    const scores =
      key === undefined ? plain : ops.add(plain, ops.reshape(keyScores(ops, key, { block, heads }), plain.shape));
    const weights = ops.softmax(hidePadding(ops, scores, block));
    const kept = drop && ops.dropout(weights, drop).y;
    const all = kept ?? weights;
    const update =
      value &&
      ops.matMul(ops.reshape(all, [block.documents, heads, 1, block.length]), splitHeads(ops, value, { block, heads }));
    return {
      pooled: ops.matMul(all, tokens),
      sums: ops.sum(all, [2], { keepDims: true }),
      update,
      saved: { weights, kept },
    };
  });
}

/** Scores that the addend of the keys contributes: [documents, heads, 1, length]. */
function keyScores(
  ops: Ops,
  { q, y }: NonNullable<PoolInputs["key"]>,
  { block, heads }: { block: PlacedBlock; heads: number },
): Tensor {
  return ops.matMul(firstOf(ops, q, { block, heads }), splitHeads(ops, y, { block, heads }), { transposeB: true });
}
