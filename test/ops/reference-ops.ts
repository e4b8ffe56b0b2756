import { Random } from "../../src/base/random";
import type { Tensor } from "../../src/ops/tensor";
import { sizeOf } from "../../src/ops/tensor";
import { composed } from "../../src/ops/composed/composed";
import type {
  Drop,
  Factors,
  LayerNormSaved,
  LowRank,
  Ops,
  PackedMatrix,
  Primitives,
  ProductOptions,
} from "../../src/ops/ops";
import { jacobiSvd } from "../../src/ops/jacobi-svd";
import { LiveTensors, type OwnTensor } from "../../src/ops/live-tensors";
import { erf } from "./erf";

/** The unit roundoff of a 32-bit float: an operation's result is off by at most this share of it. */
const U = 2 ** -24;
/** The unit roundoff of a bfloat16, which has 8 bits of precision. */
const BF16 = 2 ** -8;
/** Roundings allowed to an exponential, erf, tanh, power or logarithm: libraries promise 1 to 4 units in the last place. */
const FUNCTION = 16 * U;
/** Numbers below the smallest normal float may be flushed to zero, or held at it. */
const TINY = 2 ** -125;

/** The error of a sum of n terms in any order, as a share of the sum of their sizes (Higham, 2002, section 4.2). */
function gamma(n: number): number {
  return (n * U) / (1 - n * U);
}

/** A tensor in double precision, with a bound for each number on the error of 32-bit arithmetic. */
class BoundedTensor implements OwnTensor {
  disposed = false;
  constructor(
    readonly values: Float64Array,
    readonly bounds: Float64Array,
    readonly shape: readonly number[],
  ) {}
}

/**
 * The ops in double precision, with a bound on what 32-bit floats may make of each number: a running error analysis
 * (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, chapter 3).
 *
 * Each number carries `bound`, such that a 32-bit implementation lies within `value ± bound` whatever the order of its
 * sums, with or without fused multiplication and addition, on any instruction set and number of threads. A sum of n
 * products is off by at most `(n + 1) * 2^-24 * sum |a| |b|`, plus what its operands' bounds come to. Larger operations
 * pass their operands' bounds on by their derivatives.
 *
 * Through a whole model such bounds grow beyond use, since they know of no cancellation. With `noise`, each result is
 * moved by a random share of its own bound instead, and carries none: see {@link sampleRounding}.
 *
 * Tests compare every implementation with this one through {@link expectWithin}. No bound in them is a number that
 * once held on one machine.
 *
 * Dropout keeps what `masks` holds for a shape and a seed: draw these by the implementation under test. What is not
 * there is drawn by the seed.
 */
export interface ReferenceOps extends Ops {
  readonly masks: Map<string, ArrayLike<number>>;
  float(values: ArrayLike<number>, shape: readonly number[]): Tensor;
  /** A tensor's numbers and their bounds. */
  bounded(x: Tensor): Bounded;
}

/** @param options.noise - draws the share of its bound that each result is moved by @default none */
export function referenceOps(options: { noise?: Random } = {}): ReferenceOps {
  const reference = new Reference(options);
  const fused: Partial<Ops> = {
    products: (pairs, others) => reference.products(pairs, others),
    affine: (x, w, bias, update) => reference.affine(x, w, bias, update),
    addLowRank: (y, update) => reference.addLowRank(y, update),
  };
  return Object.assign(
    composed(boundMethods(reference), () => fused),
    {
      masks: reference.masks,
      float: (values: ArrayLike<number>, shape: readonly number[]) => reference.float(values, shape),
      bounded: (x: Tensor) => reference.bounded(x),
    },
  );
}

/** An object's fields, and its class's methods, which keep the object as `this`. */
function boundMethods<T extends object>(object: T): T {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object) as object));
  const bound = methods
    .filter(([name]) => name !== "constructor")
    .map(([name, { value }]): [string, unknown] => [name, (value as (...values: unknown[]) => unknown).bind(object)]);
  return { ...object, ...Object.fromEntries(bound) };
}

class Reference implements Primitives {
  readonly name = "tfjs";
  readonly draws = "given masks";
  readonly masks = new Map<string, ArrayLike<number>>();
  readonly #live = new LiveTensors({ type: BoundedTensor, free: () => undefined });
  readonly #noise: Random | undefined;
  readonly dispose = this.#live.lifetimes.dispose;
  readonly alive = this.#live.lifetimes.alive;
  readonly tidy = this.#live.lifetimes.tidy;
  readonly escape = this.#live.lifetimes.escape;
  readonly disposeIn = this.#live.lifetimes.disposeIn;

