import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { Activation } from "../encoder-structure";

/** State that an activation keeps for its backward pass. */
export type ActivationSaved =
  | { readonly kind: "factor"; readonly derivative: Tensor | undefined }
  | { readonly kind: "relu" | "tanh"; readonly y: Tensor };

/** Applies an activation function. Keeps a derivative only if a backward pass will follow. */
export function activate(
  ops: Ops,
  x: Tensor,
  { kind, keep }: { kind: Activation; keep: boolean },
): { y: Tensor; saved: ActivationSaved } {
  if (kind === "relu" || kind === "tanh") {
    const y = ops[kind](x);
    return { y, saved: { kind, y } };
  }
  const { y, derivative } = ops.gelu(x, { derivative: keep, activation: kind });
  return { y, saved: { kind: "factor", derivative } };
}

/** The gradient of {@link activate}'s input. */
export function activateBackward(ops: Ops, dy: Tensor, saved: ActivationSaved): Tensor {
  switch (saved.kind) {
    case "relu":
      return ops.reluBackward(dy, saved.y);
    case "tanh":
      return ops.mul(dy, ops.shift(ops.scale(ops.square(saved.y), -1), 1)); // tanh' = 1 - y^2
    case "factor":
      return ops.mul(dy, derivativeOf(saved));
  }
}

/** The factor of an activation's gradient. */
export function derivativeOf({ derivative }: Extract<ActivationSaved, { kind: "factor" }>): Tensor {
  if (derivative === undefined) throw new TypeError("A backward pass needs a forward pass made for training.");
  return derivative;
}
