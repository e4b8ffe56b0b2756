import type { KernelOps } from "../../src/ops/kernel-ops";
import { normalCase, SHAPES } from "./int8-cases";

/** A product x w' in bfloat16. */
export interface Bfloat16Case {
  /** [rows, depth] */
  readonly x: Float32Array;
  /** [columns, depth] */
  readonly w: Float32Array;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

/** Numbers that are zero, tiny, subnormal, halfway between two of bfloat16, huge or not finite. */
function oddCase(): Bfloat16Case {
  const kinds = [
    [0, -0, 0, -0, 0],
    [1e-40, -1e-40, 1e-38, -3e-39, 2e-38],
    [1e-20, 2e-20, -1e-19, 3e-19, 1e-19],
    [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -1 - 2 ** -8, 1 - 2 ** -9],
    [3e38, -3e38, 3.39e38, 1e30, -1e-30],
    [1, NaN, 2, 3, 4],
    [Infinity, 1, 2, 3, 4],
    [-1, 1, -1, 1, 0.5],
  ];
  return {
    rows: kinds.length,
    depth: 5,
    columns: kinds.length,
    x: Float32Array.from(kinds.flat()),
    w: Float32Array.from(kinds.flat()),
  };
}

/** Sums that need one rounding each: products and sums of magnitudes from 2^-60 to 2^60. */
function wideCase(depth: number): Bfloat16Case {
  const { x, w, ...shape } = normalCase([5, depth, 7], 11);
  const spread = (values: Float32Array, step: number): Float32Array =>
    values.map((value, i) => value * 2 ** (((i * step) % 61) - 30));
  return { ...shape, x: spread(x, 7), w: spread(w, 13) };
}

/** Shapes that fill no tile, panel, block or pass, and some that fill several; and numbers of all kinds. */
export const CASES: Readonly<Record<string, Bfloat16Case>> = {
  ...Object.fromEntries(SHAPES.map((shape) => [shape.join(" x "), normalCase(shape)])),
  "57 x 33 x 800": normalCase([57, 33, 800]),
  "numbers of many sizes": wideCase(97),
  "odd numbers": oddCase(),
};

/** The kernels' product of a case. */
export async function bfloat16Product(
  ops: KernelOps,
  { x, w, rows, depth, columns }: Bfloat16Case,
): Promise<Float32Array> {
  const y = ops.tidy(() => {
    const packed = ops.pack(ops.float(w, [columns, depth]), { transpose: true, precision: "bfloat16" });
    return ops.product(ops.float(x, [rows, depth]), packed);
  });
  const found = await ops.read(y);
  ops.dispose(y);
  return found;
}
