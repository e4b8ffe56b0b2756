import type { AttentionSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-structure";
import { firstTokenAttention, firstTokenAttentionBackward, type FirstTokenSaved } from "./first-token-attention";
import type { LayerPlan } from "./layer-plan";
import { Linear, type LinearSaved } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** State that self-attention keeps for its backward pass. */
export interface SelfAttentionSaved {
  readonly query: LinearSaved;
  readonly inner:
    | {
        readonly kind: "keys-and-values";
        readonly key: LinearSaved;
        readonly value: LinearSaved;
        readonly attention: AttentionSaved;
      }
    | { readonly kind: "first-token"; readonly saved: FirstTokenSaved };
}

/** Self-attention of one layer, without the linear layer after it: query, key and value are a linear layer each. */
export class SelfAttention {
  readonly #config: EncoderConfig;

  constructor(
    readonly modules: { readonly query: Linear; readonly key: Linear; readonly value: Linear },
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  get linears(): readonly Linear[] {
    const { query, key, value } = this.modules;
    return [query, key, value];
  }

  /**
   * Computes the context [queries, width]. Keys and values are not computed if only first tokens are queries and the
   * weights are frozen.
   *
   * @param inputs - x [rows, width], the input of keys and values; queried [queries, width], the input of the queries
   */
  forward(
    pass: ForwardPass,
    { x, queried, plan }: { x: Tensor; queried: Tensor; plan: LayerPlan },
  ): { y: Tensor; saved: SelfAttentionSaved } {
    const { ops } = pass;
    const { key, value } = this.modules;
    const { numAttentionHeads: heads, attentionDropout: dropout } = this.#config;
    const layout = { heads, groups: plan.groups, span: plan.span };
    return ops.tidy(() => {
      const query = this.modules.query.forward(pass, queried);
      const rounded = pass.kind === "training" && pass.precision === "bfloat16";
      if (layout.span === "first-token" && key.isSeparable(pass) && value.isSeparable(pass) && !rounded) {
        const { y, saved } = firstTokenAttention(pass, { x, q: query.y, key, value }, { layout, dropout });
        return { y, saved: { query: query.saved, inner: { kind: "first-token", saved } } };
      }
      const [k, v] = [key.forward(pass, x), value.forward(pass, x)];
      const drop = dropoutOf(pass)?.next(dropout);
      const { y, saved } = ops.attention(
        { q: query.y, k: k.y, v: v.y },
        { layout, drop, keep: pass.kind === "training" },
      );
      return {
        y,
        saved: {
          query: query.saved,
          inner: { kind: "keys-and-values", key: k.saved, value: v.saved, attention: saved },
        },
      };
    });
  }

  /**
   * Returns the gradient of x [rows, width], or undefined if it is not requested, and adds the gradients of the
   * weights. If only first tokens are queries, `dQueried` [queries, width] is their gradient through the queries, and
   * dx does not include it.
   *
   * @param dy - [queries, width]
   * @param from.plus - other gradients of the queries' input, added to it
   */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, plus, needsInput }: { saved: SelfAttentionSaved; plus: readonly Tensor[]; needsInput: boolean },
  ): { dx: Tensor; dQueried?: Tensor } | undefined {
    const { ops } = pass;
    const { query, key, value } = this.modules;
    const { inner, query: ofQuery } = saved;
    return ops.tidy(() => {
      const onward = { plus };
      const throughQuery = (dq: Tensor): Tensor | undefined =>
        query.backward(pass, dq, { saved: ofQuery, needsInput, onward });
      if (inner.kind === "first-token") {
        const { dq, dx } = firstTokenAttentionBackward(pass, dy, { saved: inner.saved, key, value, needsInput });
        const dQueried = throughQuery(dq);
        return dx === undefined || dQueried === undefined ? undefined : { dx, dQueried };
      }
      const { dq, dk, dv } = ops.attentionBackward(dy, inner.attention, { needsKey: needsInput || key.hasTrainables });
      const inward = [
        ...(dk === undefined ? [] : [{ linear: key, dy: dk, saved: inner.key }]),
        { linear: value, dy: dv, saved: inner.value },
      ];
      if (inner.attention.layout.span === "first-token") {
        const dQueried = throughQuery(dq);
        const dx = Linear.backwardOfAll(pass, inward, { needsInput });
        return dx && { dx, dQueried };
      }
      const dx = Linear.backwardOfAll(pass, [{ linear: query, dy: dq, saved: ofQuery }, ...inward], {
        needsInput,
        onward,
      });
      return dx && { dx };
    });
  }
}
