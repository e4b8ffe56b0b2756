import type { DropoutSaved, HeadsLayout, Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";
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
  /** Divided by sqrt(headDim). */
  readonly q: Tensor;
  readonly k: Tensor;
  /** Under dropout, times 1 / (1 - rate): so the weights need no factor. */
  readonly v: Tensor;
  /** Weights before dropout: [documents, heads, queries, length]. */
  readonly weights: Tensor;
  readonly dropout?: DropoutSaved;
  readonly context: Tensor;
}

/**
 * Scaled dot-product attention (Vaswani et al., 2017) within each document of a packed batch.
 *
 * @param inputs - q [queries, width]; k and v [rows, width]
 * @returns the context [queries, width]
 */
export function attentionForward(pass: ForwardPass, inputs: { q: Tensor; k: Tensor; v: Tensor }, options: AttentionOptions & { dropout: number }): { y: Tensor; saved: AttentionSaved[] } {
  const { ops } = pass;
  const { heads, groups, span, dropout } = options;
  return ops.tidy(() => {
    const saved = groups.map((group) =>
      ops.tidy((): AttentionSaved => {
        const drop = dropoutOf(pass)?.next(dropout);
        const query = { x: inputs.q, scale: scaleOf(inputs.q, heads) };
        const key = { x: inputs.k, scale: 1 };
        const value = { x: inputs.v, scale: factorOf(drop) };
        const layout = { ...group, heads };
        const [q, k, v] = span === "every-token" ? ops.splitHeads([query, key, value], layout) : [...ops.splitHeads([query], queryLayout(group, { heads, span })), ...ops.splitHeads([key, value], layout)];
        const { weights, kept, dropout: drawn } = ops.attentionWeights(ops.matMul(q, k, { transposeB: true }), drop); // [documents, heads, queries, length]
        return { q, k, v, weights, dropout: drawn, context: ops.matMul(kept, v) }; // context [documents, heads, queries, headDim]
      }),
    );
    return { y: ops.mergeHeads(saved.map(({ context }) => context), 1), saved };
  });
}

/**
 * The gradients of attention for its three inputs.
 *
 * @param dy - gradient for the context: [queries, width]
 * @returns `dk` undefined where it is not asked for
 */
export function attentionBackward(ops: Ops, dy: Tensor, options: AttentionOptions & { saved: readonly AttentionSaved[]; needsKey: boolean }): { dq: Tensor; dk: Tensor | undefined; dv: Tensor } {
  const { heads, groups, span, needsKey } = options;
  return ops.tidy(() => {
    const parts = groups.map((group, i) =>
      ops.tidy(() => {
        const { q, k, v, ...saved } = options.saved[i];
        const [dContext] = ops.splitHeads([{ x: dy, scale: 1 }], queryLayout(group, { heads, span }));
        const dKept = ops.matMul(dContext, v, { transposeB: true }); // [documents, heads, queries, length]
        const { dScores, kept } = ops.attentionWeightsBackward(dKept, { ...saved, dropout: saved.dropout, dContext });
        const dv = ops.matMul(kept, dContext, { transposeA: true }); // [documents, heads, length, headDim]
        return { dq: ops.matMul(dScores, k), dk: needsKey ? ops.matMul(dScores, q, { transposeA: true }) : undefined, dv };
      }),
    );
    return {
      dq: ops.mergeHeads(parts.map((part) => part.dq), scaleOf(dy, heads)),
      dk: needsKey ? ops.mergeHeads(parts.flatMap(({ dk }) => dk ?? []), 1) : undefined,
      dv: ops.mergeHeads(parts.map((part) => part.dv), factorOf(options.saved[0]?.dropout)),
    };
  });
}

/** 1 / sqrt(headDim). */
function scaleOf(q: Tensor, heads: number): number {
  return 1 / Math.sqrt(q.shape[1] / heads);
}

/** What dropout multiplies by what it keeps. */
function factorOf(drop: { readonly rate: number } | undefined): number {
  return drop === undefined ? 1 : 1 / (1 - drop.rate);
}

/** With queries at first tokens alone, a group's queries are one row for each document. */
function queryLayout(group: LengthGroup, { heads, span }: { heads: number; span: QuerySpan }): HeadsLayout {
  return span === "every-token" ? { ...group, heads } : { documents: group.documents, row: group.document, length: 1, heads };
}
