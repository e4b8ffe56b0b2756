import type { Ops } from "../../ops/ops";
import type { DropoutSource } from "./dropout";
import type { Gradients } from "./gradients";
import type { Segment } from "./segments";

/**
 * Precision of products with a linear layer's own weights in training: 32-bit floats, or operands rounded to bfloat16.
 * All other operations use 32-bit floats.
 */
export type Precision = "float32" | "bfloat16";

/** A forward pass. In evaluation it keeps no state and applies no dropout. */
export type ForwardPass =
  | {
      readonly kind: "evaluation";
      readonly ops: Ops;
      /** The documents in their packed order, by the changes that they go through the model with. */
      readonly segments?: readonly Segment[] | undefined;
    }
  | {
      readonly kind: "training";
      readonly ops: Ops;
      readonly dropout: DropoutSource | undefined;
      readonly precision?: Precision;
    };

/** A backward pass, and the gradients that it adds to. */
export interface BackwardPass {
  readonly ops: Ops;
  readonly gradients: Gradients;
  readonly precision?: Precision;
}

/** The pass's source of dropout masks; undefined in evaluation. */
export function dropoutOf(pass: ForwardPass): DropoutSource | undefined {
  return pass.kind === "training" ? pass.dropout : undefined;
}
