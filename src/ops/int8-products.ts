import type { Activation, LowRank } from "./ops";
import type { Tensor } from "./tensor";

/**
 * Ways to multiply 8-bit integers, in the kernels' order. All give the same numbers, bit for bit: "scalar" is the
 * definition, "pairs" needs SSE2, "byte-pairs" AVX2, "quads" AVX512-VNNI or AVX-VNNI, and "blocks" AMX.
 * "emulated-quads" and "emulated-blocks" compute what these do without their instructions.
 */
export const INT8_METHODS = [
  "scalar",
  "pairs",
  "byte-pairs",
  "quads",
  "emulated-quads",
  "blocks",
  "emulated-blocks",
] as const;
export type Int8Method = (typeof INT8_METHODS)[number];

/** Most input features of a weight in 8 bits: the sums of its products fit in 32 bits. */
export const MOST_INT8_FEATURES = 65536;

/**
 * A weight [out, in] in 8 bits, packed for its products: each output channel is its scale times whole numbers from -127
 * to 127.
 */
export interface Int8Matrix {
  /** The whole numbers. Only the kernels read them. */
  readonly packed: Tensor;
  /** Each channel's scale, and the sum of its whole numbers: [2, out]. */
  readonly channels: Tensor;
  /** [in, out] */
  readonly shape: readonly [number, number];
  readonly method: Int8Method;
}

/** Terms that are added to a product in 32-bit floats, and the activation that follows. */
export interface Int8AffineOptions {
  readonly bias: Tensor;
  readonly update?: LowRank | { readonly whole: Tensor } | undefined;
  readonly activation?: Activation | undefined;
}

/**
 * Products with weights in 8 bits, on the processor alone. Each row of x is rounded to 256 equal steps between its
 * least and its greatest number. Products are summed exactly, in 32-bit integers. Scales, bias, updates and activations
 * are 32-bit floats.
 */
export interface Int8Products {
  /** The methods that this processor has. */
  readonly methods: readonly Int8Method[];
  /** The fastest of them. */
  readonly method: Int8Method;
  /**
   * Rounds w [out, in] to 8 bits, channel by channel. The scale is 1/127 of the largest sum of the magnitudes of two
   * neighbours: then no method saturates. A channel with a number that is not finite gets the scale NaN.
   *
   * @param method - for tests. @default the fastest
   */
  quantize(w: Tensor, method?: Int8Method): Int8Matrix;
  /** The numbers that the 8-bit weight is, [out, in]. */
  dequantize(w: Int8Matrix): Tensor;
  /** An activation, if one is given, of x w' + bias + update: x [rows, in] to [rows, out]. */
  affine(x: Tensor, w: Int8Matrix, options: Int8AffineOptions): Tensor;
}

/** Bytes of a weight in 8 bits, with its scales and sums. */
export function int8Bytes({ packed, channels }: Int8Matrix): number {
  const count = ({ shape }: Tensor): number => shape.reduce((product, extent) => product * extent, 1);
  return count(packed) + 4 * count(channels);
}
