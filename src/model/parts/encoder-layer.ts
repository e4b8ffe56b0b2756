import type { DropoutSaved, LayerNormSaved, ResidualNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-structure";
import type { FeedForward, FeedForwardSaved } from "./feed-forward";
import type { LayerPlan } from "./layer-plan";
import type { Linear, LinearSaved } from "./linear";
import type { Norm } from "./norm";
import type { Attention, AttentionPartSaved } from "./attention";
import type { BackwardPass, ForwardPass } from "./pass";

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

/** The parts of a layer: attention and feed-forward block, each with a norm before or after it. */
export interface LayerModules {
  readonly attention: Attention;
  readonly attentionOutput: Linear;
  /** Undefined if the attention reads the layer's input as it is (ModernBERT's first layer). */
  readonly attentionNorm: Norm | undefined;
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

/** A layer of an attention and a feed-forward block. */
export abstract class TwoBlockLayer<Modules extends LayerModules = LayerModules> implements EncoderLayer {
  constructor(
    readonly modules: Modules,
    protected readonly config: EncoderConfig,
  ) {}

  get linears(): readonly Linear[] {
    const { attention, attentionOutput, feedForward } = this.modules;
    return [...attention.linears, attentionOutput, ...feedForward.linears];
  }

  get norms(): readonly Norm[] {
    const { attentionNorm, feedForwardNorm } = this.modules;
    return attentionNorm === undefined ? [feedForwardNorm] : [attentionNorm, feedForwardNorm];
  }

  get hasTrainables(): boolean {
    return (
      this.modules.attention.hasTrainables || [...this.linears, ...this.norms].some((module) => module.hasTrainables)
    );
  }

  abstract forward(pass: ForwardPass, x: Tensor, plan: LayerPlan): { y: Tensor; saved: LayerSaved };

  abstract backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LayerSaved; plan: LayerPlan; needsInput: boolean },
  ): Tensor | undefined;
}
