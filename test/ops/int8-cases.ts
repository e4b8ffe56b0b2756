import { Random } from "../../src/base/random";
import type { Int8Method } from "../../src/ops/int8-products";
import type { KernelOps } from "../../src/ops/kernel-ops";

/** A product in 8 bits. */
export interface Int8Case {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  /** [rows, depth] */
  readonly x: Float32Array;
  /** [columns, depth] */
  readonly w: Float32Array;
  /** [columns] */
  readonly bias: Float32Array;
}

/** Shapes that fill no tile, panel, group or block, and some that fill several. */
export const SHAPES: readonly (readonly [rows: number, depth: number, columns: number])[] = [
  [1, 1, 1],
  [3, 2, 5],
  [7, 5, 17],
  [13, 31, 33],
  [57, 70, 97],
  [121, 64, 400],
  [2, 1541, 35],
  [3, 3100, 19],
];

export function normalCase([rows, depth, columns]: readonly [number, number, number], seed = 5): Int8Case {
  const random = new Random(seed);
  const draw = (size: number, spread: number): Float32Array =>
    Float32Array.from({ length: size }, () => spread * random.normal());
  return { rows, depth, columns, x: draw(rows * depth, 2), w: draw(columns * depth, 0.1), bias: draw(columns, 1) };
}

/** Rows that are constant, zero, tiny, huge, or not finite, and channels of the same kinds; [rows and columns, 8]. */
export function oddCase(): Int8Case {
  const kinds = [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [-0, 0, -0, 0, -0, 0, -0, 0],
    [5, 5, 5, 5, 5, 5, 5, 5],
    [1e-44, 0, -1e-44, 0, 0, 0, 0, 0],
    [1e-36, 2e-36, 0, -3e-36, 0, 0, 0, 0],
    [1e6, 1e6 + 0.5, 1e6 + 1, 1e6 + 0.25, 1e6, 1e6, 1e6, 1e6],
    [-1, 1, -1, 1, -1, 1, 0.5, -0.5],
    [-0.17, 3, -0.1, 0, 0, 8, -0.02, 1],
  ];
  const broken = [
    [NaN, 1, 2, 3, 4, 5, 6, 7],
    [1, 2, 3, 4, 5, 6, 7, Infinity],
    [-Infinity, 2, 3, 4, 5, 6, 7, 1],
    [3e38, -3e38, 0, 0, 0, 0, 0, 0],
  ];
  const x = [...kinds, ...broken];
  return {
    rows: x.length,
    depth: 8,
    columns: kinds.length,
    x: Float32Array.from(x.flat()),
    w: Float32Array.from(kinds.flat()),
    bias: Float32Array.from(kinds, (_, i) => i - 3),
  };
}

/** Numbers that make the largest sums: u is 255 nearly everywhere, and the magnitudes of two q add up to 127 or 128. */
export function extremeCase(depth: number): Int8Case {
  const rows = Array.from({ length: 4 }, (_, row) =>
    Array.from({ length: depth }, (_, k) => (k === row ? (row % 2 === 0 ? 0 : -255) : row % 2 === 0 ? 255 : 0)),
  );
  const channels = [
    Array.from({ length: depth }, () => 127),
    Array.from({ length: depth }, () => -127),
    Array.from({ length: depth }, () => -128),
    Array.from({ length: depth }, (_, k) => (k % 2 === 0 ? 127 : -127)),
    Array.from({ length: depth }, (_, k) => (k % 4 < 2 ? 127 : -127)),
    Array.from({ length: depth }, (_, k) => (k % 2 === 0 ? 127 : 0)),
    Array.from({ length: depth }, (_, k) => (k % 2 === 0 ? -126.5 : -0.5)),
  ];
  return {
    rows: rows.length,
    depth,
    columns: channels.length,
    x: Float32Array.from(rows.flat()),
    w: Float32Array.from(channels.flat()),
    bias: new Float32Array(channels.length),
  };
}

/** The kernels' results for a case: the product, the weight as it is in 8 bits, and its scales and sums. */
export async function int8Results(
  ops: KernelOps,
  { rows, depth, columns, x, w, bias }: Int8Case,
  method?: Int8Method,
): Promise<{ y: Float32Array; weight: Float32Array; channels: Float32Array }> {
  const made = ops.escape(() => {
    const matrix = ops.int8.quantize(ops.float(w, [columns, depth]), method);
    const y = ops.int8.affine(ops.float(x, [rows, depth]), matrix, { bias: ops.float(bias, [columns]) });
    return { y, matrix, weight: ops.int8.dequantize(matrix) };
  });
  const read = {
    y: Float32Array.from(await ops.read(made.y)),
    weight: Float32Array.from(await ops.read(made.weight)),
    channels: Float32Array.from(await ops.read(made.matrix.channels)),
  };
  ops.disposeIn(made);
  return read;
}
