import { Random } from "../../src/base/random";
import { sizeOf, type Tensor } from "../../src/ops/tensor";
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
  Update,
} from "../../src/ops/ops";
import { jacobiSvd } from "../../src/ops/jacobi-svd";
import { BF16, FUNCTION, gamma, inner, TINY, U, type Bounded } from "./bounded-tensor";
import { erf } from "./erf";
import { ErrorAnalysis } from "./error-analysis";
import { gramSchmidt } from "./gram-schmidt";
import { ReferenceLayout } from "./reference-layout";
import { places } from "./shape-offsets";

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
  const errors = new ErrorAnalysis(options.noise);
  const layout = new ReferenceLayout(errors);
  const reference = new ReferenceArithmetic(errors, layout);
  const fused: Partial<Ops> = {
    products: (pairs, others) => reference.products(pairs, others),
    affine: (x, w, bias, update) => reference.affine(x, w, bias, update),
    addLowRank: (y, update) => reference.addLowRank(y, update),
  };
  return Object.assign(
    composed(Object.assign(boundMethods(layout), boundMethods(reference)), () => fused),
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

/** Primitives of the reference that compute. */
class ReferenceArithmetic implements Omit<Primitives, keyof ReferenceLayout> {
  readonly name = "tfjs";
  readonly draws = "given masks";
  readonly bfloat16 = "fast";
  readonly masks = new Map<string, ArrayLike<number>>();
  readonly #errors: ErrorAnalysis;
  readonly #layout: ReferenceLayout;
  readonly dispose: ErrorAnalysis["lifetimes"]["dispose"];
  readonly alive: ErrorAnalysis["lifetimes"]["alive"];
  readonly tidy: ErrorAnalysis["lifetimes"]["tidy"];
  readonly escape: ErrorAnalysis["lifetimes"]["escape"];
  readonly disposeIn: ErrorAnalysis["lifetimes"]["disposeIn"];

  constructor(errors: ErrorAnalysis, layout: ReferenceLayout) {
    this.#errors = errors;
    this.#layout = layout;
    ({
      dispose: this.dispose,
      alive: this.alive,
      tidy: this.tidy,
      escape: this.escape,
      disposeIn: this.disposeIn,
    } = errors.lifetimes);
  }

  float(values: ArrayLike<number>, shape: readonly number[]): Tensor {
    return this.#errors.own(Float64Array.from(values), new Float64Array(values.length), shape);
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
    return this.#errors.pairs(
      a,
      b,
      (x, y) => x + y,
      (x, y, dx, dy) => dx + dy + U * (Math.abs(x + y) + dx + dy),
    );
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#errors.pairs(
      a,
      b,
      (x, y) => x - y,
      (x, y, dx, dy) => dx + dy + U * (Math.abs(x - y) + dx + dy),
    );
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#errors.pairs(
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
    return this.#errors.pairs(
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
    return this.#errors.each(
      x,
      (v) => v * factor,
      (v, d) => Math.abs(factor) * (d + roundings * U * (Math.abs(v) + d)),
    );
  }

  shift(x: Tensor, offset: number): Tensor {
    const rounded = Math.fround(offset) === offset ? 0 : U * Math.abs(offset);
    return this.#errors.each(
      x,
      (v) => v + offset,
      (v, d) => d + rounded + U * (Math.abs(v + offset) + d),
    );
  }

  square(x: Tensor): Tensor {
    return this.mul(x, x);
  }

  sqrt(x: Tensor): Tensor {
    return this.#errors.rising(x, Math.sqrt, 2 * U);
  }

  pow(x: Tensor, exponent: number): Tensor {
    return this.#errors.rising(x, (v) => Math.pow(v, exponent), FUNCTION);
  }

  tanh(x: Tensor): Tensor {
    return this.#errors.each(x, Math.tanh, (_, d) => d + FUNCTION);
  }

  relu(x: Tensor): Tensor {
    return this.#errors.each(
      x,
      (v) => Math.max(v, 0),
      (_, d) => d,
    );
  }

  reluBackward(dy: Tensor, y: Tensor): Tensor {
    const passed = (d: number, v: number): number => (v > 0 ? d : 0);
    return this.#errors.pairs(dy, y, passed, (d, v, dd, dv) =>
      Math.abs(v) <= dv && dv > 0 ? Math.abs(d) + dd : passed(dd, v),
    );
  }

  gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    const cdf = (v: number): number => 0.5 * (1 + erf(v * Math.SQRT1_2));
    const density = (v: number): number => Math.exp(-0.5 * v * v) / Math.sqrt(2 * Math.PI);
    // |GELU'| < 1.13, |GELU''| < 0.8; 1 + erf loses what a float has below 1, whatever is left.
    const y = this.#errors.each(
      x,
      (v) => v * cdf(v),
      (v, d) => 1.13 * d + FUNCTION * (Math.abs(v) + d),
    );
    if (!derivative) return { y };
    return {
      y,
      derivative: this.#errors.each(
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
      return this.#errors.sumOf([...left.shape.slice(0, -1), right.shape[right.shape.length - 1]], {
        products: [[left, right]],
      });
    });
  }

  /** The unrounded number, with rounding to bfloat16 as part of its bound. */
  toBfloat16(x: Tensor): Tensor {
    return this.#errors.each(
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
      const rounded = pairs.filter(({ w }) => w.precision === "bfloat16").map(({ x, w }) => this.#inBfloat16(x, w));
      const exact = pairs.filter(({ w }) => w.precision === "float32").map(({ x, w }) => [x, w.laid] as const);
      const sum = this.#errors.sumOf(shape, { products: exact, plus: [...rounded, ...plus] });
      return times === undefined ? sum : this.mul(sum, times);
    });
  }

  affine(x: Tensor, w: PackedMatrix, bias: Tensor | undefined, update?: Update): Tensor {
    return this.tidy(() => {
      const zeros = this.float(new Float64Array(x.shape[0] * w.shape[1]), [x.shape[0], w.shape[1]]);
      const rows = bias === undefined ? zeros : this.add(zeros, bias);
      const low = update === undefined || "whole" in update ? [] : [[update.low, this.#turned(update.b)] as const];
      const plus = update !== undefined && "whole" in update ? [rows, update.whole] : [rows];
      return w.precision === "bfloat16"
        ? this.#errors.sumOf(rows.shape, { products: low, plus: [...plus, this.#inBfloat16(x, w)] })
        : this.#errors.sumOf(rows.shape, { products: [[x, w.laid], ...low], plus });
    });
  }

  /** x w of numbers in bfloat16. Its bound holds whether or not the result is rounded too. */
  #inBfloat16(x: Tensor, { laid }: PackedMatrix): Tensor {
    return this.matMulBfloat16(this.toBfloat16(x), laid);
  }

  addLowRank(y: Tensor, { low, b }: LowRank): Tensor {
    return this.tidy(() => this.#errors.sumOf(y.shape, { products: [[low, this.#turned(b)]], plus: [y] }));
  }

  addN(parts: readonly Tensor[]): Tensor {
    return this.#errors.sumOf(parts[0].shape, { plus: parts });
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
    return this.#errors.own(
      sums,
      sums.map((_, i) => moved[i] + gamma(terms) * sizes[i]),
      shape,
    );
  }

  softmax(x: Tensor): Tensor {
    return this.#errors.exponentials(x, (share, { moved, terms }) => [
      share,
      share * Math.expm1(moved + gamma(terms) + FUNCTION) + TINY,
    ]);
  }

  logSoftmax(x: Tensor): Tensor {
    return this.#errors.exponentials(x, (_, { below, log, moved, terms }) => [
      below - log,
      moved + gamma(terms) + FUNCTION + 3 * U * (Math.abs(below) + Math.abs(log)),
    ]);
  }

  layerNorm(x: Tensor, gammas: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    return this.tidy(() => {
      const centered = this.sub(x, this.#mean(x));
      const variance = this.#mean(this.square(centered));
      const inverse = (v: number): number => 1 / Math.sqrt(Math.max(v, 0) + epsilon);
      const inverseDeviation = this.#errors.each(
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
      return this.mul(
        this.#errors.sumOf(g.shape, { plus: [g, this.scale(slope, -1), this.scale(mean, -1)] }),
        inverseDeviation,
      );
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

  /** Without bounds, as for svd. */
  qr(x: Tensor): { q: Tensor; r: Tensor } {
    const [m, n] = x.shape;
    const k = Math.min(m, n);
    const { q, r } = gramSchmidt(inner(x).values, { rows: m, columns: n });
    return { q: this.float(q, [m, k]), r: this.float(r, [k, n]) };
  }

  keepMask(shape: readonly number[], { rate, seed }: Drop, kept = 1): Tensor {
    const mask = this.masks.get(`${shape.join()} ${seed.join()}`) ?? drawn(shape, { rate, seed });
    return this.tidy(() => (kept === 1 ? this.float(mask, shape) : this.scale(this.float(mask, shape), kept)));
  }

  /** The last two axes exchanged. */
  #turned(x: Tensor): Tensor {
    const axes = x.shape.map((_, axis) => axis);
    return this.#layout.transpose(x, [...axes.slice(0, -2), axes[axes.length - 1], axes[axes.length - 2]]);
  }

  #mean(x: Tensor): Tensor {
    return this.scale(this.sum(x, [x.shape.length - 1], { keepDims: true }), 1 / x.shape[x.shape.length - 1]);
  }
}

function drawn(shape: readonly number[], { rate, seed }: Drop): Float64Array {
  const random = new Random(seed[0]).fork(String(seed[1]));
  return Float64Array.from({ length: sizeOf(shape) }, () => Number(random.uniform() >= rate));
}
