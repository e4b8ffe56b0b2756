import type { DropoutSaved, LayerNormSaved, ResidualNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { rateOf, type EncoderConfig } from "../encoder-structure";
import type { FeedForward, FeedForwardSaved } from "./feed-forward";
import type { LayerPlan } from "./layer-plan";
import type { Linear, LinearSaved } from "./linear";
import type { Norm } from "./norm";
import type { Attention, AttentionPartSaved } from "./attention";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** A layer of the encoder. */
export interface EncoderLayer {
  readonly linears: readonly Linear[];
  readonly norms: readonly Norm[];
  readonly hasTrainables: boolean;
  /** Computes y [rows, width] from x [rows, width]; if only first tokens are needed, y is [documents, width]. */
  forward(pass: ForwardPass, x: Tensor, plan: LayerPlan): { y: Tensor; saved: LayerSaved };
  /** Computes dx [rows, width] from dy, which has y's shape. Returns undefined if dx is not requested. */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LayerSaved; plan: LayerPlan; needsInput: boolean },
  ): Tensor | undefined;
}

/** The parts of a post-norm layer. */
export interface PostNormModules {
  readonly attention: Attention;
  readonly attentionOutput: Linear;
  readonly attentionNorm: Norm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: Norm;
}

/** State that a post-norm layer keeps for its backward pass. */
export interface PostNormSaved {
  readonly kind: "post";
  readonly rows: number;
  readonly attention: AttentionPartSaved;
  readonly attentionOutput: LinearSaved;
  readonly attentionNorm: ResidualNormSaved;
  readonly feedForward: FeedForwardSaved;
  readonly feedForwardNorm: ResidualNormSaved;
}

/** State that a pre-norm layer keeps for its backward pass. */
export interface PreNormSaved {
  readonly kind: "pre";
  readonly rows: number;
  readonly attentionNorm?: LayerNormSaved;
  readonly attention: AttentionPartSaved;
  readonly attentionOutput: LinearSaved;
  readonly attentionDropout?: DropoutSaved;
  readonly feedForwardNorm: LayerNormSaved;
  readonly feedForward: FeedForwardSaved;
}

/** State that a layer keeps for its backward pass. The caller disposes of it. */
export type LayerSaved = PostNormSaved | PreNormSaved;

/**
 * One post-norm transformer layer (Devlin et al., 2018). If only first tokens are needed after it, only attention reads
 * the other tokens; everything else is computed for first tokens alone.
 */
export class PostNormLayer implements EncoderLayer {
  readonly #config: EncoderConfig;

  constructor(
    readonly modules: PostNormModules,
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  get linears(): readonly Linear[] {
    const { attention, attentionOutput, feedForward } = this.modules;
    return [...attention.linears, attentionOutput, ...feedForward.linears];
  }

  get norms(): readonly Norm[] {
    return [this.modules.attentionNorm, this.modules.feedForwardNorm];
  }

  get hasTrainables(): boolean {
    return (
      this.modules.attention.hasTrainables || [...this.linears, ...this.norms].some((module) => module.hasTrainables)
    );
  }

  forward(pass: ForwardPass, x: Tensor, plan: LayerPlan): { y: Tensor; saved: PostNormSaved } {
    const { ops } = pass;
    const m = this.modules;
    const { structure } = this.#config;
    const source = dropoutOf(pass);
    return ops.tidy(() => {
      const residual = plan.span === "every-token" ? x : ops.gatherRows(x, plan.firstRows); // [queries, width]
      const attention = m.attention.forward(pass, { x, queried: residual, plan });
      const attentionOutput = m.attentionOutput.forward(pass, attention.y);
      const attentionNorm = m.attentionNorm.forwardResidual(pass, attentionOutput.y, {
        residual,
        drop: source?.next(rateOf(this.#config, structure.attention.outputDropout)),
      }); // [queries, width]

      const fed = m.feedForward.forward(pass, attentionNorm.y); // [queries, width]
      const feedForwardNorm = m.feedForwardNorm.forwardResidual(pass, fed.y, {
        residual: attentionNorm.y,
        drop: source?.next(rateOf(this.#config, structure.feedForward.dropout)),
      });
      const saved: PostNormSaved = {
        kind: "post",
        rows: x.shape[0],
        attention: attention.saved,
        attentionOutput: attentionOutput.saved,
        attentionNorm: attentionNorm.saved,
        feedForward: fed.saved,
        feedForwardNorm: feedForwardNorm.saved,
      };
      return { y: feedForwardNorm.y, saved };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LayerSaved; plan: LayerPlan; needsInput: boolean },
  ): Tensor | undefined {
    const { ops } = pass;
    const m = this.modules;
    const { saved, plan, needsInput } = from;
    if (saved.kind !== "post") throw new TypeError("This state is another layer's.");
    const needsProjections = needsInput || m.attention.hasTrainables;
    const needsAttention = needsProjections || m.attentionOutput.hasTrainables || m.attentionNorm.hasTrainables;
    return ops.tidy(() => {
      // [queries, width]
      const { dResidual: dSum2, dx: dFed } = m.feedForwardNorm.backwardResidual(pass, dy, saved.feedForwardNorm);
      const dMiddle = m.feedForward.backward(pass, dFed, {
        saved: saved.feedForward,
        needsInput: needsAttention,
        plus: [dSum2],
      });
      if (dMiddle === undefined) return undefined;

      const { dResidual: dSum1, dx: dMixed } = m.attentionNorm.backwardResidual(pass, dMiddle, saved.attentionNorm);
      const dContext = m.attentionOutput.backward(pass, dMixed, {
        saved: saved.attentionOutput,
        needsInput: needsProjections,
      });
      if (dContext === undefined) return undefined;
      const through = m.attention.backward(pass, dContext, { saved: saved.attention, plan, plus: [dSum1], needsInput });
      if (through?.dQueried === undefined) return through?.dx;
      return ops.add(through.dx, ops.scatterRows(through.dQueried, plan.firstRows, saved.rows));
    });
  }
}