  constructor({ noise }: { noise?: Random }) {
    this.#noise = noise;
  }

  float(values: ArrayLike<number>, shape: readonly number[]): Tensor {
    return this.#own(Float64Array.from(values), new Float64Array(values.length), shape);
  }

  int(values: Int32Array, shape: readonly number[]): Tensor {
    return this.float(values, shape);
  }

  read(x: Tensor): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from(inner(x).values));
  }

  /** A tensor's numbers and their bounds. */
  bounded(x: Tensor): Bounded {
    const { values, bounds } = inner(x);
    return { values, bounds };
  }

  add(a: Tensor, b: Tensor): Tensor {
    return this.#pairs(
      a,
      b,
      (x, y) => x + y,
      (x, y, dx, dy) => dx + dy + U * (Math.abs(x + y) + dx + dy),
    );
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#pairs(
      a,
      b,
      (x, y) => x - y,
      (x, y, dx, dy) => dx + dy + U * (Math.abs(x - y) + dx + dy),
    );
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#pairs(
      a,
      b,
      (x, y) => x * y,
      (x, y, dx, dy) => {
        const moved = Math.abs(x) * dy + dx * Math.abs(y) + dx * dy;
        return moved + U * (Math.abs(x * y) + moved) + (x * y === 0 ? 0 : TINY);
      },
    );
  }

  div(a: Tensor, b: Tensor): Tensor {
    return this.#pairs(
      a,
      b,
      (x, y) => x / y,
      (x, y, dx, dy) => {
        if (dy >= Math.abs(y)) return Infinity;
        const moved = (dx + Math.abs(x / y) * dy) / (Math.abs(y) - dy);
        return moved + 2 * U * (Math.abs(x / y) + moved) + TINY;
      },
    );
  }

  scale(x: Tensor, factor: number): Tensor {
    // A power of two only moves the exponent; a factor that is no 32-bit float is rounded to one.
    const roundings = Number.isInteger(Math.log2(Math.abs(factor))) ? 0 : 1 + Number(Math.fround(factor) !== factor);
    return this.#each(
      x,
      (v) => v * factor,
      (v, d) => Math.abs(factor) * (d + roundings * U * (Math.abs(v) + d)),
    );
  }

  shift(x: Tensor, offset: number): Tensor {
    const rounded = Math.fround(offset) === offset ? 0 : U * Math.abs(offset);
    return this.#each(
      x,
      (v) => v + offset,
      (v, d) => d + rounded + U * (Math.abs(v + offset) + d),
    );
  }

  square(x: Tensor): Tensor {
    return this.mul(x, x);
  }

  sqrt(x: Tensor): Tensor {
    return this.#rising(x, Math.sqrt, 2 * U);
  }

  pow(x: Tensor, exponent: number): Tensor {
    return this.#rising(x, (v) => Math.pow(v, exponent), FUNCTION);
  }

  tanh(x: Tensor): Tensor {
    return this.#each(x, Math.tanh, (_, d) => d + FUNCTION);
  }

  relu(x: Tensor): Tensor {
    return this.#each(
      x,
      (v) => Math.max(v, 0),
      (_, d) => d,
    );
  }

  reluBackward(dy: Tensor, y: Tensor): Tensor {
    const passed = (d: number, v: number): number => (v > 0 ? d : 0);
    return this.#pairs(dy, y, passed, (d, v, dd, dv) =>
      Math.abs(v) <= dv && dv > 0 ? Math.abs(d) + dd : passed(dd, v),
    );
  }

  gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    const cdf = (v: number): number => 0.5 * (1 + erf(v * Math.SQRT1_2));
    const density = (v: number): number => Math.exp(-0.5 * v * v) / Math.sqrt(2 * Math.PI);
    // |GELU'| < 1.13, |GELU''| < 0.8; 1 + erf loses what a float has below 1, whatever is left.
    const y = this.#each(
      x,
      (v) => v * cdf(v),
      (v, d) => 1.13 * d + FUNCTION * (Math.abs(v) + d),
    );
    if (!derivative) return { y };
    return {
      y,
      derivative: this.#each(
        x,
        (v) => cdf(v) + v * density(v),
        (v, d) => 0.8 * d + FUNCTION * (1 + Math.abs(v * density(v)) * (1 + v * v)),
      ),
    };
  }

  matMul(
    a: Tensor,
    b: Tensor,
    { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
  ): Tensor {
    return this.tidy(() => {
      const [left, right] = [transposeA ? this.#turned(a) : a, transposeB ? this.#turned(b) : b];
      return this.#sum([...left.shape.slice(0, -1), right.shape[right.shape.length - 1]], {
        products: [[left, right]],
      });
    });
  }

  /** The unrounded number, with rounding to bfloat16 as part of its bound. */
  toBfloat16(x: Tensor): Tensor {
    return this.#each(
      x,
      (v) => v,
      (v, d) => d + BF16 * (Math.abs(v) + d),
    );
  }

  matMulBfloat16(a: Tensor, b: Tensor): Tensor {
    return this.tidy(() => this.toBfloat16(this.matMul(a, b)));
  }

  addBias(x: Tensor, bias: Tensor): Tensor {
    return this.add(x, bias);
  }

  products(pairs: readonly Factors[], { plus = [], times }: ProductOptions = {}): Tensor {
    return this.tidy(() => {
      const shape = [pairs[0].x.shape[0], pairs[0].w.shape[1]];
      const sum = this.#sum(shape, { products: pairs.map(({ x, w }) => [x, w.laid]), plus });
      return times === undefined ? sum : this.mul(sum, times);
    });
  }

  affine(x: Tensor, w: PackedMatrix, bias: Tensor | undefined, update?: LowRank): Tensor {
    return this.tidy(() => {
      const zeros = this.float(new Float64Array(x.shape[0] * w.shape[1]), [x.shape[0], w.shape[1]]);
      const rows = bias === undefined ? zeros : this.add(zeros, bias);
      const low = update === undefined ? [] : [[update.low, this.#turned(update.b)] as const];
      return this.#sum(rows.shape, { products: [[x, w.laid], ...low], plus: [rows] });
    });
  }

  addLowRank(y: Tensor, { low, b }: LowRank): Tensor {
    return this.tidy(() => this.#sum(y.shape, { products: [[low, this.#turned(b)]], plus: [y] }));
  }

  addN(parts: readonly Tensor[]): Tensor {
    return this.#sum(parts[0].shape, { plus: parts });
  }

  sum(x: Tensor, axes: readonly number[], { keepDims = false }: { keepDims?: boolean } = {}): Tensor {
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const { values, bounds } = inner(x);
    const [sums, sizes, moved] = [
      new Float64Array(sizeOf(kept)),
      new Float64Array(sizeOf(kept)),
      new Float64Array(sizeOf(kept)),
    ];
    const place = places(x.shape, kept);
    for (let i = 0; i < values.length; i++) {
      sums[place[i]] += values[i];
      sizes[place[i]] += Math.abs(values[i]) + bounds[i];
      moved[place[i]] += bounds[i];
    }
    const terms = values.length / Math.max(1, sums.length);
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    return this.#own(
      sums,
      sums.map((_, i) => moved[i] + gamma(terms) * sizes[i]),
      shape,
    );
  }

  softmax(x: Tensor): Tensor {
    return this.#exponentials(x, (share, { moved, terms }) => [
      share,
      share * Math.expm1(moved + gamma(terms) + FUNCTION) + TINY,
    ]);
  }

  logSoftmax(x: Tensor): Tensor {
    return this.#exponentials(x, (_, { below, log, moved, terms }) => [
      below - log,
      moved + gamma(terms) + FUNCTION + 3 * U * (Math.abs(below) + Math.abs(log)),
    ]);
  }

  layerNorm(x: Tensor, gammas: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    return this.tidy(() => {
      const centered = this.sub(x, this.#mean(x));
      const variance = this.#mean(this.square(centered));
      const inverse = (v: number): number => 1 / Math.sqrt(Math.max(v, 0) + epsilon);
      const inverseDeviation = this.#each(
        variance,
        inverse,
        (v, d) => inverse(v - d) - inverse(v + d) + 4 * U * inverse(v - d),
      );
      const normalized = this.mul(centered, inverseDeviation);
      return { y: this.add(this.mul(normalized, gammas), beta), saved: { normalized, inverseDeviation } };
    });
  }

  layerNormBackward(dy: Tensor, gammas: Tensor, { normalized, inverseDeviation }: LayerNormSaved): Tensor {
    return this.tidy(() => {
      const g = this.mul(dy, gammas);
      const slope = this.mul(normalized, this.#mean(this.mul(g, normalized)));
      const mean = this.add(this.scale(slope, 0), this.#mean(g));
      return this.mul(this.#sum(g.shape, { plus: [g, this.scale(slope, -1), this.scale(mean, -1)] }), inverseDeviation);
    });
  }

  /** Without bounds: what vectors rebuild is tested, not they. */
  svd(x: Tensor): { u: Tensor; s: Tensor; v: Tensor } {
    const [m, n] = x.shape;
    const k = Math.min(m, n);
    return this.tidy(() => {
      const tall = m >= n ? x : this.#turned(x);
      const found = jacobiSvd(inner(tall).values, { rows: Math.max(m, n), columns: k });
      const [left, s, right] = [this.float(found.u, tall.shape), this.float(found.s, [k]), this.float(found.v, [k, k])];
      return m >= n ? { u: left, s, v: right } : { u: right, s, v: left };
    });
  }

  /** By Gram and Schmidt, twice; without bounds, as for svd. */
  qr(x: Tensor): { q: Tensor; r: Tensor } {
    const [m, n] = x.shape;
    const k = Math.min(m, n);
    const { values } = inner(x);
    const [q, r] = [new Float64Array(m * k), new Float64Array(k * n)];
    for (let j = 0; j < n; j++) {
      const column = Float64Array.from({ length: m }, (_, i) => values[i * n + j]);
      for (let pass = 0; pass < 2; pass++) {
        for (let i = 0; i < Math.min(j, k); i++) {
          const share = column.reduce((sum, value, row) => sum + value * q[row * k + i], 0);
          r[i * n + j] += share;
          column.forEach((value, row) => (column[row] = value - share * q[row * k + i]));
        }
      }
      if (j >= k) continue;
      r[j * n + j] = Math.hypot(...column);
      column.forEach((value, row) => (q[row * k + j] = value / r[j * n + j]));
    }
    return { q: this.float(q, [m, k]), r: this.float(r, [k, n]) };
  }

  keepMask(shape: readonly number[], { rate, seed }: Drop, kept = 1): Tensor {
    const mask = this.masks.get(`${shape.join()} ${seed.join()}`) ?? drawn(shape, { rate, seed });
    return this.tidy(() => (kept === 1 ? this.float(mask, shape) : this.scale(this.float(mask, shape), kept)));
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    const { values, bounds } = inner(x);
    return this.#own(values, bounds, shape);
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    const shape = permutation.map((axis) => x.shape[axis]);
    const steps = strides(x.shape);
    const from = indices(
      shape,
      permutation.map((axis) => steps[axis]),
    );
    return this.#taken(x, from, shape);
  }

  sliceRows(x: Tensor, begin: number, count: number): Tensor {
    const row = sizeOf(x.shape.slice(1));
    const { values, bounds } = inner(x);
    const [first, last] = [begin * row, (begin + count) * row];
    return this.#own(values.slice(first, last), bounds.slice(first, last), [count, ...x.shape.slice(1)]);
  }

  splitRows(x: Tensor, rows: readonly number[]): Tensor[] {
    let begin = 0;
    return rows.map((count) => this.sliceRows(x, (begin += count) - count, count));
  }

  concatRows(parts: readonly Tensor[]): Tensor {
    const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
    const joined = (which: (part: BoundedTensor) => Float64Array): Float64Array => {
      const all = new Float64Array(rows * sizeOf(parts[0].shape.slice(1)));
      let at = 0;
      for (const part of parts.map(inner)) {
        all.set(which(part), at);
        at += part.values.length;
      }
      return all;
    };
    return this.#own(
      joined(({ values }) => values),
      joined(({ bounds }) => bounds),
      [rows, ...parts[0].shape.slice(1)],
    );
  }

  gatherRows(x: Tensor, rows: Tensor): Tensor {
    const row = sizeOf(x.shape.slice(1));
    const from = Int32Array.from(
      { length: rows.shape[0] * row },
      (_, i) => inner(rows).values[Math.floor(i / row)] * row + (i % row),
    );
    return this.#taken(x, from, [rows.shape[0], ...x.shape.slice(1)]);
  }

  scatterRows(updates: Tensor, rows: Tensor, count: number): Tensor {
    const row = sizeOf(updates.shape.slice(1));
    const { values, bounds } = inner(updates);
    const [sums, sizes, moved, terms] = Array.from({ length: 4 }, () => new Float64Array(count * row));
    for (let i = 0; i < values.length; i++) {
      const to = inner(rows).values[Math.floor(i / row)] * row + (i % row);
      sums[to] += values[i];
      sizes[to] += Math.abs(values[i]) + bounds[i];
      moved[to] += bounds[i];
      terms[to]++;
    }
    return this.#own(
      sums,
      sums.map((_, i) => moved[i] + gamma(terms[i]) * sizes[i]),
      [count, ...updates.shape.slice(1)],
    );
  }

  /** The last two axes exchanged. */
  #turned(x: Tensor): Tensor {
    const axes = x.shape.map((_, axis) => axis);
    return this.transpose(x, [...axes.slice(0, -2), axes[axes.length - 1], axes[axes.length - 2]]);
  }

  #mean(x: Tensor): Tensor {
    return this.scale(this.sum(x, [x.shape.length - 1], { keepDims: true }), 1 / x.shape[x.shape.length - 1]);
  }

  /** One sum of matrix products (last two axes, leading ones are batches) and tensors, in any order of its terms. */
  #sum(
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
    return this.#own(
      sums,
      sums.map((_, i) => moved[i] + gamma(terms) * sizes[i]),
      shape,
    );
  }

  /** Rows of exponentials over their sum: `make` takes a share and what moves it, and gives a number and its bound. */
  #exponentials(
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
    return this.#own(found, errors, x.shape);
  }

  #rising(x: Tensor, f: (v: number) => number, share: number): Tensor {
    return this.#each(x, f, (v, d) => {
      const [low, high] = [f(Math.max(v - d, 0)), f(v + d)];
      return Math.max(high - f(v), f(v) - low) + share * high;
    });
  }

  #each(x: Tensor, f: (value: number) => number, bound: (value: number, bound: number) => number): Tensor {
    const { values, bounds } = inner(x);
    return this.#own(
      values.map(f),
      values.map((value, i) => bound(value, bounds[i])),
      x.shape,
    );
  }

  #pairs(
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
    return this.#own(
      values,
      values.map((_, i) => bound(left.values[i], right.values[i], left.bounds[i], right.bounds[i])),
      shape,
    );
  }

  #spread(x: BoundedTensor, shape: readonly number[]): Bounded {
    const from = places(shape, [...Array<number>(shape.length - x.shape.length).fill(1), ...x.shape]);
    return { values: Float64Array.from(from, (i) => x.values[i]), bounds: Float64Array.from(from, (i) => x.bounds[i]) };
  }

  #taken(x: Tensor, from: Int32Array, shape: readonly number[]): Tensor {
    const { values, bounds } = inner(x);
    const [found, errors] = [new Float64Array(from.length), new Float64Array(from.length)];
    for (let i = 0; i < from.length; i++) {
      found[i] = values[from[i]];
      errors[i] = bounds[from[i]];
    }
    return this.#own(found, errors, shape);
  }

  #own(values: Float64Array, bounds: Float64Array, shape: readonly number[]): BoundedTensor {
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

