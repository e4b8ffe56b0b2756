import { lowerGradient } from "../composed/low-rank";
import { keptFactor } from "../composed/residual-norm";
import type { LowerOptions, Ops, PackedMatrix, Update } from "../ops";
import { sizeOf, type Tensor } from "../tensor";
import { pairOf } from "./product-operands";
import type { ProductDevice, ProductSums } from "./product-sums";
import { drawUniforms } from "./programs/draws";
import { dropoutProgram } from "./programs/dropout";

/** The operations of {@link Ops} that are products: each with everything that follows it in one pass. */
export function fusedProducts(device: ProductDevice, sums: ProductSums): Partial<Ops> {
  const { ops, isSoftware } = device;
  return {
    matMul: (a, b, options) => sums.tensor([{ a, b, ...options }]),
    addN: (parts) => sums.finish(parts[0].shape, { plus: parts }).y,
    products: (pairs, options) =>
      sums.tensor(
        pairs.map(({ x, w }) => pairOf(x, w)),
        options,
      ),
    affine: (x, w, bias, update) => affine(sums, x, { w, bias, update }),
    affineGelu: (x, w, bias, { activation = "gelu", derivative }) =>
      sums.finishedSum([pairOf(x, w)], { bias, activation, derivative }),
    addLowRank: (y, { low, b }) => sums.tensor([{ a: low, b, transposeB: true }], { plus: [y] }),
    lower: (x, a, { scaling, drop }) => ({ low: lower({ device, sums }, x, { a, scaling, drop }), dropout: drop }),
    lowerGradient: (dLow, x, drop) =>
      isSoftware
        ? sums.tensor([{ a: dLow, b: x, transposeA: true }], { dropout: drop && { of: "b", drop } })
        : lowerGradient(ops, dLow, { x, dropout: drop }),
    lowerBackward: (dLow, a, drop) => sums.tensor([{ a: dLow, b: a }], { dropout: drop && { of: "y", drop } }),
  };
}

function affine(
  sums: ProductSums,
  x: Tensor,
  { w, bias, update }: { w: PackedMatrix; bias: Tensor | undefined; update: Update | undefined },
): Tensor {
  const low = update === undefined || "whole" in update ? [] : [{ a: update.low, b: update.b, transposeB: true }];
  const plus = update !== undefined && "whole" in update ? [update.whole] : [];
  return sums.tensor([pairOf(x, w), ...low], { bias, plus });
}

function lower(
  { device, sums }: { device: ProductDevice; sums: ProductSums },
  x: Tensor,
  { a, scaling, drop }: { a: Tensor } & LowerOptions,
): Tensor {
  const { runner, ops, isSoftware } = device;
  if (isSoftware || drop === undefined)
    return sums.tensor([{ a: x, b: a, transposeB: true }], {
      scale: scaling,
      dropout: drop && { of: "a", drop },
    });
  // tfjs's product has no dropout.
  return ops.tidy(() => {
    const dropped = runner.one(dropoutProgram({ mask: false }), {
      shape: x.shape,
      inputs: [x],
      count: sizeOf(x.shape),
      uniforms: drawUniforms(drop, keptFactor(drop) * scaling),
    });
    return sums.tensor([{ a: dropped, b: a, transposeB: true }]);
  });
}
