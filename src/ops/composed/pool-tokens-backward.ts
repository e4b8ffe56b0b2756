import { joinedRows } from "../joined-rows";
import type { Ops, PooledGradients, PoolGradients, PoolInputs, PoolSaved } from "../ops";
import type { Tensor } from "../tensor";
import { atPlaces, firstOf, mergeHeads, splitHeads, tokensOf } from "./block-rows";
import type { Composition, PlacedBlock } from "./placements";

/** One block and what its backward pass reads. */
interface BlockSaved {
  readonly block: PlacedBlock;
  readonly heads: number;
  readonly inputs: PoolInputs;
  readonly part: PoolSaved["parts"][number];
}

/** Gradients of one block's inputs. */
interface BlockGradients {
  /** [documents, heads, width] */
  readonly du: Tensor;
  /** [documents * length, width] */
  readonly dx: Tensor | undefined;
  /** [documents, heads, 1, headDim] */
  readonly dq: Tensor | undefined;
  /** [documents, heads, length, headDim] */
  readonly dKey: Tensor | undefined;
  /** [documents, heads, length, headDim] */
  readonly dValue: Tensor | undefined;
}

export function poolTokensBackward(
  { ops, placements }: Composition,
  gradients: PooledGradients,
  { saved: { layout, inputs, parts }, needsInput }: { saved: PoolSaved; needsInput: boolean },
): PoolGradients {
  const { heads } = layout;
  return ops.tidy(() => {
    const { blocks, places } = placements.place(layout);
    const found = blocks.map((block, i) =>
      poolBlockBackward(ops, gradients, { saved: { block, heads, inputs, part: parts[i] }, needsInput }),
    );
    const all = (name: keyof BlockGradients): Tensor[] => found.flatMap((each) => each[name] ?? []);
    return {
      du: joinedRows(all("du"), ops),
      dx: needsInput ? atPlaces(ops, all("dx"), places) : undefined,
      key: inputs.key && { dq: mergeHeads(ops, all("dq")), dy: mergeHeads(ops, all("dKey"), { places }) },
      dValue: inputs.value && mergeHeads(ops, all("dValue"), { places }),
    };
  });
}

function poolBlockBackward(
  ops: Ops,
  { dPooled, dSums, dUpdate }: PooledGradients,
  { saved, needsInput }: { saved: BlockSaved; needsInput: boolean },
): BlockGradients {
  const { block, heads, inputs, part } = saved;
  const { x, u, key, value } = inputs;
  const { weights, kept = weights } = part;
  const { document, documents, length } = block;
  return ops.tidy(() => {
    const tokens = tokensOf(ops, x, block);
    const [dPool, queries, throughSums] = [dPooled, u, dSums].map((all) => ops.sliceRows(all, document, documents));
    const dOut = firstOf(ops, dUpdate, { block, heads }); // [documents, heads, 1, headDim]
    const throughTokens = ops.add(ops.matMul(dPool, tokens, { transposeB: true }), throughSums);
    const dKept = value === undefined ? throughTokens : addThroughValue(ops, throughTokens, { saved, value, dOut });
    const dWeighted = ops.mul(dKept, kept); // dropped elements contribute 0
    const dScores = ops.sub(dWeighted, ops.mul(weights, ops.sum(dWeighted, [2], { keepDims: true })));
    const row = [documents, heads, 1, length];
    return {
      du: ops.matMul(dScores, tokens),
      dx: needsInput
        ? ops.reshape(
            ops.add(ops.matMul(dScores, queries, { transposeA: true }), ops.matMul(kept, dPool, { transposeA: true })),
            [documents * length, x.shape[1]],
          )
        : undefined,
      dKey: key && ops.matMul(ops.reshape(dScores, row), firstOf(ops, key.q, { block, heads }), { transposeA: true }),
      dq: key && ops.matMul(ops.reshape(dScores, row), splitHeads(ops, key.y, { block, heads })),
      dValue: value && ops.matMul(ops.reshape(kept, row), dOut, { transposeA: true }),
    };
  });
}

/** Adds the gradient through the addend of the values to the kept weights' gradient [documents, heads, length]. */
function addThroughValue(
  ops: Ops,
  throughTokens: Tensor,
  { saved: { block, heads }, value, dOut }: { saved: BlockSaved; value: Tensor; dOut: Tensor },
): Tensor {
  const throughValue = ops.matMul(dOut, splitHeads(ops, value, { block, heads }), { transposeB: true });
  return ops.add(throughTokens, ops.reshape(throughValue, throughTokens.shape));
}
