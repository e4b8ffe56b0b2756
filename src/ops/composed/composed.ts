import type { Ops, Primitives } from "../ops";
import { attention, attentionBackward } from "./attention";
import { Placements } from "./placements";
import { poolTokens } from "./pool-tokens";
import { poolTokensBackward } from "./pool-tokens-backward";
import { addLowRank, lower, lowerBackward, lowerGradient } from "./low-rank";
import { affine, affineGelu, pack, products, unpack } from "./products";
import { dropout, dropoutBackward, residualNorm, residualNormBackward } from "./residual-norm";

/**
 * Makes ops of a device's primitives: each larger operation is made of smaller ones, except those that the device has a
 * fused kernel for.
 *
 * @param fuse - the operations that the device computes itself. The larger operations call these too. It receives the
 *   ops for what it leaves to others.
 */
export function composed(primitives: Primitives, fuse: (ops: Ops) => Partial<Ops> = () => ({})): Ops {
  const placements = new Placements(primitives);
  const ops: Ops = {
    ...primitives,
    alive: () => primitives.alive() - placements.kept,
    pack: (w, options) => pack(ops, w, options),
    unpack: (w, options) => unpack(ops, w, options),
    product: (x, w, options) => ops.products([{ x, w }], options),
    products: (pairs, options) => products(ops, pairs, options),
    affine: (x, w, bias, update) => affine(ops, x, { w, bias, update }),
    affineGelu: (x, w, bias, options) => affineGelu(ops, x, { w, bias, ...options }),
    addLowRank: (y, update) => addLowRank(ops, y, update),
    lower: (x, a, options) => lower(ops, x, { a, ...options }),
    lowerGradient: (dLow, x, saved) => lowerGradient(ops, dLow, { x, dropout: saved }),
    lowerBackward: (dLow, a, saved) => lowerBackward(ops, dLow, { a, dropout: saved }),
    residualNorm: (x, residual, options) => residualNorm(ops, x, { residual, ...options }),
    residualNormBackward: (dy, gamma, saved) => residualNormBackward(ops, dy, { gamma, saved }),
    dropout: (x, drop) => dropout(ops, x, drop),
    dropoutBackward: (dy, saved) => dropoutBackward(ops, dy, saved),
    attention: (inputs, options) => attention({ ops, placements }, inputs, options),
    attentionBackward: (dy, saved, options) => attentionBackward({ ops, placements }, dy, { saved, ...options }),
    poolTokens: (inputs, options) => poolTokens({ ops, placements }, inputs, options),
    poolTokensBackward: (gradients, saved, options) =>
      poolTokensBackward({ ops, placements }, gradients, { saved, ...options }),
  };
  return Object.assign(ops, fuse(ops));
}
