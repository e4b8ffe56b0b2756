import type { Random } from "../../src/base/random";
import { LiveTensors } from "../../src/ops/live-tensors";
import { sizeOf, type Tensor } from "../../src/ops/tensor";
import { BoundedTensor, FUNCTION, gamma, inner, U, type Bounded } from "./bounded-tensor";
import { broadcast, places } from "./shape-offsets";

/**
 * Makes the results of operations, each number with its bound. The bounds of an operation follow from its operands'.
 */
export class ErrorAnalysis {
  readonly #live = new LiveTensors({ type: BoundedTensor, free: () => undefined });
  readonly #noise: Random | undefined;
  readonly lifetimes = this.#live.lifetimes;

  /** @param noise - moves each result by a random share of its bound @default none */
  constructor(noise?: Random) {
    this.#noise = noise;
  }

  /** One sum of matrix products (last two axes, leading ones are batches) and tensors, in any order of its terms. */
  sumOf(
    shape: readonly number[],
    { products = [], plus = [] }: { products?: readonly (readonly [Tensor, Tensor])[]; plus?: readonly Tensor[] },
  ): Tensor {
    const [sums, sizes, moved] = Array.from({ length: 3 }, () => new Float64Array(sizeOf(shape)));
    for (const part of plus.map(inner)) {
      for (let i = 0; i < sums.length; i++) {
        sums[i] += part.values[i];
        sizes[i] += Math.abs(part.values[i]) + part.bounds[i];
        moved[i] += part.bounds[i];
      }
    }
    for (const [a, b] of products) addProduct(inner(a), inner(b), { sums, sizes, moved });
    const terms = products.reduce((n, [a]) => n + a.shape[a.shape.length - 1], plus.length) + 1;
    return this.own(
      sums,
      sums.map((_, i) => moved[i] + gamma(terms) * sizes[i]),
      shape,
    );
  }

  /** Rows of exponentials over their sum: `make` takes a share and what moves it, and gives a number and its bound. */
  exponentials(
    x: Tensor,
    make: (
      share: number,
      row: { below: number; log: number; moved: number; terms: number },
    ) => readonly [number, number],
  ): Tensor {
    const columns = x.shape[x.shape.length - 1];
    const { values, bounds } = inner(x);
    const [found, errors] = [new Float64Array(values.length), new Float64Array(values.length)];
    for (let first = 0; first < values.length; first += columns) {
      const row = values.subarray(first, first + columns);
      const highest = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const sum = row.reduce((a, b) => a + Math.exp(b - highest), 0);
      // A score's own error, and that of each other by its share: what lies far below the highest moves nothing.
      const moves = row.map((value, i) => bounds[first + i] + FUNCTION + 3 * U * Math.abs(value - highest));
      const shared = row.reduce((all, value, i) => all + (Math.exp(value - highest) / sum) * Math.expm1(moves[i]), 0);
      row.forEach((value, i) => {
        const below = value - highest;
        [found[first + i], errors[first + i]] = make(Math.exp(below) / sum, {
          below,
          log: Math.log(sum),
          moved: moves[i] + shared,
          terms: columns,
        });
      });
    }
    return this.own(found, errors, x.shape);
  }

  /** A function that rises on numbers of 0 or more: its bound is its change over the operand's bound, and a share. */
  rising(x: Tensor, f: (v: number) => number, share: number): Tensor {
    return this.each(x, f, (v, d) => {
      const [low, high] = [f(Math.max(v - d, 0)), f(v + d)];
      return Math.max(high - f(v), f(v) - low) + share * high;
    });
  }

  /** A function of each number, with the bound of its result. */
  each(x: Tensor, f: (value: number) => number, bound: (value: number, bound: number) => number): Tensor {
    const { values, bounds } = inner(x);
    return this.own(
      values.map(f),
      values.map((value, i) => bound(value, bounds[i])),
      x.shape,
    );
  }

  /** A function of each pair of numbers, with the bound of its result; either tensor may be repeated. */
  pairs(
    a: Tensor,
    b: Tensor,
    f: (x: number, y: number) => number,
    bound: (x: number, y: number, dx: number, dy: number) => number,
  ): Tensor {
    const shape = broadcast(a.shape, b.shape);
    const [left, right] = [a, b].map((each) =>
      each.shape.join() === shape.join() ? inner(each) : this.#spread(inner(each), shape),
    );
    const values = left.values.map((x, i) => f(x, right.values[i]));
    return this.own(
      values,
      values.map((_, i) => bound(left.values[i], right.values[i], left.bounds[i], right.bounds[i])),
      shape,
    );
  }

  #spread(x: BoundedTensor, shape: readonly number[]): Bounded {
    const from = places(shape, [...Array<number>(shape.length - x.shape.length).fill(1), ...x.shape]);
    return { values: Float64Array.from(from, (i) => x.values[i]), bounds: Float64Array.from(from, (i) => x.bounds[i]) };
  }

  /** The numbers of a tensor at given places. */
  taken(x: Tensor, from: Int32Array, shape: readonly number[]): Tensor {
    const { values, bounds } = inner(x);
    const [found, errors] = [new Float64Array(from.length), new Float64Array(from.length)];
    for (let i = 0; i < from.length; i++) {
      found[i] = values[from[i]];
      errors[i] = bounds[from[i]];
    }
    return this.own(found, errors, shape);
  }

  /** Makes a tensor; with noise, one without bounds, moved by a random share of its bounds. */
  own(values: Float64Array, bounds: Float64Array, shape: readonly number[]): BoundedTensor {
    if (values.length !== sizeOf(shape))
      throw new RangeError(
        `A tensor of shape [${shape.join(", ")}] must have ${sizeOf(shape)} values; got ${values.length}.`,
      );
    const noise = this.#noise;
    const tensor =
      noise === undefined
        ? new BoundedTensor(values, bounds, [...shape])
        : new BoundedTensor(moved(values, bounds, noise), new Float64Array(bounds.length), [...shape]);
    return this.#live.enter(tensor);
  }
}

function moved(values: Float64Array, bounds: Float64Array, noise: Random): Float64Array {
  return values.map((value, i) => (bounds[i] === 0 ? value : value + bounds[i] * (2 * noise.uniform() - 1)));
}

/** Adds a matrix product, batch by batch, its terms' sizes, and how far its operands' bounds move it. */
function addProduct(
  a: BoundedTensor,
  b: BoundedTensor,
  { sums, sizes, moved }: { sums: Float64Array; sizes: Float64Array; moved: Float64Array },
): void {
  const [rows, depth] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  const exact = a.bounds.every((bound) => bound === 0) && b.bounds.every((bound) => bound === 0);
  const left = a.values.length === 0 ? 0 : a.values.length / (rows * depth);
  for (let row = 0; row < left * rows; row++) {
    const [to, right] = [row * columns, Math.floor(row / rows) * depth * columns];
    for (let k = 0; k < depth; k++) {
      const [x, dx] = [a.values[row * depth + k], a.bounds[row * depth + k]];
      const [size, at] = [Math.abs(x), right + k * columns];
      for (let c = 0; c < columns; c++) {
        const y = b.values[at + c];
        sums[to + c] += x * y;
        sizes[to + c] += size * Math.abs(y);
      }
      if (exact) continue;
      for (let c = 0; c < columns; c++) {
        const dy = b.bounds[at + c];
        const through = size * dy + dx * (Math.abs(b.values[at + c]) + dy);
        moved[to + c] += through;
        sizes[to + c] += through;
      }
    }
  }
}
