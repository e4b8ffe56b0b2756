import { scoreScale } from "../attention-reach";
import { weightsOf } from "../attention-weights";
import { blockDropout } from "../dropout-block";
import type {
  AttentionGradients,
  AttentionInputs,
  AttentionLayout,
  AttentionOptions,
  AttentionResult,
  AttentionSaved,
  Drop,
  Ops,
} from "../ops";
import type { Marks } from "../primitives";
import type { Tensor } from "../tensor";
import { hidePadding, mergeHeads, queriesOf, splitHeads, withoutPadding } from "./block-rows";
import type { Composition, PlacedBlock } from "./placements";
import { keptFactor } from "./residual-norm";

type Part = AttentionSaved["parts"][number];

export function attention(
  { ops, placements }: Composition,
  inputs: AttentionInputs,
  { layout, drop, keep }: AttentionOptions,
): AttentionResult {
  return ops.tidy(() => {
    const { blocks, places } = placements.place(layout);
    const parts = blocks.map((block, i) => attend(ops, inputs, { block, layout, drop: drop && blockDropout(drop, i) }));
    const y = mergeHeads(
      ops,
      parts.map(({ context }) => context),
      { places: layout.span === "every-token" ? places : undefined },
    );
    return { y, saved: { layout, parts: keep ? parts : [] } };
  });
}

export function attentionBackward(
  { ops, placements }: Composition,
  dy: Tensor,
  { saved: { layout, parts }, needsKey }: { saved: AttentionSaved; needsKey: boolean },
): AttentionGradients {
  return ops.tidy(() => {
    const { blocks, places } = placements.place(layout);
    const gradients = blocks.map((block, i) => attendBackward(ops, dy, { block, layout, part: parts[i], needsKey }));
    const merged = (name: "dq" | "dk" | "dv", options: { scale?: number; places: Tensor | undefined }): Tensor =>
      mergeHeads(
        ops,
        gradients.flatMap((each) => each[name] ?? []),
        options,
      );
    return {
      dq: merged("dq", {
        scale: scoreScale(layout, dy.shape[1]),
        places: layout.span === "every-token" ? places : undefined,
      }),
      dk: needsKey ? merged("dk", { places }) : undefined,
      dv: merged("dv", { scale: keptFactor(parts[0]?.dropout), places }),
    };
  });
}

/** Attention of one block's documents. */
function attend(
  ops: Ops,
  inputs: AttentionInputs,
  { block, layout, drop }: { block: PlacedBlock; layout: AttentionLayout; drop: Drop | undefined },
): Part {
  const { heads } = layout;
  return ops.tidy(() => {
    const q = splitHeads(ops, inputs.q, {
      block: queriesOf(block, layout),
      heads,
      scale: scoreScale(layout, inputs.q.shape[1]),
    });
    const k = splitHeads(ops, inputs.k, { block, heads });
    // Scales the values by dropout's factor; the weights then need no scaling.
    const v = splitHeads(ops, inputs.v, { block, heads, scale: keptFactor(drop) });
    return weighedValues(ops, hidePadding(ops, ops.matMul(q, k, { transposeB: true }), block), { q, k, v, drop });
  });
}

/** The gradients of one block, each [documents, heads, queries or length, headDim]. */
function attendBackward(
  ops: Ops,
  dy: Tensor,
  { block, layout, part, needsKey }: { block: PlacedBlock; layout: AttentionLayout; part: Part; needsKey: boolean },
): AttentionGradients {
  const { q, k, mark } = part;
  const weights = weightsOf(part);
  return ops.tidy(() => {
    const dContext = withoutPadding(
      ops,
      splitHeads(ops, dy, { block: queriesOf(block, layout), heads: layout.heads }),
      { block, layout },
    );
    const dScores = scoreGradient(ops, dContext, part);
    const dv = ops.tidy(() => ops.matMul(marked(ops, weights, mark), dContext, { transposeA: true }));
    return {
      dq: ops.matMul(dScores, k),
      dk: needsKey ? ops.matMul(dScores, q, { transposeA: true }) : undefined,
      dv,
    };
  });
}

/** Softmax of the scores [blocks, heads, queries, keys], dropout, and the context [blocks, heads, queries, headDim]. */
export function weighedValues(
  ops: Ops,
  scores: Tensor,
  { q, k, v, drop }: Pick<Part, "q" | "k" | "v"> & { drop: Drop | undefined },
): Part {
  const weights = ops.softmax(scores);
  const mark = drop && marksOf(ops).draw(weights.shape, drop);
  const context = ops.matMul(marked(ops, weights, mark), v);
  return { q, k, v, weights, mark, dropout: drop, context };
}

/** The gradient of the scores [blocks, heads, queries, keys] from that of the context. */
export function scoreGradient(ops: Ops, dContext: Tensor, part: Part): Tensor {
  const { v, mark, context } = part;
  const weights = weightsOf(part);
  return ops.tidy(() => {
    const dWeights = ops.tidy(() => marked(ops, ops.matMul(dContext, v, { transposeB: true }), mark));
    const rowSums = ops.sum(ops.mul(dContext, context), [3], { keepDims: true }); // [blocks, heads, queries, 1]
    return ops.mul(ops.sub(dWeights, rowSums), weights);
  });
}

/** The device's masks for attention, or masks of floats. */
function marksOf(ops: Ops): Marks {
  return ops.marks ?? { draw: (shape, drop) => ops.keepMask(shape, drop), keep: (x, mark) => ops.mul(x, mark) };
}

/** The elements of x that a draw keeps, unscaled, the others 0; x itself if nothing is dropped. */
export function marked(ops: Ops, x: Tensor, mark: Tensor | undefined): Tensor {
  return mark === undefined ? x : marksOf(ops).keep(x, mark);
}
