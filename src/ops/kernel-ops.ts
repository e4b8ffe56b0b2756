import { composed } from "./composed/composed";
import { findInstructions, type Instructions } from "./instructions";
import type { Int8Products } from "./int8-products";
import { kernelActivations } from "./kernel-calls/activations";
import { kernelAttention } from "./kernel-calls/attention";
import { BFLOAT16_METHODS, type Bfloat16Method } from "./kernel-calls/bfloat16-methods";
import { kernelInt8Products } from "./kernel-calls/int8-products";
import { kernelRotary } from "./kernel-calls/rotary";
import { KernelSession } from "./kernel-calls/kernel-session";
import { kernelNorms } from "./kernel-calls/norms";
import { kernelLowRanks, kernelProducts } from "./kernel-calls/products";
import { readMethods } from "./kernel-calls/read-methods";
import type { Ops } from "./ops";
import { tensorflowPrimitives } from "./tensorflow-ops";
import { TensorflowSession } from "./tensorflow/session";

/** {@link Ops} with the kernels for the processor. */
export interface KernelOps extends Ops {
  /** The instruction set whose kernels run. */
  readonly instructions: Instructions;
  /** Products with weights in 8 bits. */
  readonly int8: Int8Products;
  /** The way to multiply numbers in bfloat16; undefined if it brings no speed. */
  readonly bfloat16Method: Bfloat16Method | undefined;
  /** All ways that this processor has. */
  readonly bfloat16Methods: readonly Bfloat16Method[];
}

/** Options of {@link kernelOps}. */
export interface KernelOpsOptions {
  /**
   * The method for products in bfloat16, one of `bfloat16Methods`. For tests.
   * @default the fastest that has instructions, else "emulated-pairs", which brings no speed
   */
  readonly bfloat16?: Bfloat16Method;
}

/**
 * The ops on the processor: TensorFlow's operations and the kernels of `ops/kernels`, which set-up builds into the
 * binding. The kernels compute the products with weights, and fuse the operations between two products into one pass
 * over memory. They draw dropout masks when they use them and store none.
 *
 * @throws TsloraError `device` if the binding has no kernels, or none for the set that TSLORA_INSTRUCTIONS names
 */
export function kernelOps(session = new TensorflowSession(), options: KernelOpsOptions = {}): KernelOps {
  const instructions = findInstructions(session);
  const { best, all: bfloat16Methods } = readMethods(session, "TsloraBf16Methods", BFLOAT16_METHODS);
  const bfloat16Method = options.bfloat16 ?? best;
  const primitives = {
    ...tensorflowPrimitives(session),
    draws: "Philox 4x32-7, by row and column",
    bfloat16: bfloat16Method === undefined ? ("slow" as const) : ("fast" as const),
  };
  const kernels = new KernelSession(session);
  const ops = composed(primitives, (all) => ({
    ...kernelActivations(kernels),
    ...kernelProducts({ kernels, ops: all, bfloat16: bfloat16Method ?? "emulated-pairs" }, primitives),
    ...kernelLowRanks(kernels, all),
    ...kernelNorms(kernels, all),
    ...kernelAttention(kernels),
    ...kernelRotary(kernels),
  }));
  const int8 = kernelInt8Products(session, { kernels, ops });
  return Object.assign(ops, { instructions, int8, bfloat16Method, bfloat16Methods });
}

/** Whether ops run the kernels for the processor. */
export function isKernelOps(ops: Ops): ops is KernelOps {
  return "instructions" in ops;
}
