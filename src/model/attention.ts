import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
import { applyUnscaledDropout } from "./dropout";
import type { LengthGroup } from "./packed-batch";
import { dropoutOf, type ForwardPass } from "./pass";

/** Where the queries stand: at every token, or at each document's first token alone. */
export type QuerySpan = "every-token" | "first-token";

/** How attention is laid out. */
export interface AttentionOptions {
  readonly heads: number;
  readonly groups: readonly LengthGroup[];
  readonly span: QuerySpan;
}

/** What attention keeps of one group; heads are [documents, heads, tokens, headDim]. */
export interface AttentionSaved {
  readonly q: Tensor;
  readonly k: Tensor;
  /** Under dropout, times 1 / (1 - rate): so the weights need no factor. */
  readonly v: Tensor;
  /** Weights before dropout: [documents, heads, queries, length]. */
  readonly weights: Tensor;
  /** Weights that dropout left, the others 0; undefined without dropout. */
  readonly kept?: Tensor;
  readonly factor: number;
  readonly context: Tensor;
}

/**
 * Scaled dot-product attention (Vaswani et al., 2017) within each document of a packed batch.
 *
 * @param inputs - q, already divided by sqrt(headDim), [queries, width]; k and v [rows, width]
 * @returns the context [queries, width]
 */
export function attentionForward(pass: ForwardPass, inputs: { q: Tensor; k: Tensor; v: Tensor }, options: AttentionOptions & { dropout: number }): { y: Tensor; saved: AttentionSaved[] } {
  const { ops } = pass;
  const { heads, groups, span, dropout } = options;
  return ops.tidy(() => {
    const parts = groups.map((group) =>
      ops.tidy(() => {
        const q = splitHeads(ops, inputs.q, { group: queryGroup(group, span), heads });
        const k = splitHeads(ops, inputs.k, { group, heads });
        const weights = ops.softmax(ops.matMul(q, k, { transposeB: true })); // [documents, heads, queries, length]
        const { y: kept, keep, factor } = applyUnscaledDropout(weights, { ops, source: dropoutOf(pass), rate: dropout });
        const plain = splitHeads(ops, inputs.v, { group, heads });
        const v = keep === undefined ? plain : ops.scale(plain, factor);
        const context = ops.matMul(kept, v); // [documents, heads, queries, headDim]
        return { y: mergeHeads(ops, context), saved: { q, k, v, weights, kept: keep === undefined ? undefined : kept, factor, context } };
      }),
    );
    return { y: concat(ops, parts.map((part) => part.y)), saved: parts.map((part) => part.saved) };
  });
}

/**
 * The gradients of attention for its three inputs. By rowsum(dP * P) = rowsum(dO * O) the softmax's backward pass
 * needs no product of the size of the weights (Dao et al., FlashAttention, 2022), with dropout too. With D dropout's
 * zeros and ones, the scores' gradient (dP * D - rowsum) * P is dP * (P * D) - rowsum * P: the mask is not kept.
 *
 * @param dy - gradient for the context: [queries, width]
 * @returns `dk` undefined where it is not asked for
 */
export function attentionBackward(ops: Ops, dy: Tensor, options: AttentionOptions & { saved: readonly AttentionSaved[]; needsKey: boolean }): { dq: Tensor; dk: Tensor | undefined; dv: Tensor } {
  const { heads, groups, span, needsKey } = options;
  return ops.tidy(() => {
    const parts = groups.map((group, i) =>
      ops.tidy(() => {
        const saved = options.saved[i];
        const dContext = splitHeads(ops, dy, { group: queryGroup(group, span), heads });
        const dV = ops.matMul(saved.kept ?? saved.weights, dContext, { transposeA: true }); // [documents, heads, length, headDim]
        const dScores = scoresBackward(ops, dContext, saved); // [documents, heads, queries, length]
        const dq = ops.matMul(dScores, saved.k);
        const dk = needsKey ? mergeHeads(ops, ops.matMul(dScores, saved.q, { transposeA: true })) : undefined;
        return { dq: mergeHeads(ops, dq), dk, dv: mergeHeads(ops, saved.kept === undefined ? dV : ops.scale(dV, saved.factor)) };
      }),
    );
    return { dq: concat(ops, parts.map((p) => p.dq)), dk: needsKey ? concat(ops, parts.flatMap(({ dk }) => dk ?? [])) : undefined, dv: concat(ops, parts.map((p) => p.dv)) };
  });
}

/** The gradient of the scores under the softmax and dropout. */
function scoresBackward(ops: Ops, dContext: Tensor, { weights, kept, v, context }: AttentionSaved): Tensor {
  return ops.tidy(() => {
    const dKept = ops.matMul(dContext, v, { transposeB: true }); // [documents, heads, queries, length]
    const rowSums = ops.sum(ops.mul(dContext, context), [3], { keepDims: true }); // [documents, heads, queries, 1]
    if (kept === undefined) return ops.mul(ops.sub(dKept, rowSums), weights);
    return ops.sub(ops.mul(dKept, kept), ops.mul(weights, rowSums));
  });
}

/** With queries at first tokens alone, a group's queries are one row for each document. */
function queryGroup(group: LengthGroup, span: QuerySpan): LengthGroup {
  return span === "every-token" ? group : { ...group, row: group.document, length: 1 };
}

/** A group's rows [documents * length, width] as [documents, heads, length, headDim]. */
function splitHeads(ops: Ops, x: Tensor, { group, heads }: { group: LengthGroup; heads: number }): Tensor {
  const width = x.shape[1];
  return ops.tidy(() => {
    const rows = ops.sliceRows(x, group.row, group.documents * group.length);
    return ops.transpose(ops.reshape(rows, [group.documents, group.length, heads, width / heads]), [0, 2, 1, 3]);
  });
}

/** The inverse of {@link splitHeads}: [documents, heads, length, headDim] as [documents * length, width]. */
function mergeHeads(ops: Ops, x: Tensor): Tensor {
  const [documents, heads, length, headDim] = x.shape;
  return ops.tidy(() => ops.reshape(ops.transpose(x, [0, 2, 1, 3]), [documents * length, heads * headDim]));
}

function concat(ops: Ops, parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : ops.concatRows(parts);
}
