import type { Ops, ResidualNormOptions, ResidualNormResult } from "../ops";
import type { Tensor } from "../tensor";
import type { KernelSession } from "./kernel-session";

/** Dropout and layer norms by the kernels. Masks are drawn when they are used, and never stored. */
export function kernelNorms(kernels: KernelSession, ops: Ops): Partial<Ops> {
  return {
    keepMask: (shape, drop, kept = 1) =>
      ops.tidy(() => {
        const mask = kernels.one("TsloraKeepMask", {
          attributes: [kernels.rate(drop)],
          inputs: () => [kernels.sizes(shape), kernels.seed(drop)],
        });
        return kept === 1 ? mask : ops.scale(mask, kept);
      }),
    dropout: (x, drop) => ({
      y: kernels.one("TsloraDropout", {
        attributes: [kernels.rate(drop)],
        inputs: () => [x, kernels.seed(drop)],
      }),
      saved: drop,
    }),
    layerNorm: (x, gamma, beta, epsilon) => norm(kernels, x, { gamma, beta, epsilon, drop: undefined }),
    layerNormBackward: (dy, gamma, { normalized, inverseDeviation }) =>
      ops.residualNormBackward(dy, gamma, { normalized, inverseDeviation }).dResidual,
    residualNorm: (x, residual, options) => norm(kernels, x, { ...options, residual }),
    residualNormBackward: (dy, gamma, { normalized, inverseDeviation, dropout }) =>
      kernels.run(
        "TsloraResidualNormBackward",
        {
          attributes: [kernels.rate(dropout)],
          inputs: () => [dy, gamma, normalized, inverseDeviation, kernels.seed(dropout)],
          outputs: 2,
        },
        ([dResidual, dx]) => ({ dResidual, dx: dropout === undefined ? dResidual : dx }),
      ),
  };
}

function norm(
  kernels: KernelSession,
  x: Tensor,
  { residual, gamma, beta, epsilon, drop }: ResidualNormOptions & { residual?: Tensor },
): ResidualNormResult {
  return kernels.run(
    "TsloraResidualNorm",
    {
      attributes: [kernels.rate(drop), kernels.number("epsilon", epsilon)],
      inputs: () => [x, residual, gamma, beta, kernels.seed(drop)],
      outputs: 3,
    },
    ([y, normalized, inverseDeviation]) => ({ y, saved: { normalized, inverseDeviation, dropout: drop } }),
  );
}
