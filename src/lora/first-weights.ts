import type { Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import type { Random } from "../base/random";
import type { ResolvedLoraConfig } from "./lora-config";
import type { PlannedLayer } from "./plan-adapter";

/** Initial weights of an update. `residual` is the weight [out, in] minus the initial update, for PiSSA and OLoRA. */
export interface FirstWeights {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly residual?: Tensor;
}

/**
 * Draws or computes A [r, in] and B [out, r] of a layer, as peft does (`update_layer`). The caller disposes of them.
 */
export function firstWeights(
  ops: Ops,
  layer: PlannedLayer,
  options: { init: ResolvedLoraConfig["initLoraWeights"]; random: Random },
): FirstWeights {
  const { init, random } = options;
  if (init === "pissa" || init === "olora") return fromWeight(ops, layer, init);
  const { linear, r } = layer;
  const draw = (shape: readonly [number, number], next: () => number): Tensor =>
    ops.float(Float32Array.from({ length: shape[0] * shape[1] }, next), shape);
  // Kaiming-uniform with a = sqrt(5)
  const uniform = (bound: number) => (): number => (2 * random.uniform() - 1) * bound;
  const a = draw(
    [r, linear.inFeatures],
    init === "gaussian" ? () => random.normal() / r : uniform(1 / Math.sqrt(linear.inFeatures)),
  );
  const b = draw([linear.outFeatures, r], init === false ? uniform(1 / Math.sqrt(r)) : () => 0);
  return { a, b };
}

/** Computes A and B from the weight itself, and the residual weight W - scaling B A. */
function fromWeight(ops: Ops, { linear, r, scaling }: PlannedLayer, init: "pissa" | "olora"): FirstWeights {
  return linear.weight.lend((weight) =>
    ops.tidy(() => {
      const { a, b } = init === "pissa" ? principal(ops, weight, { r, scaling }) : orthonormal(ops, weight, r);
      return { a, b, residual: ops.sub(weight, ops.scale(ops.matMul(b, a), scaling)) };
    }),
  );
}

/** PiSSA: W = U S V'; A = sqrt(S / scaling) V' and B = U sqrt(S / scaling), for the r largest singular values. */
function principal(ops: Ops, weight: Tensor, { r, scaling }: { r: number; scaling: number }): { a: Tensor; b: Tensor } {
  return ops.tidy(() => {
    const { u, s, v } = ops.svd(weight);
    const root = ops.reshape(ops.sqrt(ops.scale(ops.sliceRows(s, 0, r), 1 / scaling)), [r, 1]);
    // [r, ...]
    const rows = (vectors: Tensor): Tensor => ops.mul(ops.sliceRows(ops.transpose(vectors, [1, 0]), 0, r), root);
    return { a: rows(v), b: ops.transpose(rows(u), [1, 0]) };
  });
}

/** OLoRA: W = Q R; A is the first r rows of R and B the first r columns of Q. */
function orthonormal(ops: Ops, weight: Tensor, r: number): { a: Tensor; b: Tensor } {
  return ops.tidy(() => {
    const { q, r: upper } = ops.qr(weight);
    return { a: ops.sliceRows(upper, 0, r), b: ops.transpose(ops.sliceRows(ops.transpose(q, [1, 0]), 0, r), [1, 0]) };
  });
}
