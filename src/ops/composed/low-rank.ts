import type { DropoutSaved, LowerOptions, LowerResult, LowRank, Ops } from "../ops";
import type { Tensor } from "../tensor";

export function addLowRank(ops: Ops, y: Tensor, { low, b }: LowRank): Tensor {
  return ops.tidy(() => ops.add(y, ops.matMul(low, b, { transposeB: true })));
}

export function lower(ops: Ops, x: Tensor, { a, scaling, drop }: { a: Tensor } & LowerOptions): LowerResult {
  return ops.tidy(() => {
    const dropped = drop && ops.dropout(x, drop);
    return {
      low: ops.scale(ops.matMul(dropped?.y ?? x, a, { transposeB: true }), scaling),
      dropout: dropped?.saved,
    };
  });
}

export function lowerGradient(
  ops: Ops,
  dLow: Tensor,
  { x, dropout }: { x: Tensor; dropout: DropoutSaved | undefined },
): Tensor {
  return ops.tidy(() =>
    ops.matMul(dLow, dropout === undefined ? x : ops.dropoutBackward(x, dropout), { transposeA: true }),
  );
}

export function lowerBackward(
  ops: Ops,
  dLow: Tensor,
  { a, dropout }: { a: Tensor; dropout: DropoutSaved | undefined },
): Tensor {
  return ops.tidy(() => {
    const dDropped = ops.matMul(dLow, a);
    return dropout === undefined ? dDropped : ops.dropoutBackward(dDropped, dropout);
  });
}
