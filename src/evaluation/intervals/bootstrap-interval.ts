import { DEFAULT_SEED } from "../../base/default-seed";
import { Problems } from "../../base/problems";
import { Random } from "../../base/random";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "./interval";

/** Options of {@link bootstrapInterval}. */
export interface BootstrapOptions {
  /** Number of samples. */
  readonly n: number;
  /** Seed of the draws: the same call gives the same interval. @default 42 */
  readonly seed?: number;
  /** Number of resamples. @default 2000 */
  readonly resamples?: number;
  /** @default 0.95 */
  readonly confidence?: number;
}

/**
 * A percentile bootstrap interval (Efron and Tibshirani, 1993) of any statistic of samples, such as an F1 score, or the
 * difference of two classifiers' accuracies on the same samples. Leaves out resamples in which the statistic is NaN,
 * such as an area where all samples that were drawn are of one class; if it is NaN in all of them, so are both ends.
 *
 * @param statistic - computes the statistic of the samples with these indices; the array is reused between calls
 * @throws TsloraError `bad-option` that lists every bad option.
 */
export function bootstrapInterval(statistic: (indices: Uint32Array) => number, options: BootstrapOptions): Interval {
  return bootstrapIntervals((indices) => [statistic(indices)], options)[0];
}

/** {@link bootstrapInterval} of several statistics at once, from the same draws. */
export function bootstrapIntervals(
  statistics: (indices: Uint32Array) => readonly number[],
  options: BootstrapOptions,
): Interval[] {
  const drawn = bootstrapDraws(statistics, options);
  const { confidence = DEFAULT_CONFIDENCE } = options;
  return drawn[0].map((_, which) =>
    intervalOfDraws(
      drawn.map((values) => values[which]),
      confidence,
    ),
  );
}

/** The statistics of each resample, [resamples][statistics]. Options as {@link bootstrapInterval}, with its errors. */
export function bootstrapDraws(
  statistics: (indices: Uint32Array) => readonly number[],
  options: BootstrapOptions,
): (readonly number[])[] {
  const { n, seed = DEFAULT_SEED, resamples = 2000, confidence = DEFAULT_CONFIDENCE } = options;
  const problems = new Problems("bootstrapInterval");
  problems.expect(Number.isSafeInteger(n) && n >= 1, `n must be a whole number of at least 1; got ${n}`);
  problems.expect(Number.isSafeInteger(seed), `seed must be a whole number; got ${seed}`);
  problems.expect(
    Number.isSafeInteger(resamples) && resamples >= 1,
    `resamples must be a whole number of at least 1; got ${resamples}`,
  );
  expectConfidence(problems, confidence);
  problems.throwIfAny();
  const random = new Random(seed).fork("bootstrap");
  const indices = new Uint32Array(n);
  return Array.from({ length: resamples }, () => {
    for (let i = 0; i < n; i++) indices[i] = random.below(n);
    return statistics(indices);
  });
}

/** The percentile interval of a statistic's values over resamples, without those that are NaN. */
export function intervalOfDraws(draws: readonly number[], confidence: number): Interval {
  const tail = (1 - confidence) / 2;
  const sorted = Float64Array.from(draws.filter((value) => !Number.isNaN(value))).sort();
  if (sorted.length === 0) return { low: NaN, high: NaN, confidence, method: "bootstrap" };
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), confidence, method: "bootstrap" };
}

/** A quantile of sorted numbers, with linear interpolation, as NumPy's default. */
function quantile(sorted: Float64Array, q: number): number {
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
