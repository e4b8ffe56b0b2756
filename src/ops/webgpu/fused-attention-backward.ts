import { scoreScale } from "../attention-reach";
import { weightsOf } from "../attention-weights";
import type { PlacedBlock } from "../composed/placements";
import { keptFactor } from "../composed/residual-norm";
import type { AttentionGradients, AttentionLayout, AttentionSaved } from "../ops";
import { sizeOf, type Tensor } from "../tensor";
import type { AttentionDevice } from "./attention-device";
import { isWhole, mergeHeads, queriesOf, rowsOf, splitHeads } from "./attention-heads";
import { expectShapes } from "./expect-shapes";
import { drawUniforms } from "./programs/draws";
import { scoreGradientProgram } from "./programs/score-gradient";

type Part = AttentionSaved["parts"][number];

/** The gradients of plain attention, in at most eight passes for each block of documents. */
export function attendBackward(
  device: AttentionDevice,
  dy: Tensor,
  { saved: { layout, parts }, needsKey }: { saved: AttentionSaved; needsKey: boolean },
): AttentionGradients {
  const { ops, placements, runner } = device;
  const { heads } = layout;
  const { rows, queries: queryRows } = rowsOf(layout);
  const width = parts.length === 0 ? dy.shape[1] : heads * parts[0].v.shape[3];
  expectShapes("attentionBackward", { dy: [dy, [queryRows, width]] });
  return ops.tidy(() => {
    const [dq, dv] = [runner.empty(dy.shape), runner.empty([rows, width])];
    const dk = needsKey ? runner.empty(dv.shape) : undefined;
    placements.place(layout).blocks.forEach((block, i) =>
      ops.tidy(() => {
        const part = parts[i];
        const found = blockGradients(device, dy, { block, layout, part });
        const queries = { x: ops.matMul(found.dScores, part.k), scale: scoreScale(layout, width), into: dq };
        const others = [{ x: found.dv, scale: keptFactor(part.dropout), into: dv }];
        if (dk !== undefined)
          others.push({ x: ops.matMul(found.dScores, part.q, { transposeA: true }), scale: 1, into: dk });
        if (isWhole(layout)) return mergeHeads(runner, [queries, ...others], { span: block, heads });
        mergeHeads(runner, [queries], { span: queriesOf(block, layout), heads });
        mergeHeads(runner, others, { span: block, heads });
      }),
    );
    return { dq, dk, dv };
  });
}

/** The gradients of one block's scores [documents, heads, queries, length], and of its values. */
function blockGradients(
  { runner, ops, lanes }: AttentionDevice,
  dy: Tensor,
  { block, layout, part }: { block: PlacedBlock; layout: AttentionLayout; part: Part },
): { dScores: Tensor; dv: Tensor } {
  const { v, context, dropout } = part;
  const weights = weightsOf(part);
  const span = queriesOf(block, layout);
  const heads = { span, heads: layout.heads, zeros: true };
  const [dContext] = splitHeads(runner, [{ x: dy, scale: 1 }], heads); // [documents, heads, queries, headDim]
  const dKept = ops.matMul(dContext, v, { transposeB: true }); // [documents, heads, queries, length]
  const [keys, headDim] = [weights.shape[3], context.shape[3]];
  const program = scoreGradientProgram({ dropout: dropout !== undefined, lanes });
  const call = {
    outputs: dropout === undefined ? [weights.shape] : [weights.shape, weights.shape],
    inputs: [dKept, weights, dContext, context],
    count: sizeOf(weights.shape) / keys,
    uniforms: [keys, headDim, ...(dropout === undefined ? [] : drawUniforms(dropout, 1))],
  };
  const [dScores, keptWeights = weights] = runner.run(program, call); // [documents, heads, queries, length] each
  return { dScores, dv: ops.matMul(keptWeights, dContext, { transposeA: true }) };
}
