import { isPlain, refuseWindow } from "../attention-reach";
import type { Ops, Primitives } from "../ops";
import { activate, gated, gatedBackward, rotary } from "./activations";
import { adamStep } from "./adam-step";
import { attention, attentionBackward } from "./attention";
import { Placements } from "./placements";
import { poolTokens } from "./pool-tokens";
import { poolTokensBackward } from "./pool-tokens-backward";
import { addLowRank, lower, lowerBackward, lowerGradient } from "./low-rank";
import { relativeAttention, relativeAttentionBackward } from "./relative-attention";
import { RelativePlacements } from "./relative-placements";
import { affine, affineGelu, pack, products, unpack } from "./products";
import { dropout, dropoutBackward, residualNorm, residualNormBackward } from "./residual-norm";

/**
 * Builds all ops from a device's primitives. A larger operation calls smaller ones, unless the device has a fused
 * kernel for it.
 *
 * @param fuse - returns the operations that the device computes itself; they replace the composed ones everywhere. Its
 *   arguments are the ops being built, for calls to the other operations; the composed operations alone; and the
 *   placements that attention shares.
 */
export function composed(
  primitives: Primitives,
  fuse: (ops: Ops, parts: { readonly composed: Ops; readonly placements: Placements }) => Partial<Ops> = () => ({}),
): Ops {
  const placements = new Placements(primitives);
  const relativePlacements = new RelativePlacements(primitives);
  const ops: Ops = {
    ...primitives,
    alive: () => primitives.alive() - placements.kept - relativePlacements.kept,
    pack: (w, options) => pack(ops, w, options),
    unpack: (w, options) => unpack(ops, w, options),
    product: (x, w, options) => ops.products([{ x, w }], options),
    products: (pairs, options) => products(ops, pairs, options),
    affine: (x, w, bias, update) => affine(ops, x, { w, bias, update }),
    gelu: (x, options) => activate(ops, x, { ...options, gelu: (of, exact) => primitives.gelu(of, exact) }),
    gated: (x, options) => gated(ops, x, options),
    gatedBackward: (dy, x, options) => gatedBackward(ops, dy, { x, ...options }),
    rotary: (x, options) => rotary(ops, x, options),
    affineGelu: (x, w, bias, options) => affineGelu(ops, x, { w, bias, ...options }),
    addLowRank: (y, update) => addLowRank(ops, y, update),
    lower: (x, a, options) => lower(ops, x, { a, ...options }),
    lowerGradient: (dLow, x, saved) => lowerGradient(ops, dLow, { x, dropout: saved }),
    lowerBackward: (dLow, a, saved) => lowerBackward(ops, dLow, { a, dropout: saved }),
    residualNorm: (x, residual, options) => residualNorm(ops, x, { residual, ...options }),
    residualNormBackward: (dy, gamma, saved) => residualNormBackward(ops, dy, { gamma, saved }),
    dropout: (x, drop) => dropout(ops, x, drop),
    dropoutBackward: (dy, saved) => dropoutBackward(ops, dy, saved),
    attention: (inputs, options) =>
      isPlain(inputs, options.layout)
        ? attention({ ops, placements }, inputs, options)
        : relativeAttention({ ops, relativePlacements }, inputs, options),
    attentionBackward: (dy, saved, options) =>
      saved.relative === undefined
        ? attentionBackward({ ops, placements }, dy, { saved, ...options })
        : relativeAttentionBackward({ ops, relativePlacements }, dy, {
            saved,
            terms: saved.relative.value,
            ...options,
          }),
    poolTokens: (inputs, options) => {
      refuseWindow(options.layout);
      return poolTokens({ ops, placements }, inputs, options);
    },
    poolTokensBackward: (gradients, saved, options) =>
      poolTokensBackward({ ops, placements }, gradients, { saved, ...options }),
    adamStep: (inputs, options) => adamStep(ops, inputs, options),
  };
  return Object.assign(ops, fuse(ops, { composed: { ...ops }, placements }));
}
