import { sizeOf } from "../../src/ops/tensor";

/** Steps between neighbours along each axis of a shape, row by row. */
export function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Offset of each element of a shape, by steps along its axes. */
export function indices(shape: readonly number[], steps: readonly number[]): Int32Array {
  const found = new Int32Array(sizeOf(shape));
  const at = shape.map(() => 0);
  for (let i = 0, place = 0; i < found.length; i++) {
    found[i] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += steps[axis];
      if (++at[axis] < shape[axis]) break;
      place -= steps[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return found;
}

/** For each element of a shape its place in one with sizes of 1 along some axes. */
export function places(shape: readonly number[], small: readonly number[]): Int32Array {
  const steps = strides(small);
  return indices(
    shape,
    small.map((size, axis) => (size === 1 ? 0 : steps[axis])),
  );
}

/** The shape of an operation on tensors of two shapes, one of which may be repeated. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const size = (shape: readonly number[], axis: number): number => shape[shape.length - rank + axis] ?? 1;
  return Array.from({ length: rank }, (_, axis) => Math.max(size(a, axis), size(b, axis)));
}
