import type { Ops } from "../device/ops";
import type { Gradients } from "../model/gradients";

/** The Euclidean norm of all gradients together. */
export async function gradientNorm(gradients: Gradients, { ops }: { ops: Ops }): Promise<number> {
  const squares = ops.tidy(() => {
    const sums = [...gradients.entries()].map(([, gradient]) => {
      const axes = gradient.shape.map((_, axis) => axis);
      return ops.reshape(ops.sum(ops.square(gradient), axes), [1]);
    });
    return ops.concatRows(sums);
  });
  const values = await ops.read(squares);
  ops.dispose(squares);
  return Math.sqrt(values.reduce((a, b) => a + b, 0));
}

/** What gradients are multiplied by so that their norm is at most `maxNorm`, as torch's `clip_grad_norm_` does; 0 is no bound. */
export function clipScale(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}
