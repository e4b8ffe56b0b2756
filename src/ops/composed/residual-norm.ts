import type {
  Drop,
  DropoutResult,
  DropoutSaved,
  Ops,
  ResidualNormGradients,
  ResidualNormOptions,
  ResidualNormResult,
  ResidualNormSaved,
} from "../ops";
import type { Tensor } from "../tensor";

/** Dropout's factor for elements that it keeps. */
export function keptFactor(drop: Drop | undefined): number {
  return drop === undefined ? 1 : 1 / (1 - drop.rate);
}

export function dropout(ops: Ops, x: Tensor, drop: Drop): DropoutResult {
  return ops.tidy(() => {
    const mask = ops.keepMask(x.shape, drop, keptFactor(drop));
    return { y: ops.mul(x, mask), saved: { ...drop, mask } };
  });
}

export function dropoutBackward(ops: Ops, dy: Tensor, saved: DropoutSaved): Tensor {
  return saved.mask === undefined ? ops.dropout(dy, saved).y : ops.mul(dy, saved.mask);
}

export function residualNorm(
  ops: Ops,
  x: Tensor,
  { residual, gamma, beta, epsilon, drop }: { residual: Tensor } & ResidualNormOptions,
): ResidualNormResult {
  return ops.tidy(() => {
    const dropped = drop && ops.dropout(x, drop);
    const { y, saved } = ops.layerNorm(ops.add(dropped?.y ?? x, residual), gamma, beta, epsilon);
    return { y, saved: { ...saved, dropout: dropped?.saved } };
  });
}

export function residualNormBackward(
  ops: Ops,
  dy: Tensor,
  { gamma, saved }: { gamma: Tensor; saved: ResidualNormSaved },
): ResidualNormGradients {
  const dResidual = ops.layerNormBackward(dy, gamma, saved);
  return { dResidual, dx: saved.dropout === undefined ? dResidual : ops.dropoutBackward(dResidual, saved.dropout) };
}
