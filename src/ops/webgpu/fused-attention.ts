import { isPlain, scoreScale } from "../attention-reach";
import type { PlacedBlock, Placements } from "../composed/placements";
import { keptFactor } from "../composed/residual-norm";
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
import { sizeOf, type Tensor } from "../tensor";
import type { RowDevice } from "./fused-norms";
import { drawUniforms } from "./programs/draws";
import { mergeHeadsProgram } from "./programs/merge-heads";
import { scoreGradientProgram } from "./programs/score-gradient";
import { softmaxProgram } from "./programs/softmax";
import { splitHeadsProgram } from "./programs/split-heads";

/** Device of {@link fusedAttention}. */
export interface AttentionDevice extends RowDevice {
  /** The ops; their attention is still the composed one. */
  readonly ops: Ops;
  readonly placements: Placements;
}

type Part = AttentionSaved["parts"][number];

/** Tokens of a block's documents: all of them, or the first ones. */
type Span = Pick<PlacedBlock, "row" | "documents" | "length" | "filling">;

/** A matrix, and the factor of its numbers. */
interface Scaled {
  readonly x: Tensor;
  readonly scale: number;
}

/**
 * Attention in five passes forward and at most eight backward for each block of documents: heads, two to four products,
 * and one pass for all that lies between two products. Masks are drawn when they are used, and never stored.
 */
export function fusedAttention(device: AttentionDevice): Pick<Ops, "attention" | "attentionBackward" | "softmax"> {
  const composed = { ...device.ops };
  return {
    softmax: (x) => softmax(device, x, {}).weights,
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
  return ops.tidy(() => {
    const y = runner.empty(inputs.q.shape);
    const parts = placements.place(layout).blocks.map((block, i) => {
      const part = attendBlock(device, inputs, { block, layout, drop: drop && blockDropout(drop, i) });
      merge(device, [{ x: part.context, scale: 1, into: y }], { span: queriesOf(block, layout), heads: layout.heads });
      return part;
    });
    return { y, saved: { layout, parts: keep ? parts : [] } };
  });
}

function attendBlock(
  device: AttentionDevice,
  inputs: AttentionInputs,
  { block, layout, drop }: { block: PlacedBlock; layout: AttentionLayout; drop: Drop | undefined },
): Part {
  const { ops } = device;
  const { heads } = layout;
  return ops.tidy(() => {
    const queries = { x: inputs.q, scale: scoreScale(layout, inputs.q.shape[1]) };
    // Scales the values by dropout's factor; the weights then need no scaling.
    const others = [
      { x: inputs.k, scale: 1 },
      { x: inputs.v, scale: keptFactor(drop) },
    ];
    const [q, k, v] = isWhole(layout)
      ? split(device, [queries, ...others], { span: block, heads })
      : [
          ...split(device, [queries], { span: queriesOf(block, layout), heads }),
          ...split(device, others, { span: block, heads }),
        ];
    const scores = ops.matMul(q, k, { transposeB: true }); // [documents, heads, queries, length]
    const { weights, kept } = softmax(device, scores, { hidden: block.filling?.hidden, drop });
    return { q, k, v, weights, dropout: drop, context: ops.matMul(kept, v) };
  });
}

function attendBackward(
  device: AttentionDevice,
  dy: Tensor,
  { saved: { layout, parts }, needsKey }: { saved: AttentionSaved; needsKey: boolean },
): AttentionGradients {
  const { ops, placements, runner } = device;
  const { groups, heads } = layout;
  const rows = groups.reduce((sum, { documents, length }) => sum + documents * length, 0);
  return ops.tidy(() => {
    const [dq, dv] = [runner.empty(dy.shape), runner.empty([rows, dy.shape[1]])];
    const dk = needsKey ? runner.empty(dv.shape) : undefined;
    placements.place(layout).blocks.forEach((block, i) =>
      ops.tidy(() => {
        const part = parts[i];
        const found = blockGradients(device, dy, { block, layout, part });
        const queries = { x: ops.matMul(found.dScores, part.k), scale: scoreScale(layout, dy.shape[1]), into: dq };
        const others = [{ x: found.dv, scale: keptFactor(part.dropout), into: dv }];
        if (dk !== undefined)
          others.push({ x: ops.matMul(found.dScores, part.q, { transposeA: true }), scale: 1, into: dk });
        if (isWhole(layout)) return merge(device, [queries, ...others], { span: block, heads });
        merge(device, [queries], { span: queriesOf(block, layout), heads });
        merge(device, others, { span: block, heads });
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
  const { v, weights, context, dropout } = part;
  const span = queriesOf(block, layout);
  const [dContext] = split({ runner }, [{ x: dy, scale: 1 }], { span, heads: layout.heads, zeros: true });
  const dKept = ops.matMul(dContext, v, { transposeB: true });
  const [keys, headDim] = [weights.shape[3], context.shape[3]];
  const [dScores, kept = weights] = runner.run(scoreGradientProgram({ dropout: dropout !== undefined, lanes }), {
    outputs: dropout === undefined ? [weights.shape] : [weights.shape, weights.shape],
    inputs: [dKept, weights, dContext, context],
    count: sizeOf(weights.shape) / keys,
    uniforms: [keys, headDim, ...(dropout === undefined ? [] : drawUniforms(dropout, 1))],
  });
  return { dScores, dv: ops.matMul(kept, dContext, { transposeA: true }) };
}

/** Softmax along the last axis. `kept` holds the weights that dropout keeps, unscaled. */
function softmax(
  { runner, lanes }: RowDevice,
  scores: Tensor,
  { hidden, drop }: { hidden?: Tensor | undefined; drop?: Drop | undefined },
): { weights: Tensor; kept: Tensor } {
  const { shape } = scores;
  const width = shape[shape.length - 1];
  const count = width === 0 ? 0 : sizeOf(shape) / width;
  const form = { hidden: hidden !== undefined, dropout: drop !== undefined, lanes };
  const [weights, kept = weights] = runner.run(softmaxProgram(form), {
    outputs: drop === undefined ? [shape] : [shape, shape],
    inputs: [scores, ...(hidden === undefined ? [] : [hidden])],
    count,
    uniforms: [width, Math.max(1, count / shape[0]), ...(drop === undefined ? [] : drawUniforms(drop, 1))],
  });
  return { weights, kept };
}

/** Rows [rows, width] as heads [documents, heads, length, headDim]; with `zeros`, padding is 0. */
function split(
  { runner }: Pick<RowDevice, "runner">,
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

/** Writes heads of a block into rows; the inverse of {@link split}. */
function merge(
  { runner }: Pick<RowDevice, "runner">,
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
function queriesOf(block: PlacedBlock, layout: AttentionLayout): Span {
  if (isWhole(layout)) return block;
  return { row: block.document, documents: block.documents, length: 1, filling: undefined };
}

function isWhole({ span }: AttentionLayout): boolean {
  return span === "every-token";
}