/** Numbers in double precision and the bounds of 32-bit arithmetic around them. */
export interface Bounded {
  readonly values: Float64Array;
  readonly bounds: Float64Array;
}

function inner(tensor: Tensor): BoundedTensor {
  if (!(tensor instanceof BoundedTensor))
    throw new TypeError("A tensor of the reference was expected, but it belongs to another implementation.");
  if (tensor.disposed)
    throw new TypeError(`A tensor of shape [${tensor.shape.join(", ")}] was used after it was disposed of.`);
  return tensor;
}

function drawn(shape: readonly number[], { rate, seed }: Drop): Float64Array {
  const random = new Random(seed[0]).fork(String(seed[1]));
  return Float64Array.from({ length: sizeOf(shape) }, () => Number(random.uniform() >= rate));
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

function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Offset of each element of a shape, by steps along its axes. */
function indices(shape: readonly number[], steps: readonly number[]): Int32Array {
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
function places(shape: readonly number[], small: readonly number[]): Int32Array {
  const steps = strides(small);
  return indices(
    shape,
    small.map((size, axis) => (size === 1 ? 0 : steps[axis])),
  );
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const size = (shape: readonly number[], axis: number): number => shape[shape.length - rank + axis] ?? 1;
  return Array.from({ length: rank }, (_, axis) => Math.max(size(a, axis), size(b, axis)));
}
