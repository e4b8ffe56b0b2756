import { checkRelative, limitingWindow } from "../attention-reach";
import { weightsOf } from "../attention-weights";
import { Borrowed } from "../borrowed";
import type {
  AttentionBackwardOptions,
  AttentionGradients,
  AttentionInputs,
  AttentionLayout,
  AttentionOptions,
  AttentionResult,
  AttentionSaved,
} from "../ops";
import type { OpAttribute } from "../load-tensorflow";
import type { Tensor } from "../tensor";
import type { KernelSession } from "./kernel-session";
import { onlyPart } from "./only-part";

type Terms = Pick<AttentionInputs, "bias" | "positions">;

const NO_WINDOW = -1;

/** Attention with a window or relative terms. */
export function relativeAttention(
  kernels: KernelSession,
  inputs: AttentionInputs,
  { layout, drop, keep }: AttentionOptions,
): AttentionResult {
  checkRelative(inputs, layout);
  const { q, k, v, bias, positions } = inputs;
  const call = {
    attributes: [...attributesOf(kernels, layout, q), kernels.rate(drop), kernels.flag("keep", keep)],
    inputs: () => [q, k, v, ...termsOf(kernels, inputs), kernels.groups(layout), kernels.seed(drop)],
    outputs: 2,
  };
  return kernels.run("TsloraRelativeAttention", call, ([y, weights]) => ({
    y,
    saved: {
      layout,
      parts: keep ? [{ q, k, v, weights, context: y, dropout: drop }] : [],
      relative: new Borrowed({ bias, positions }),
    },
  }));
}

/** The gradients of {@link relativeAttention}. */
export function relativeAttentionBackward(
  kernels: KernelSession,
  dy: Tensor,
  from: AttentionBackwardOptions & { saved: AttentionSaved; terms: Terms },
): AttentionGradients {
  const { saved, terms, needsKey, needsBias = false, needsPositions = false } = from;
  const { layout } = saved;
  const part = onlyPart(saved.parts);
  const { q, k, v, context, dropout } = part;
  const call = {
    attributes: [
      ...attributesOf(kernels, layout, dy),
      kernels.rate(dropout),
      kernels.flag("needs_key", needsKey),
      kernels.flag("needs_bias", needsBias),
      kernels.flag("needs_positions", needsPositions),
    ],
    inputs: () => [q, k, v, ...termsOf(kernels, terms), context, weightsOf(part), dy, kernels.groups(layout)],
    outputs: 6,
  };
  return kernels.run("TsloraRelativeAttentionBackward", call, ([dq, dk, dv, dBias, dKey, dQuery]) => ({
    dq,
    dk: needsKey ? dk : undefined,
    dv,
    dBias: needsBias && terms.bias !== undefined ? dBias : undefined,
    dPositions: needsPositions
      ? { key: terms.positions?.key && dKey, query: terms.positions?.query && dQuery }
      : undefined,
  }));
}

function attributesOf(kernels: KernelSession, layout: AttentionLayout, q: Tensor): OpAttribute[] {
  return [...kernels.layout(layout, q), kernels.integer("window", limitingWindow(layout) ?? NO_WINDOW)];
}

/** The bias, and the positions' keys, queries and index. */
function termsOf(kernels: KernelSession, { bias, positions }: Terms): (number | Tensor | undefined)[] {
  return [bias, positions?.key, positions?.query, kernels.positionIndex(positions?.index)];
}
