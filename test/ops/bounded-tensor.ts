import type { OwnTensor } from "../../src/ops/live-tensors";
import type { Tensor } from "../../src/ops/tensor";

/** The unit roundoff of a 32-bit float: an operation's result is off by at most this share of it. */
export const U = 2 ** -24;
/** The unit roundoff of a bfloat16, which has 8 bits of precision. */
export const BF16 = 2 ** -8;
/**
 * Roundings allowed to an exponential, erf, tanh, power or logarithm: libraries promise 1 to 4 units in the last place.
 */
export const FUNCTION = 16 * U;
/** Numbers below the smallest normal float may be flushed to zero, or held at it. */
export const TINY = 2 ** -125;

/** The error of a sum of n terms in any order, as a share of the sum of their sizes (Higham, 2002, section 4.2). */
export function gamma(n: number): number {
  return (n * U) / (1 - n * U);
}

/** Numbers in double precision and the bounds of 32-bit arithmetic around them. */
export interface Bounded {
  readonly values: Float64Array;
  readonly bounds: Float64Array;
}

/** A tensor in double precision, with a bound for each number on the error of 32-bit arithmetic. */
export class BoundedTensor implements OwnTensor {
  disposed = false;
  constructor(
    readonly values: Float64Array,
    readonly bounds: Float64Array,
    readonly shape: readonly number[],
  ) {}
}

/** The numbers and bounds of a tensor; an error for one of other ops, or one that was disposed of. */
export function inner(tensor: Tensor): BoundedTensor {
  if (!(tensor instanceof BoundedTensor))
    throw new TypeError("A tensor of the reference was expected, but it belongs to another implementation.");
  if (tensor.disposed)
    throw new TypeError(`A tensor of shape [${tensor.shape.join(", ")}] was used after it was disposed of.`);
  return tensor;
}
