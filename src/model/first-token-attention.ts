import { dropOfGroup } from "../device/drop-of-group";
import type { AttentionLayout, DropoutSaved, LengthGroup, Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
import type { Linear, LinearSaved } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** What {@link firstTokenAttention} keeps for its backward pass. */
export interface FirstTokenSaved {
  readonly layout: AttentionLayout;
  /** The layer's input [rows, width]. */
  readonly x: Tensor;
  /** Queries, divided by sqrt(headDim): [documents, heads, 1, headDim]. */
  readonly q: Tensor;
  /** Queries through the key's weights: [documents, heads, width]. */
  readonly u: Tensor;
  readonly groups: readonly { readonly weights: Tensor; readonly kept: Tensor; readonly dropout?: DropoutSaved }[];
  readonly key?: { readonly y: Tensor; readonly saved: LinearSaved };
  readonly value?: { readonly y: Tensor; readonly saved: LinearSaved };
}

/**
 * Attention with a query at each document's first token alone, and keys and values never made: with one query a head it is
 * cheaper to take the query through the key's weights, and the mean of the tokens through the value's,
 *
 *     scores = (q Wk) x',   context = (dropout(softmax(scores)) x) Wv' + sum(weights) bv
 *
 * The key's bias moves all scores of a query alike and falls out. What adapters add to keys and values, of a low rank, is
 * made for every token.
 *
 * @param inputs - x [rows, width], q [documents, width]; key and value with weights of their own {@link Linear.apart}
 * @returns the context [documents, width]
 */
export function firstTokenAttention(pass: ForwardPass, inputs: { x: Tensor; q: Tensor; key: Linear; value: Linear }, { layout, dropout }: { layout: AttentionLayout; dropout: number }): { y: Tensor; saved: FirstTokenSaved } {
  const { ops } = pass;
  const { x, key, value } = inputs;
  const { heads, groups } = layout;
  const [documents, width] = inputs.q.shape;
  const headDim = width / heads;
  return ops.tidy(() => {
    const [fromKey, fromValue] = [key.update(pass, x), value.update(pass, x)]; // y [rows, width]
    const drop = dropoutOf(pass)?.next(dropout);
    const q = ops.scale(ops.reshape(inputs.q, [documents, heads, 1, headDim]), 1 / Math.sqrt(headDim));
    const u = throughHeads(ops, q, { by: headsOf(ops, key, heads), transposed: false }); // [documents, heads, width]
    const parts = groups.map((group, i) =>
      ops.tidy(() => {
        const tokens = tokensOf(ops, x, group); // [documents, length, width]
        const plain = ops.matMul(ops.sliceRows(u, group.document, group.documents), tokens, { transposeB: true }); // [documents, heads, length]
        const scores = fromKey === undefined ? plain : ops.add(plain, ops.reshape(ops.matMul(ops.sliceRows(q, group.document, group.documents), splitTokens(ops, fromKey.y, { group, heads }), { transposeB: true }), plain.shape));
        const weights = ops.softmax(scores);
        const dropped = drop && ops.dropout(weights, dropOfGroup(drop, i));
        const kept = dropped?.y ?? weights;
        const sum = ops.sum(kept, [2], { keepDims: true }); // [documents, heads, 1]
        const update = fromValue && ops.matMul(ops.reshape(kept, [group.documents, heads, 1, group.length]), splitTokens(ops, fromValue.y, { group, heads })); // [documents, heads, 1, headDim]
        return { pooled: ops.matMul(kept, tokens), sum, update, saved: { weights, kept, dropout: dropped?.saved } };
      }),
    );
    const pooled = joined(ops, parts.map((part) => part.pooled)); // [documents, heads, width]
    const own = throughHeads(ops, pooled, { by: headsOf(ops, value, heads), transposed: true }); // [documents, heads, headDim]
    const bias = ops.mul(joined(ops, parts.map(({ sum }) => sum)), ops.reshape(value.own.bias, [1, heads, headDim]));
    const updates = parts.flatMap(({ update }) => update ?? []);
    const context = ops.addN([own, bias, ...(updates.length === 0 ? [] : [ops.reshape(joined(ops, updates), own.shape)])]);
    return { y: ops.reshape(context, [documents, width]), saved: { layout, x, q, u, groups: parts.map(({ saved }) => saved), key: fromKey, value: fromValue } };
  });
}

/**
 * The gradients of {@link firstTokenAttention}; those of its adapters' weights on the way.
 *
 * @param dy - [documents, width]
 * @returns dq [documents, width] and dx [rows, width], undefined where it is not asked for
 */
export function firstTokenAttentionBackward(pass: BackwardPass, dy: Tensor, from: { saved: FirstTokenSaved; key: Linear; value: Linear; needsInput: boolean }): { dq: Tensor; dx: Tensor | undefined } {
  const { ops } = pass;
  const { saved, key, value, needsInput } = from;
  const { heads, groups } = saved.layout;
  const [documents, width] = dy.shape;
  const headDim = width / heads;
  return ops.tidy(() => {
    const dContext = ops.reshape(dy, [documents, heads, 1, headDim]);
    const dPooled = throughHeads(ops, dContext, { by: headsOf(ops, value, heads), transposed: false }); // [documents, heads, width]
    const bias = ops.reshape(value.own.bias, [1, heads, 1, headDim]);
    const dSum = ops.sum(ops.mul(dContext, bias), [3]); // [documents, heads]
    const parts = groups.map((group, i) =>
      ops.tidy(() => {
        const { weights, kept, dropout } = saved.groups[i];
        const { document, documents: count, length } = group;
        const tokens = tokensOf(ops, saved.x, group);
        const [dPool, dOut, u, q] = [dPooled, dContext, saved.u, saved.q].map((all) => ops.sliceRows(all, document, count));
        const throughBias = ops.reshape(ops.sliceRows(dSum, document, count), [count, heads, 1]);
        const throughTokens = ops.add(ops.matMul(dPool, tokens, { transposeB: true }), throughBias); // [documents, heads, length]
        const dKept = saved.value === undefined ? throughTokens : ops.add(throughTokens, ops.reshape(ops.matMul(dOut, splitTokens(ops, saved.value.y, { group, heads }), { transposeB: true }), throughTokens.shape));
        const dWeights = dropout === undefined ? dKept : ops.dropoutBackward(dKept, dropout);
        const dScores = ops.mul(ops.sub(dWeights, ops.sum(ops.mul(dWeights, weights), [2], { keepDims: true })), weights);
        const dx = needsInput ? ops.reshape(ops.add(ops.matMul(dScores, u, { transposeA: true }), ops.matMul(kept, dPool, { transposeA: true })), [count * length, width]) : undefined;
        const row = [count, heads, 1, length];
        const dKey = saved.key && mergeTokens(ops, ops.matMul(ops.reshape(dScores, row), q, { transposeA: true })); // [rows, width]
        const dq = saved.key && ops.matMul(ops.reshape(dScores, row), splitTokens(ops, saved.key.y, { group, heads })); // [documents, heads, 1, headDim]
        const dValue = saved.value && mergeTokens(ops, ops.matMul(ops.reshape(kept, row), dOut, { transposeA: true })); // [rows, width]
        return { du: ops.matMul(dScores, tokens), dx, dKey, dq, dValue };
      }),
    );
    const dQuery = throughHeads(ops, joined(ops, parts.map(({ du }) => du)), { by: headsOf(ops, key, heads), transposed: true }); // [documents, heads, headDim]
    const more = parts.flatMap(({ dq }) => dq ?? []);
    const all = more.length === 0 ? dQuery : ops.add(dQuery, ops.reshape(joined(ops, more), dQuery.shape));
    const updates = [
      saved.key && key.updateBackward(pass, joined(ops, parts.flatMap(({ dKey }) => dKey ?? [])), { saved: saved.key.saved, needsInput }),
      saved.value && value.updateBackward(pass, joined(ops, parts.flatMap(({ dValue }) => dValue ?? [])), { saved: saved.value.saved, needsInput }),
    ];
    const dq = ops.reshape(ops.scale(all, 1 / Math.sqrt(headDim)), [documents, width]);
    if (!needsInput) return { dq, dx: undefined };
    return { dq, dx: ops.addN([joined(ops, parts.flatMap(({ dx }) => dx ?? [])), ...updates.flatMap((update) => update ?? [])]) };
  });
}

/** A weight [heads * headDim, width] as [heads, headDim, width]. */
function headsOf(ops: Ops, linear: Linear, heads: number): Tensor {
  const { weight } = linear.own;
  return ops.reshape(weight, [heads, weight.shape[0] / heads, weight.shape[1]]);
}

/** Each head of x [documents, heads, (1,) in] times its own matrix of `by` [heads, in, out], or [heads, out, in] transposed: [documents, heads, out]. */
function throughHeads(ops: Ops, x: Tensor, { by, transposed }: { by: Tensor; transposed: boolean }): Tensor {
  const [documents, heads] = x.shape;
  return ops.tidy(() => {
    const byHead = ops.transpose(ops.reshape(x, [documents, heads, x.shape[x.shape.length - 1]]), [1, 0, 2]); // [heads, documents, in]
    return ops.transpose(ops.matMul(byHead, by, { transposeB: transposed }), [1, 0, 2]);
  });
}

/** A group's rows as [documents, length, width]. */
function tokensOf(ops: Ops, x: Tensor, { row, documents, length }: LengthGroup): Tensor {
  return ops.tidy(() => ops.reshape(ops.sliceRows(x, row, documents * length), [documents, length, x.shape[1]]));
}

/** A group's rows as [documents, heads, length, headDim]. */
function splitTokens(ops: Ops, x: Tensor, { group, heads }: { group: LengthGroup; heads: number }): Tensor {
  const { documents, length } = group;
  return ops.tidy(() => ops.transpose(ops.reshape(tokensOf(ops, x, group), [documents, length, heads, x.shape[1] / heads]), [0, 2, 1, 3]));
}

/** The inverse: [documents, heads, length, headDim] as rows. */
function mergeTokens(ops: Ops, x: Tensor): Tensor {
  const [documents, heads, length, headDim] = x.shape;
  return ops.tidy(() => ops.reshape(ops.transpose(x, [0, 2, 1, 3]), [documents * length, heads * headDim]));
}

function joined(ops: Ops, parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : ops.concatRows(parts);
}
