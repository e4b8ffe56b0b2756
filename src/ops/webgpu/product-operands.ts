import type { Activation, Drop, PackedMatrix } from "../ops";
import type { MatMulOptions } from "../primitives";
import type { Tensor } from "../tensor";
import { areEqual, expectShapes, shown } from "./expect-shapes";

/** Two operands [..., rows, inner] and [..., inner, columns], as they are after transposition. */
export interface Pair extends MatMulOptions {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** Terms that follow the products; see `productProgram`. */
export interface Finish {
  readonly scale?: number;
  readonly bias?: Tensor | undefined;
  readonly plus?: readonly Tensor[];
  readonly times?: Tensor | undefined;
  readonly dropout?: { readonly of: "a" | "b" | "y"; readonly drop: Drop } | undefined;
  readonly activation?: Activation | undefined;
  readonly derivative?: boolean;
}

/** The operands x [rows, in] and w [in, out]. */
export function pairOf(x: Tensor, w: PackedMatrix): Pair {
  return { a: x, b: w.laid };
}

/** The inner dimension, over which a product sums. */
export function innerOf({ a, transposeA = false }: Pair): number {
  return a.shape[a.shape.length - (transposeA ? 2 : 1)];
}

/**
 * The shape of the sum of products.
 *
 * @throws RangeError if the operands of a pair do not fit each other, or one product has another shape than the first
 */
export function shapeOf(pairs: readonly Pair[]): readonly number[] {
  const [first, ...others] = pairs.map((pair) => productShape(pair));
  const odd = others.find((shape) => !areEqual(shape, first));
  if (odd !== undefined)
    throw new RangeError(`A sum of products must have products ${shown(first)}; got one of ${shown(odd)}.`);
  return first;
}

function productShape(pair: Pair): number[] {
  const { a, b, transposeA = false, transposeB = false } = pair;
  const [batches, others] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [rows, columns] = [a.shape.at(transposeA ? -1 : -2), b.shape.at(transposeB ? -2 : -1)];
  const depth = b.shape.at(transposeB ? -1 : -2);
  if (rows === undefined || columns === undefined || innerOf(pair) !== depth || !areEqual(batches, others))
    throw new RangeError(
      "A product must have operands [..., rows, inner] and [..., inner, columns]; got " +
        `${shown(a.shape)}${transposeA ? " transposed" : ""} and ${shown(b.shape)}${transposeB ? " transposed" : ""}.`,
    );
  return [...batches, rows, columns];
}

/** @throws RangeError if a term does not fit a result of the given shape */
export function expectFitting(shape: readonly number[], { bias, plus = [], times }: Finish): void {
  expectShapes("A sum", { "its bias": [bias, shape.slice(-1)], "its factor": [times, shape] });
  for (const addend of plus) expectShapes("A sum", { "its addend": [addend, shape] });
}

/** Number of a program's arrays besides operands and addends. */
export function fixedArrays({ bias, times, derivative = false }: Finish): number {
  return (derivative ? 2 : 1) + [bias, times].filter((term) => term !== undefined).length;
}

/** Whether nothing follows the sum of products. */
export function isPlain({ bias, times, dropout, activation }: Finish): boolean {
  return [bias, times, dropout, activation].every((term) => term === undefined);
}
