import { isPlain, refuseWindow } from "../attention-reach";
import type {
  AttentionGradients,
  AttentionInputs,
  AttentionOptions,
  AttentionResult,
  AttentionSaved,
  Ops,
  PooledGradients,
  PoolGradients,
  PoolInputs,
  PoolResult,
  PoolSaved,
} from "../ops";
import type { Tensor } from "../tensor";
import type { KernelSession } from "./kernel-session";
import { onlyPart } from "./only-part";
import { relativeAttention, relativeAttentionBackward } from "./relative-attention";

/** Attention by the kernels. */
export function kernelAttention(
  kernels: KernelSession,
): Pick<Ops, "attention" | "attentionBackward" | "poolTokens" | "poolTokensBackward"> {
  return {
    attention: (inputs, options) =>
      isPlain(inputs, options.layout)
        ? attention(kernels, inputs, options)
        : relativeAttention(kernels, inputs, options),
    attentionBackward: (dy, saved, options) =>
      saved.relative === undefined
        ? attentionBackward(kernels, dy, { saved, needsKey: options.needsKey })
        : relativeAttentionBackward(kernels, dy, { saved, terms: saved.relative.value, ...options }),
    poolTokens: (inputs, options) => {
      refuseWindow(options.layout);
      return poolTokens(kernels, inputs, options);
    },
    poolTokensBackward: (gradients, saved, { needsInput }) =>
      poolTokensBackward(kernels, gradients, { saved, needsInput }),
  };
}

function attention(
  kernels: KernelSession,
  { q, k, v }: AttentionInputs,
  { layout, drop, keep }: AttentionOptions,
): AttentionResult {
  const call = {
    attributes: [...kernels.layout(layout, q), kernels.rate(drop)],
    inputs: () => [q, k, v, kernels.groups(layout), kernels.seed(drop)],
  };
  const y = kernels.one("TsloraAttention", call);
  return { y, saved: { layout, parts: keep ? [{ q, k, v, context: y, dropout: drop }] : [] } };
}

function attentionBackward(
  kernels: KernelSession,
  dy: Tensor,
  { saved: { layout, parts }, needsKey }: { saved: AttentionSaved; needsKey: boolean },
): AttentionGradients {
  const { q, k, v, context, dropout } = onlyPart(parts);
  const call = {
    attributes: [...kernels.layout(layout, dy), kernels.rate(dropout), kernels.flag("needs_key", needsKey)],
    inputs: () => [q, k, v, context, dy, kernels.groups(layout), kernels.seed(dropout)],
    outputs: 3,
  };
  return kernels.run("TsloraAttentionBackward", call, ([dq, dk, dv]) => ({ dq, dk: needsKey ? dk : undefined, dv }));
}

function poolTokens(kernels: KernelSession, inputs: PoolInputs, { layout, drop, keep }: AttentionOptions): PoolResult {
  const call = {
    attributes: [kernels.rate(drop), kernels.flag("keep", keep)],
    inputs: () => [...poolInputs(inputs), kernels.groups(layout), kernels.seed(drop)],
    outputs: 4,
  };
  return kernels.run("TsloraPoolTokens", call, ([pooled, sums, update, weights]) => ({
    pooled,
    sums,
    update: inputs.value && update,
    saved: { layout, inputs, parts: keep ? [{ weights, dropout: drop }] : [] },
  }));
}

function poolTokensBackward(
  kernels: KernelSession,
  { dPooled, dSums, dUpdate }: PooledGradients,
  { saved: { layout, inputs, parts }, needsInput }: { saved: PoolSaved; needsInput: boolean },
): PoolGradients {
  const { weights, dropout } = onlyPart(parts);
  const call = {
    attributes: [kernels.rate(dropout), kernels.flag("needs_input", needsInput)],
    inputs: () => [...poolInputs(inputs), kernels.groups(layout), weights, dPooled, dSums, dUpdate],
    outputs: 5,
  };
  return kernels.run("TsloraPoolTokensBackward", call, ([du, dx, dq, dKey, dValue]) => ({
    du,
    dx: needsInput ? dx : undefined,
    key: inputs.key && { dq, dy: dKey },
    dValue: inputs.value && dValue,
  }));
}

function poolInputs({ x, u, key, value }: PoolInputs): (Tensor | undefined)[] {
  return [u, x, key?.q, key?.y, value];
}
