import { jacobiSvd } from "../../ops/jacobi-svd";
import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { TorchNormals } from "./torch-normals";

/** Columns of a matrix. */
type Columns = readonly Float64Array[];

/** A matrix [rows, features] in three blocks of rows: the many rows of `body` are on the device. */
export interface StackedRows {
  readonly top: readonly Float64Array[];
  /** [rows, features] */
  readonly body: Tensor;
  readonly bottom: readonly Float64Array[];
}

/** The largest singular values and right vectors, in descending order. */
export interface LowRankSvd {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

/** peft's EVA uses this number of subspace iterations, and this seed for the first basis. */
const ITERATIONS = 4;
const SEED = 42;

/**
 * torch's `svd_lowrank` (Halko, Martinsson and Tropp, "Finding structure with randomness", 2009, algorithms 4.4 and
 * 5.1) with the random basis that peft's EVA draws. The products with many rows run on the device in 32-bit floats, the
 * orthonormalizations and the small decomposition here in double precision.
 *
 * @param options.rank - number of columns of the basis. A rank-deficient matrix has fewer results
 * @param options.precision - of torch's random numbers
 */
export async function lowRankSvd(
  x: StackedRows,
  options: { ops: Ops; rank: number; precision: "float32" | "float64" },
): Promise<LowRankSvd> {
  const matrix = new Stacked(x, options.ops);
  const tall = matrix.rows >= matrix.features;
  // torch decomposes the transposed matrix if it is wide.
  const [width, times, transposedTimes] = tall
    ? [matrix.features, matrix.times, matrix.transposedTimes]
    : [matrix.rows, matrix.transposedTimes, matrix.times];
  let basis = orthonormal(await times(drawn(width, options)));
  for (let i = 0; i < ITERATIONS; i++) {
    const other = orthonormal(await transposedTimes(basis));
    basis = orthonormal(await times(other));
  }
  const small = await transposedTimes(basis); // B', [width, rank]
  const { u, s, v } = jacobiSvd(rowByRow(small, width), { rows: width, columns: small.length });
  const rank = small.length;
  const vectors = Array.from({ length: rank }, (_, k) =>
    tall
      ? Float64Array.from({ length: width }, (_, i) => u[i * rank + k])
      : combined(
          basis,
          basis.map((_, j) => v[j * rank + k]),
        ),
  );
  return { values: Float64Array.from(s), vectors };
}

/** A matrix in blocks of rows, with its products. */
class Stacked {
  readonly #x: StackedRows;
  readonly #ops: Ops;
  readonly rows: number;
  readonly features: number;

  constructor(x: StackedRows, ops: Ops) {
    this.#x = x;
    this.#ops = ops;
    this.rows = x.top.length + x.body.shape[0] + x.bottom.length;
    this.features = x.body.shape[1];
  }

  /** X q: columns of length `features` to columns of length `rows`. */
  readonly times = async (q: Columns): Promise<Columns> => {
    const { top, body, bottom } = this.#x;
    const right = Float32Array.from(rowByRow(q, this.features));
    const product = await this.#product(() =>
      this.#ops.matMul(body, this.#ops.float(right, [this.features, q.length])),
    );
    return q.map((column, j) => {
      const result = new Float64Array(this.rows);
      top.forEach((row, i) => (result[i] = dot(row, column)));
      for (let i = 0; i < body.shape[0]; i++) result[top.length + i] = product[i * q.length + j];
      bottom.forEach((row, i) => (result[top.length + body.shape[0] + i] = dot(row, column)));
      return result;
    });
  };

  /** X' q: columns of length `rows` to columns of length `features`. */
  readonly transposedTimes = async (q: Columns): Promise<Columns> => {
    const { top, body, bottom } = this.#x;
    const count = body.shape[0];
    const inner = q.map((column) => column.subarray(top.length, top.length + count));
    const right = Float32Array.from(rowByRow(inner, count));
    const product = await this.#product(() =>
      this.#ops.matMul(body, this.#ops.float(right, [count, q.length]), { transposeA: true }),
    );
    return q.map((column, j) => {
      const result = Float64Array.from({ length: this.features }, (_, i) => product[i * q.length + j]);
      top.forEach((row, i) => add(result, row, column[i]));
      bottom.forEach((row, i) => add(result, row, column[top.length + count + i]));
      return result;
    });
  };

  async #product(compute: () => Tensor): Promise<Float32Array> {
    const product = this.#ops.escape(() => this.#ops.tidy(compute));
    try {
      return await this.#ops.read(product);
    } finally {
      this.#ops.dispose(product);
    }
  }
}

/** Columns of torch's random matrix [length, rank]. */
function drawn(length: number, { rank, precision }: { rank: number; precision: "float32" | "float64" }): Columns {
  const values = new TorchNormals(SEED).draw(length * rank, precision);
  return Array.from({ length: rank }, (_, j) => Float64Array.from({ length }, (_, i) => values[i * rank + j]));
}

/** If less than this share of a column's length remains, the rest consists of rounding errors of 32-bit products. */
const NOTHING_LEFT = 1e-7;

/**
 * An orthonormal basis of the columns by the modified Gram-Schmidt process, repeated for columns that lose most of
 * their length (Giraud, Langou and Rozložník, 2005). Leaves out columns that depend linearly on earlier ones.
 */
function orthonormal(columns: Columns): Columns {
  const basis: Float64Array[] = [];
  const largest = Math.max(...columns.map((column) => Math.sqrt(dot(column, column))));
  for (const column of columns) {
    const rest = Float64Array.from(column);
    const length = Math.sqrt(dot(rest, rest));
    let before = length;
    for (let pass = 0; pass < 3; pass++) {
      for (const other of basis) add(rest, other, -dot(rest, other));
      const now = Math.sqrt(dot(rest, rest));
      const done = now > 0.5 * before;
      before = now;
      if (done) break;
    }
    if (before > NOTHING_LEFT * Math.max(length, 1e-5 * largest)) basis.push(rest.map((x) => x / before));
  }
  return basis;
}

function combined(columns: Columns, weights: readonly number[]): Float64Array {
  const sum = new Float64Array(columns[0]?.length ?? 0);
  columns.forEach((column, j) => add(sum, column, weights[j]));
  return sum;
}

function rowByRow(columns: Columns, length: number): Float64Array {
  const values = new Float64Array(length * columns.length);
  columns.forEach((column, j) => {
    for (let i = 0; i < length; i++) values[i * columns.length + j] = column[i];
  });
  return values;
}

function add(sum: Float64Array, x: Float64Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * x[i];
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}
