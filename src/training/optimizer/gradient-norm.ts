import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/** The Euclidean norm of all gradients together. */
export async function gradientNorm(gradients: readonly Tensor[], { ops }: { ops: Ops }): Promise<number> {
  // [gradients]
  const squares = ops.tidy(() => ops.concatRows(squaresOf(gradients, ops).map((square) => ops.reshape(square, [1]))));
  const values = await ops.read(squares);
  ops.dispose(squares);
  return Math.sqrt(values.reduce((a, b) => a + b, 0));
}

/**
 * The factor that scales gradients to a norm of at most `maxNorm`, as torch's `clip_grad_norm_` does; 0 means no
 * clipping.
 */
export function clipScale(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}

/**
 * {@link gradientNorm} and {@link clipScale} as tensors [1], without waiting for the device. There is no scale without
 * clipping.
 */
export function clippingOnDevice(
  gradients: readonly Tensor[],
  { ops, maxNorm }: { ops: Ops; maxNorm: number },
): { norm: Tensor; scale: Tensor | undefined } {
  return ops.tidy(() => {
    const norm = ops.reshape(ops.sqrt(ops.addN(squaresOf(gradients, ops))), [1]);
    if (maxNorm === 0) return { norm, scale: undefined };
    // min(1, r) = 1 - relu(1 - r)
    const beyond = ops.relu(ops.shift(ops.scale(ops.pow(ops.shift(norm, 1e-6), -1), -maxNorm), 1));
    return { norm, scale: ops.shift(ops.scale(beyond, -1), 1) };
  });
}

/** The sum of squares of each gradient: scalars. */
function squaresOf(gradients: readonly Tensor[], ops: Ops): Tensor[] {
  return gradients.map((gradient) =>
    ops.sum(
      ops.square(gradient),
      gradient.shape.map((_, axis) => axis),
    ),
  );
}
