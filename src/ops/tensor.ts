/**
 * A tensor on the device, known by its shape. Its data belongs to the {@link Ops} that made
 * it; it lives until its owner disposes of it, or until the `tidy` it was made in ends.
 */
export interface Tensor {
  /** Sizes along each axis, outermost first. */
  readonly shape: readonly number[];
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Tensors, or plain records and arrays of them: what a {@link Ops.tidy} may return. */
export type TensorContainer =
  | Tensor
  | number
  | string
  | boolean
  | undefined
  | null
  | readonly TensorContainer[]
  | { readonly [key: string]: TensorContainer };
