import type { DropoutSaved, LowRank, Ops, Precision } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { DropoutSource } from "./dropout";
import type { Gradients } from "./gradients";
import type { Parameter, Substitutes } from "./parameter";

export type { Precision } from "../../ops/ops";

/** State of a linear layer's adapter between its forward and its backward pass. */
export interface AdapterSaved {
  readonly tensors: { readonly [name: string]: Tensor | undefined };
  readonly dropout?: DropoutSaved;
}

/** The weights of the layer under an adapter. */
export interface AdaptedWeights {
  /** [out, in] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias: Tensor;
  /** x W': [rows, in] to [rows, out]. */
  product(x: Tensor): Tensor;
  /** dy W: [rows, out] to [rows, in]. */
  productBackward(dy: Tensor): Tensor;
}

/**
 * A change of a linear layer, such as LoRA. The model knows only this interface; the lora room implements it.
 */
export interface LinearAdapter {
  /** Its own weights. */
  readonly parameters: readonly Parameter[];
  /** y + the adapter's part for x. A new tensor; x [rows, in], y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor, from: { y: Tensor; base: AdaptedWeights }): { y: Tensor; saved: AdapterSaved };
  /**
   * The low-rank update for x, if the adapter adds such an update and does nothing else. The layer then computes the
   * update within its own product instead of calling `forward`, or on its own.
   */
  lowRank?(pass: ForwardPass, x: Tensor): { update: LowRank; saved: AdapterSaved };
  /** Adds the gradients of its weights. Returns its part of dx [rows, in] if requested. */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { x: Tensor; saved: AdapterSaved; base: AdaptedWeights; needsInput: boolean },
  ): Tensor | undefined;
}

/** The change that an adapter makes to a model. */
export interface ModelChanges {
  /** Changes of linear layers, by the layer's name in the model. */
  readonly updates: ReadonlyMap<string, LinearAdapter>;
  /** Weights that replace the model's own. */
  readonly substitutes: Substitutes;
}

/** Consecutive documents of a packed batch for which the model has the same changes. */
export interface Segment {
  /** Number of their tokens. */
  readonly rows: number;
  readonly documents: number;
  /** Undefined for the model without an adapter. */
  readonly changes: ModelChanges | undefined;
}

/** A forward pass. In evaluation it keeps no state and applies no dropout. */
export type ForwardPass =
  | {
      readonly kind: "evaluation";
      readonly ops: Ops;
      /** Consecutive documents, in the packed order, with the changes of the model for them. */
      readonly segments?: readonly Segment[] | undefined;
    }
  | {
      readonly kind: "training";
      readonly ops: Ops;
      readonly dropout: DropoutSource | undefined;
      /** The precision of products with the linear layers' own weights; all else is in 32 bits. @default "float32" */
      readonly precision?: Precision;
      /** Whether dropout also applies to frozen layers below the first trained one. @default true */
      readonly frozenDropout?: boolean;
    };

/** A backward pass, and the gradients that it adds to. */
export interface BackwardPass {
  readonly ops: Ops;
  readonly gradients: Gradients;
  /** As in the forward pass. */
  readonly precision?: Precision;
}

/** The pass's source of dropout masks; undefined in evaluation. */
export function dropoutOf(pass: ForwardPass): DropoutSource | undefined {
  return pass.kind === "training" ? pass.dropout : undefined;
}
