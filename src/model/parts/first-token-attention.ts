import type { AttentionLayout, Ops, PoolSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { Linear, LinearSaved } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** State that {@link firstTokenAttention} keeps for its backward pass. */
export interface FirstTokenSaved {
  readonly pool: PoolSaved;
  readonly key?: LinearSaved;
  readonly value?: LinearSaved;
}

/**
 * Attention in which only each document's first token is a query. It does not compute keys and values. With one query
 * per head it is cheaper to multiply the query by the key's weights, and the weighted mean of the tokens by the value's
 * weights:
 *
 * scores = (q Wk) x',   context = (dropout(softmax(scores)) x) Wv' + sum(weights) bv
 *
 * The key's bias adds the same number to all scores of a query, so softmax cancels it. The adapters' low-rank updates
 * of keys and values are computed for every token.
 *
 * @param inputs - x [rows, width], q [documents, width]; key and value must be {@link Linear.isSeparable}
 * @returns the context [documents, width]
 */
export function firstTokenAttention(
  pass: ForwardPass,
  inputs: { x: Tensor; q: Tensor; key: Linear; value: Linear },
  { layout, dropout }: { layout: AttentionLayout; dropout: number },
): { y: Tensor; saved: FirstTokenSaved } {
  const { ops } = pass;
  const { x, key, value } = inputs;
  const { heads } = layout;
  const [documents, width] = inputs.q.shape;
  return ops.tidy(() => {
    const [fromKey, fromValue] = [key.update(pass, x), value.update(pass, x)]; // y [rows, width]
    const drop = dropoutOf(pass)?.next(dropout);
    const q = ops.scale(inputs.q, Math.sqrt(heads / width));
    const u = throughHeads(ops, ops.reshape(q, [documents, heads, width / heads]), {
      by: headsOf(ops, key, heads),
      transposed: false,
    }); // [documents, heads, width]
    const {
      pooled,
      sums,
      update,
      saved: pool,
    } = ops.poolTokens(
      { x, u, key: fromKey && { q, y: fromKey.y }, value: fromValue?.y },
      { layout, drop, keep: pass.kind === "training" },
    );
    // [documents, heads, headDim]
    const own = throughHeads(ops, pooled, { by: headsOf(ops, value, heads), transposed: true });
    const bias = ops.mul(sums, ops.reshape(value.ownBias, [1, heads, width / heads]));
    const y = ops.addN([own, bias].map((part) => ops.reshape(part, [documents, width])).concat(update ?? []));
    return { y, saved: { pool, key: fromKey?.saved, value: fromValue?.saved } };
  });
}

/**
 * The gradients of {@link firstTokenAttention}'s inputs. Adds those of its adapters' weights.
 *
 * @param dy - [documents, width]
 * @returns dq [documents, width], and dx [rows, width], undefined if it is not requested
 */
export function firstTokenAttentionBackward(
  pass: BackwardPass,
  dy: Tensor,
  from: { saved: FirstTokenSaved; key: Linear; value: Linear; needsInput: boolean },
): { dq: Tensor; dx: Tensor | undefined } {
  const { ops } = pass;
  const { saved, key, value, needsInput } = from;
  const { heads } = saved.pool.layout;
  const [documents, width] = dy.shape;
  return ops.tidy(() => {
    const dContext = ops.reshape(dy, [documents, heads, width / heads]);
    // [documents, heads, width]
    const dPooled = throughHeads(ops, dContext, { by: headsOf(ops, value, heads), transposed: false });
    const dSums = ops.sum(ops.mul(dContext, ops.reshape(value.ownBias, [1, heads, width / heads])), [2], {
      keepDims: true,
    }); // [documents, heads, 1]
    const through = ops.poolTokensBackward({ dPooled, dSums, dUpdate: dy }, saved.pool, { needsInput });
    const dQuery = ops.reshape(throughHeads(ops, through.du, { by: headsOf(ops, key, heads), transposed: true }), [
      documents,
      width,
    ]);
    const dq = ops.scale(
      through.key === undefined ? dQuery : ops.add(dQuery, through.key.dq),
      Math.sqrt(heads / width),
    );
    const updates = [
      saved.key && through.key && key.updateBackward(pass, through.key.dy, { saved: saved.key, needsInput }),
      saved.value && through.dValue && value.updateBackward(pass, through.dValue, { saved: saved.value, needsInput }),
    ].flatMap((update) => update ?? []);
    return { dq, dx: through.dx && ops.addN([through.dx, ...updates]) };
  });
}

/** A weight [heads * headDim, width] as [heads, headDim, width]. */
function headsOf(ops: Ops, linear: Linear, heads: number): Tensor {
  const weight = linear.ownWeight;
  return ops.reshape(weight, [heads, weight.shape[0] / heads, weight.shape[1]]);
}

/**
 * Multiplies each head of x [documents, heads, in] by its own matrix of `by` [heads, in, out], or [heads, out, in]
 * transposed: [documents, heads, out].
 */
function throughHeads(ops: Ops, x: Tensor, { by, transposed }: { by: Tensor; transposed: boolean }): Tensor {
  return ops.tidy(() =>
    ops.transpose(ops.matMul(ops.transpose(x, [1, 0, 2]), by, { transposeB: transposed }), [1, 0, 2]),
  );
}
