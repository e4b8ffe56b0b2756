import type { TensorflowSession } from "../tensorflow/session";

/**
 * Ways to multiply numbers in bfloat16, in the kernels' order. "pairs" needs AVX512-BF16, "blocks" AMX. They sum in
 * different orders. The emulated ones give, bit for bit, the numbers of the others without their instructions.
 */
export const BFLOAT16_METHODS = ["pairs", "blocks", "emulated-pairs", "emulated-blocks"] as const;
export type Bfloat16Method = (typeof BFLOAT16_METHODS)[number];

/** The methods that the processor and its kernels have. */
export interface Bfloat16Methods {
  /** The fastest that has instructions. */
  readonly best: Bfloat16Method | undefined;
  readonly all: readonly Bfloat16Method[];
}

export function readBfloat16Methods(session: TensorflowSession): Bfloat16Methods {
  return session.tensors.tidy(() => {
    const [report] = session.execute("TsloraBf16Methods", [], [], 1);
    const [best, all] = session.binding.tensorDataSync(session.idOf(report));
    return {
      best: BFLOAT16_METHODS.at(best < 0 ? BFLOAT16_METHODS.length : best),
      all: BFLOAT16_METHODS.filter((_, index) => (all & (1 << index)) !== 0),
    };
  });
}
