import { TsloraError } from "../../base/tslora-error";
import type { Ops, Precision } from "../../ops/ops";

/** The precision of a run's products with the layers' own weights: bfloat16 if it is asked for and brings speed. */
export function trainingPrecision(ops: Ops, { bf16 }: { readonly bf16: boolean }): Precision {
  return bf16 && ops.bfloat16 === "fast" ? "bfloat16" : "float32";
}

/** @throws TsloraError `unsupported` if bfloat16 is asked for, and the device has no such numbers. */
export function expectPrecision(ops: Ops, { bf16, call }: { readonly bf16: boolean; readonly call: string }): void {
  if (bf16 && ops.bfloat16 === "none")
    throw new TsloraError(
      "unsupported",
      `${call}: bf16 must be off on this device, which has only 32-bit floats. Leave it out, or train on TensorFlow (device "cpu" or "cuda").`,
    );
}

/** Says that bfloat16 is asked for but not used. Undefined if it is used, or not asked for. */
export function precisionNotice(ops: Ops, { bf16 }: { readonly bf16: boolean }): string | undefined {
  return bf16 && ops.bfloat16 === "slow"
    ? "bf16 brings nothing on this processor and is not used. The processor has neither AVX512-BF16 nor AMX, or the kernels are not those for AVX-512. Training computes in 32-bit floats."
    : undefined;
}
