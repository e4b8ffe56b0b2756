/**
 * Ways to multiply numbers in bfloat16, in the kernels' order. "pairs" needs AVX512-BF16, "blocks" AMX. They sum in
 * different orders. The emulated ones give, bit for bit, the numbers of the others without their instructions.
 */
export const BFLOAT16_METHODS = ["pairs", "blocks", "emulated-pairs", "emulated-blocks"] as const;
export type Bfloat16Method = (typeof BFLOAT16_METHODS)[number];
