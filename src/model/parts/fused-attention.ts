import type { RotaryOptions } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-structure";
import type { LayerPlan } from "./layer-plan";
import type { Linear } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";
import type { Attention, AttentionPartSaved, FusedAttentionSaved } from "./attention";

/** Attention with one linear layer for query, key and value, and rotary positions (ModernBERT). */
export class FusedAttention implements Attention {
  readonly #config: EncoderConfig;

  /** @param modules - fused: [3 width, width], the rows of the query, the key and the value */
  constructor(
    readonly modules: { readonly fused: Linear },
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  get linears(): readonly Linear[] {
    return [this.modules.fused];
  }

  get hasTrainables(): boolean {
    return this.modules.fused.hasTrainables;
  }

  forward(pass: ForwardPass, { x, plan }: { x: Tensor; plan: LayerPlan }): { y: Tensor; saved: FusedAttentionSaved } {
    const { ops } = pass;
    const { numAttentionHeads: heads, attentionDropout } = this.#config;
    const [rows, width] = x.shape;
    const turn = this.#rotary(plan);
    return ops.tidy(() => {
      const { y: all, saved: fused } = this.modules.fused.forward(pass, x); // [rows, 3 width]
      const [q, k, v] = ops.tidy(() =>
        ops
          .splitRows(ops.transpose(ops.reshape(all, [rows, 3, width]), [1, 0, 2]), [1, 1, 1])
          .map((part) => ops.reshape(part, [rows, width])),
      );
      // The first token is at position 0, where the rotation is by 0.
      const queries = plan.span === "first-token" ? ops.gatherRows(q, plan.firstRows) : ops.rotary(q, turn);
      const { y, saved: attention } = ops.attention(
        { q: queries, k: ops.rotary(k, turn), v },
        {
          layout: { heads, groups: plan.groups, span: plan.span, window: plan.window },
          drop: dropoutOf(pass)?.next(attentionDropout),
          keep: pass.kind === "training",
        },
      );
      return { y, saved: { kind: "fused", fused, attention } };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: AttentionPartSaved; plan: LayerPlan; plus: readonly Tensor[]; needsInput: boolean },
  ): { dx: Tensor } | undefined {
    const { ops } = pass;
    const { saved, plan, plus, needsInput } = from;
    if (saved.kind !== "fused") throw new TypeError("The saved state is of another kind of attention.");
    const back = { ...this.#rotary(plan), inverse: true };
    return ops.tidy(() => {
      const { dq, dk, dv } = ops.attentionBackward(dy, saved.attention, { needsKey: true });
      if (dk === undefined) throw new TypeError("The gradient of the keys was not computed.");
      const [rows, width] = dv.shape;
      const dQueries = plan.span === "first-token" ? ops.scatterRows(dq, plan.firstRows, rows) : ops.rotary(dq, back);
      const parts = [dQueries, ops.rotary(dk, back), dv].map((part) => ops.reshape(part, [1, rows, width]));
      const dAll = ops.reshape(ops.transpose(ops.concatRows(parts), [1, 0, 2]), [rows, 3 * width]);
      const dx = this.modules.fused.backward(pass, dAll, { saved: saved.fused, needsInput, onward: { plus } });
      return dx && { dx };
    });
  }

  #rotary({ rotary }: LayerPlan): RotaryOptions {
    if (rotary === undefined) throw new TypeError("A layer with rotary positions needs their angles.");
    return { heads: this.#config.numAttentionHeads, ...rotary };
  }
}
