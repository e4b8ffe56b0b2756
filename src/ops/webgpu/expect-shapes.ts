import type { Tensor } from "../tensor";

/** Whether two shapes are equal. */
export function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * Checks operands by name: a tensor, or undefined if there is none, and the shape that it must have. Programs read flat
 * arrays, so they would take any other shape too.
 *
 * @throws RangeError for the first operand of another shape
 */
export function expectShapes(
  operation: string,
  operands: Readonly<Record<string, readonly [Tensor | undefined, readonly number[]]>>,
): void {
  for (const [name, [tensor, shape]] of Object.entries(operands))
    if (tensor !== undefined && !areEqual(tensor.shape, shape))
      throw new RangeError(`${operation}: ${name} must be ${shown(shape)}; got ${shown(tensor.shape)}.`);
}

/** A shape as messages show it. */
export function shown(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
