import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-structure";
import type { Attention, AttentionPartSaved, SelfAttentionSaved } from "./attention";
import { firstTokenAttention, firstTokenAttentionBackward } from "./first-token-attention";
import type { LayerPlan } from "./layer-plan";
import type { Linear } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";
import { projectionsBackward } from "./projections-backward";
import type { RelativeBias } from "./relative-bias";

/** Attention with a linear layer each for query, key and value. */
export class SelfAttention implements Attention {
  readonly #config: EncoderConfig;
  readonly #relative: RelativeBias | undefined;

  /** @param options.relative - the table of the scores' addends, which all layers share */
  constructor(
    readonly modules: { readonly query: Linear; readonly key: Linear; readonly value: Linear },
    { config, relative }: { config: EncoderConfig; relative: RelativeBias | undefined },
  ) {
    this.#config = config;
    this.#relative = relative;
  }

  get linears(): readonly Linear[] {
    const { query, key, value } = this.modules;
    return [query, key, value];
  }

  get hasTrainables(): boolean {
    return this.linears.some((linear) => linear.hasTrainables) || this.#relative?.hasTrainables === true;
  }

  /** Keys and values are not computed if only first tokens are queries and the weights are frozen. */
  forward(
    pass: ForwardPass,
    { x, queried, plan }: { x: Tensor; queried: Tensor; plan: LayerPlan },
  ): { y: Tensor; saved: SelfAttentionSaved } {
    const { ops } = pass;
    const { key, value } = this.modules;
    const { numAttentionHeads: heads, attentionDropout: dropout } = this.#config;
    const layout = { heads, groups: plan.groups, span: plan.span, window: plan.window };
    const bias = plan.addends?.bias;
    return ops.tidy(() => {
      const query = this.modules.query.forward(pass, queried);
      const rounded = pass.kind === "training" && pass.precision === "bfloat16";
      const separable = key.isSeparable(pass) && value.isSeparable(pass) && !rounded;
      if (layout.span === "first-token" && separable && bias === undefined && plan.window === undefined) {
        const { y, saved } = firstTokenAttention(pass, { x, q: query.y, key, value }, { layout, dropout });
        return { y, saved: { kind: "separate", query: query.saved, inner: { kind: "first-token", saved } } };
      }
      const [k, v] = [key.forward(pass, x), value.forward(pass, x)];
      const drop = dropoutOf(pass)?.next(dropout);
      const { y, saved } = ops.attention(
        { q: query.y, k: k.y, v: v.y, bias },
        { layout, drop, keep: pass.kind === "training" },
      );
      return {
        y,
        saved: {
          kind: "separate",
          query: query.saved,
          inner: { kind: "keys-and-values", key: k.saved, value: v.saved, attention: saved },
        },
      };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: AttentionPartSaved; plan: LayerPlan; plus: readonly Tensor[]; needsInput: boolean },
  ): { dx: Tensor; dQueried?: Tensor } | undefined {
    const { saved, plan, plus, needsInput } = from;
    if (saved.kind !== "separate") throw new TypeError("The saved state is of another kind of attention.");
    const { ops } = pass;
    const { query, key, value } = this.modules;
    const { inner, query: ofQuery } = saved;
    return ops.tidy(() => {
      if (inner.kind === "first-token") {
        const { dq, dx } = firstTokenAttentionBackward(pass, dy, { saved: inner.saved, key, value, needsInput });
        const dQueried = query.backward(pass, dq, { saved: ofQuery, needsInput, onward: { plus } });
        return dx === undefined || dQueried === undefined ? undefined : { dx, dQueried };
      }
      const { dq, dk, dv, dBias } = ops.attentionBackward(dy, inner.attention, {
        needsKey: needsInput || key.hasTrainables,
        needsBias: this.#relative?.hasTrainables,
      });
      if (dBias !== undefined && plan.addends !== undefined) this.#relative?.addGradient(pass, dBias, plan.addends);
      return projectionsBackward(pass, {
        query: { linear: query, saved: ofQuery },
        key: { linear: key, saved: inner.key },
        value: { linear: value, saved: inner.value },
        gradients: { dq, dk, dv },
        span: inner.attention.layout.span,
        plus,
        needsInput,
      });
    });
  }
}
