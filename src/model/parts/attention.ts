import type { AttentionSaved, DropoutSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { FirstTokenSaved } from "./first-token-attention";
import type { LayerPlan } from "./layer-plan";
import type { Linear, LinearSaved } from "./linear";
import type { BackwardPass, ForwardPass } from "./pass";

/** The attention of a layer, without the linear layer after it. */
export interface Attention {
  /** The projections. */
  readonly linears: readonly Linear[];
  /** Whether a backward pass computes gradients of weights here. */
  readonly hasTrainables: boolean;
  /**
   * Computes the context [queries, width].
   *
   * @param inputs - x [rows, width], the input of keys and values; queried [queries, width], the input of the queries
   */
  forward(
    pass: ForwardPass,
    inputs: { x: Tensor; queried: Tensor; plan: LayerPlan },
  ): { y: Tensor; saved: AttentionPartSaved };
  /**
   * Returns the gradient of x [rows, width], or undefined if it is not requested, and adds the gradients of the
   * weights. If only first tokens are queries, `dQueried` [queries, width] may be their gradient through the queries,
   * which dx then does not include.
   *
   * @param dy - [queries, width]
   * @param from.plus - other gradients of the queries' input, added to it
   */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: AttentionPartSaved; plan: LayerPlan; plus: readonly Tensor[]; needsInput: boolean },
  ): { dx: Tensor; dQueried?: Tensor } | undefined;
}

/** State that the attention of a layer keeps for its backward pass. */
export type AttentionPartSaved = SelfAttentionSaved | FusedAttentionSaved | DisentangledSaved;

/** State that attention by one fused projection keeps for its backward pass. */
export interface FusedAttentionSaved {
  readonly kind: "fused";
  readonly fused: LinearSaved;
  readonly attention: AttentionSaved;
}

/** State that {@link SelfAttention} keeps for its backward pass. */
export interface SelfAttentionSaved {
  readonly kind: "separate";
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

/** State that {@link DisentangledAttention} keeps for its backward pass. */
export interface DisentangledSaved {
  readonly kind: "disentangled";
  readonly query: LinearSaved;
  readonly key: LinearSaved;
  readonly value: LinearSaved;
  readonly attention: AttentionSaved;
  readonly positions: ProjectedPositions;
}

/** A layer's projections of the relative positions; those of terms that it lacks are undefined. */
export interface ProjectedPositions {
  readonly dropout?: DropoutSaved | undefined;
  /** [positions, width] */
  readonly key?: { readonly y: Tensor; readonly saved: LinearSaved } | undefined;
  readonly query?: { readonly y: Tensor; readonly saved: LinearSaved } | undefined;
}
