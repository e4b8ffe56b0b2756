import type { AdamInputs, AdamOptions, AdamResult } from "../adam";
import type { Ops } from "../ops";

export function adamStep(ops: Ops, { value, gradient, factor, moments }: AdamInputs, options: AdamOptions): AdamResult {
  const { beta1, beta2, epsilon, step, learningRate, decayFactor } = options;
  return ops.tidy(() => {
    const g = typeof factor === "number" ? ops.scale(gradient, factor) : ops.mul(gradient, factor);
    const fresh = ops.scale(g, 1 - beta1);
    const freshSquare = ops.scale(ops.square(g), 1 - beta2);
    const m = moments === undefined ? fresh : ops.add(ops.scale(moments.m, beta1), fresh);
    const v = moments === undefined ? freshSquare : ops.add(ops.scale(moments.v, beta2), freshSquare);
    const deviation = ops.shift(ops.scale(ops.sqrt(v), 1 / Math.sqrt(1 - beta2 ** step)), epsilon);
    const update = ops.scale(ops.div(m, deviation), learningRate / (1 - beta1 ** step));
    const decayed = decayFactor === undefined ? value : ops.scale(value, decayFactor);
    return { value: ops.sub(decayed, update), moments: { m, v } };
  });
}
