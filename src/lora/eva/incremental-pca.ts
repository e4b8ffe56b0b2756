import type { Ops } from "../../ops/ops";
import { lowRankSvd } from "./low-rank-svd";

/** The result of a principal component analysis. */
export interface Components {
  /** Unit vectors, by falling singular value. Zero vectors where the inputs have fewer directions. */
  readonly vectors: readonly Float64Array[];
  readonly singularValues: Float64Array;
  /** Share of the variance of all inputs so far. */
  readonly explainedVarianceRatio: Float64Array;
}

/** Mean and variance of each feature over all inputs so far. */
interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly count: number;
}

/** Moments of one batch, and the sums of its squared differences from the mean. */
interface BatchMoments extends Moments {
  readonly squares: Float64Array;
}

/**
 * The incremental principal component analysis (Ross et al., "Incremental learning for robust visual tracking", 2008)
 * that peft's EVA uses, with its approximate SVD.
 */
export class IncrementalPca {
  readonly #ops: Ops;
  readonly #count: number;
  readonly #features: number;
  #moments: Moments | undefined;
  #components: Components | undefined;

  /** @param options.components - number of components to find */
  constructor(ops: Ops, options: { components: number; features: number }) {
    this.#ops = ops;
    this.#count = options.components;
    this.#features = options.features;
  }

  /** The components so far; undefined before the first batch. */
  get components(): Components | undefined {
    return this.#components;
  }

  /**
   * Adds a batch of inputs, at least as many rows as components.
   *
   * @param x - [rows, features], row by row
   */
  async fit(x: Float32Array): Promise<Components> {
    const before = this.#components;
    const own = momentsOf(x, this.#features);
    const moments = this.#moments === undefined ? own : together(this.#moments, own);
    const { top, bottom } = this.#history(own);
    const body = this.#ops.escape(() => this.#ops.float(centred(x, own.mean), [own.count, this.#features]));
    try {
      const precision = before === undefined ? "float32" : "float64"; // as peft's tensors
      const found = await lowRankSvd({ top, body, bottom }, { ops: this.#ops, rank: 2 * this.#count, precision });
      this.#moments = moments;
      this.#components = this.#componentsOf(found, moments);
      return this.#components;
    } finally {
      this.#ops.dispose(body);
    }
  }

  /** Rows that represent the earlier batches: their components, and the difference of the means. */
  #history(own: Moments): { top: Float64Array[]; bottom: Float64Array[] } {
    const [moments, components] = [this.#moments, this.#components];
    if (moments === undefined || components === undefined) return { top: [], bottom: [] };
    const factor = Math.sqrt((moments.count / (moments.count + own.count)) * own.count);
    return {
      top: components.vectors.map((vector, i) => vector.map((value) => value * components.singularValues[i])),
      bottom: [moments.mean.map((mean, j) => factor * (mean - own.mean[j]))],
    };
  }

  #componentsOf(
    { values, vectors }: { values: Float64Array; vectors: readonly Float64Array[] },
    { variance, count }: Moments,
  ): Components {
    const total = variance.reduce((sum, one) => sum + one * count, 0);
    const singularValues = Float64Array.from({ length: this.#count }, (_, i) => values[i] ?? 0);
    return {
      vectors: Array.from({ length: this.#count }, (_, i) =>
        i < vectors.length ? largestPositive(vectors[i]) : new Float64Array(this.#features),
      ),
      singularValues,
      explainedVarianceRatio: singularValues.map((value) => (total === 0 ? 0 : value ** 2 / total)),
    };
  }
}

function momentsOf(x: Float32Array, features: number): BatchMoments {
  const count = x.length / features;
  const mean = new Float64Array(features);
  x.forEach((value, i) => (mean[i % features] += value / count));
  const squares = new Float64Array(features);
  x.forEach((value, i) => (squares[i % features] += (value - mean[i % features]) ** 2));
  return { mean, variance: squares.map((sum) => sum / count), count, squares };
}

/** The moments of earlier inputs and a batch together (Chan, Golub and LeVeque, 1983). */
function together(before: Moments, { mean, squares, count }: BatchMoments): Moments {
  const all = before.count + count;
  return {
    mean: mean.map((own, j) => (own * count + before.mean[j] * before.count) / all),
    variance: squares.map(
      (sum, j) =>
        (sum + before.variance[j] * before.count + ((before.count * count) / all) * (before.mean[j] - mean[j]) ** 2) /
        all,
    ),
    count: all,
  };
}

function centred(x: Float32Array, mean: Float64Array): Float32Array {
  return Float32Array.from(x, (value, i) => value - mean[i % mean.length]);
}

/** The vector, or its opposite, whose largest number is positive. */
function largestPositive(vector: Float64Array): Float64Array {
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}
