import type { Ops } from "../device/ops";
import type { DropoutSource } from "./dropout";
import type { Gradients } from "./gradients";

/** A forward pass: for evaluation nothing is kept and nothing is dropped. */
export type ForwardPass =
  | { readonly kind: "evaluation"; readonly ops: Ops }
  | { readonly kind: "training"; readonly ops: Ops; readonly dropout: DropoutSource | undefined };

/** A backward pass: where gradients go. */
export interface BackwardPass {
  readonly ops: Ops;
  readonly gradients: Gradients;
}

/** The pass's source of dropout masks; undefined in evaluation. */
export function dropoutOf(pass: ForwardPass): DropoutSource | undefined {
  return pass.kind === "training" ? pass.dropout : undefined;
}
