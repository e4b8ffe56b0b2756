import type { Ops } from "../../ops/ops";
import type { DropoutSource } from "./dropout";
import type { Gradients } from "./gradients";

/**
 * How products with a linear layer's own weights are computed in training: in 32-bit floats, or from operands rounded
 * to bfloat16. All else is in 32-bit floats.
 */
export type Precision = "float32" | "bfloat16";

/** A forward pass: for evaluation nothing is kept and nothing is dropped. */
export type ForwardPass =
  | { readonly kind: "evaluation"; readonly ops: Ops }
  | {
      readonly kind: "training";
      readonly ops: Ops;
      readonly dropout: DropoutSource | undefined;
      readonly precision?: Precision;
    };

/** A backward pass: where gradients go. */
export interface BackwardPass {
  readonly ops: Ops;
  readonly gradients: Gradients;
  readonly precision?: Precision;
}

/** The pass's source of dropout masks; undefined in evaluation. */
export function dropoutOf(pass: ForwardPass): DropoutSource | undefined {
  return pass.kind === "training" ? pass.dropout : undefined;
}
