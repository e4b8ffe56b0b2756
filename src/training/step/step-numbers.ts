import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { clippingOnDevice, clipScale, gradientNorm } from "../optimizer/gradient-norm";

/** A step's loss, and the norm of its gradients before clipping, as numbers or as tensors [1] on the device. */
export type StepNumbers =
  | { readonly kind: "read"; readonly loss: number; readonly gradNorm: number }
  | { readonly kind: "on device"; readonly loss: Tensor; readonly gradNorm: Tensor };

/** A step's numbers, and the factor that clips its gradients, a number or a tensor [1]. */
export interface Clipping {
  readonly numbers: StepNumbers;
  readonly scale: number | Tensor;
}

/** Inputs of a step's numbers. */
export interface ClippingOptions {
  readonly ops: Ops;
  /** The losses of the step's passes. They are disposed of, or become part of the result. */
  readonly losses: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  /** Largest norm of the gradients; 0 means no clipping. */
  readonly maxNorm: number;
}

/** Waits for the device and reads a step's numbers, for a check before the weights are updated. */
export async function readNumbers({ ops, losses, gradients, maxNorm }: ClippingOptions): Promise<Clipping> {
  let loss = 0;
  for (const part of losses) loss += (await ops.read(part))[0];
  ops.dispose(...losses);
  const gradNorm = await gradientNorm(gradients, { ops });
  return { numbers: { kind: "read", loss, gradNorm }, scale: clipScale(gradNorm, maxNorm) };
}

/** Keeps a step's numbers on the device, clips there, and does not wait. */
export function numbersOnDevice({ ops, losses, gradients, maxNorm }: ClippingOptions): Clipping {
  const loss = ops.tidy(() => losses.reduce((sum, part) => ops.add(sum, part)));
  if (losses.length > 1) ops.dispose(...losses);
  const { norm, scale = 1 } = clippingOnDevice(gradients, { ops, maxNorm });
  return { numbers: { kind: "on device", loss, gradNorm: norm }, scale };
}
