import { isPlain, scoreScale } from "../attention-reach";
import type { PlacedBlock } from "../composed/placements";
import { keptFactor } from "../composed/residual-norm";
import { blockDropout } from "../dropout-block";
import type {
  AttentionInputs,
  AttentionLayout,
  AttentionOptions,
  AttentionResult,
  AttentionSaved,
  Drop,
  Ops,
} from "../ops";
import type { AttentionDevice } from "./attention-device";
import { isWhole, mergeHeads, queriesOf, rowsOf, splitHeads } from "./attention-heads";
import { expectShapes } from "./expect-shapes";
import { attendBackward } from "./fused-attention-backward";
import { fusedSoftmax } from "./fused-softmax";

type Part = AttentionSaved["parts"][number];

/**
 * Five passes forward (six if only first tokens are queries), at most eight backward, for each block of documents.
 * Masks are drawn when they are used, and never stored.
 */
export function fusedAttention(device: AttentionDevice): Pick<Ops, "attention" | "attentionBackward" | "softmax"> {
  const { composed } = device;
  return {
    softmax: (x) => fusedSoftmax(device, x, {}).weights,
    attention: (inputs, options) =>
      isPlain(inputs, options.layout) ? attend(device, inputs, options) : composed.attention(inputs, options),
    attentionBackward: (dy, saved, options) =>
      saved.relative === undefined
        ? attendBackward(device, dy, { saved, needsKey: options.needsKey })
        : composed.attentionBackward(dy, saved, options),
  };
}

function attend(
  device: AttentionDevice,
  inputs: AttentionInputs,
  { layout, drop, keep }: AttentionOptions,
): AttentionResult {
  const { ops, placements, runner } = device;
  const { heads } = layout;
  expectLayout(inputs, layout);
  return ops.tidy(() => {
    const y = runner.empty(inputs.q.shape);
    const parts = placements.place(layout).blocks.map((block, i) => {
      const part = attendBlock(device, inputs, { block, layout, drop: drop && blockDropout(drop, i) });
      mergeHeads(runner, [{ x: part.context, scale: 1, into: y }], { span: queriesOf(block, layout), heads });
      return part;
    });
    return { y, saved: { layout, parts: keep ? parts : [] } };
  });
}

/** @throws RangeError if the inputs do not fit the layout */
function expectLayout({ q, k, v }: AttentionInputs, layout: AttentionLayout): void {
  const { rows, queries } = rowsOf(layout);
  const width = q.shape[1];
  expectShapes("attention", { q: [q, [queries, width]], k: [k, [rows, width]], v: [v, [rows, width]] });
  if (width % layout.heads !== 0)
    throw new RangeError(`attention: the width must be a multiple of ${layout.heads} heads; got ${width}.`);
}

function attendBlock(
  { ops, runner, lanes }: AttentionDevice,
  inputs: AttentionInputs,
  { block, layout, drop }: { block: PlacedBlock; layout: AttentionLayout; drop: Drop | undefined },
): Part {
  const { heads } = layout;
  return ops.tidy(() => {
    const queries = { x: inputs.q, scale: scoreScale(layout, inputs.q.shape[1]) };
    // Scales the values by dropout's factor; the weights then need no scaling.
    const others = [
      { x: inputs.k, scale: 1 },
      { x: inputs.v, scale: keptFactor(drop) },
    ];
    const [q, k, v] = isWhole(layout)
      ? splitHeads(runner, [queries, ...others], { span: block, heads })
      : [
          ...splitHeads(runner, [queries], { span: queriesOf(block, layout), heads }),
          ...splitHeads(runner, others, { span: block, heads }),
        ]; // q [documents, heads, queries, headDim]; k and v [documents, heads, length, headDim]
    const scores = ops.matMul(q, k, { transposeB: true }); // [documents, heads, queries, length]
    const { weights, keptWeights } = fusedSoftmax({ runner, lanes }, scores, { hidden: block.filling?.hidden, drop });
    return { q, k, v, weights, dropout: drop, context: ops.matMul(keptWeights, v) };
  });
}
