import { Problems } from "../../base/problems";
import { bootstrapDraws, intervalOfDraws } from "../intervals/bootstrap-interval";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "../intervals/interval";
import { mean } from "../metrics/mean";

/** Options of {@link pairedBootstrapTest}. */
export interface PairedBootstrapOptions {
  /** Seed of the draws. @default 42 */
  readonly seed?: number;
  /** @default 10000 */
  readonly resamples?: number;
  /** @default 0.95 */
  readonly confidence?: number;
}

/** Result of {@link pairedBootstrapTest}. */
export interface PairedBootstrapTest {
  /** The mean of the second minus the mean of the first. */
  readonly difference: number;
  readonly interval: Interval;
  /**
   * The two-sided p-value: twice the smaller of the shares of resamples at or below 0 and at or above 0. A share of k
   * resamples is (k + 1) / (resamples + 1).
   */
  readonly pValue: number;
}

/**
 * A paired bootstrap of the difference of two classifiers on the same texts (Efron and Tibshirani, 1993): texts are
 * drawn with replacement, and both classifiers are evaluated on the same draws.
 *
 * @param before - a number for each text, such as 1 if the first classifier is right, or its share of right seeds
 * @param after - the same of the second classifier, in the same order
 * @throws TsloraError `bad-input` if they differ in length, are empty or hold a number that is not finite, `bad-option`
 *   for an invalid option.
 */
export function pairedBootstrapTest(
  before: readonly number[],
  after: readonly number[],
  { seed, resamples = 10_000, confidence = DEFAULT_CONFIDENCE }: PairedBootstrapOptions = {},
): PairedBootstrapTest {
  const inputs = new Problems("pairedBootstrapTest");
  inputs.expect(
    before.length === after.length && before.length > 0,
    `both must be about the same texts, one at least; got ${before.length} and ${after.length}`,
  );
  const bad = [...before, ...after].find((value) => !Number.isFinite(value));
  inputs.expect(bad === undefined, `numbers must be finite; got ${String(bad)}`);
  inputs.throwIfAny("bad-input");
  const options = new Problems("pairedBootstrapTest");
  expectConfidence(options, confidence);
  options.throwIfAny();
  const differences = after.map((value, i) => value - before[i]);
  const draws = bootstrapDraws(
    (indices) => {
      let sum = 0;
      for (const i of indices) sum += differences[i];
      return [sum / indices.length];
    },
    { n: differences.length, seed, resamples, confidence },
  ).map(([value]) => value);
  const tiny = 1e-12; // tolerance for rounded sums of shares
  const share = (count: number): number => (count + 1) / (resamples + 1);
  const below = share(draws.filter((value) => value <= tiny).length);
  const above = share(draws.filter((value) => value >= -tiny).length);
  return {
    difference: mean(differences),
    interval: intervalOfDraws(draws, confidence),
    pValue: Math.min(1, 2 * Math.min(below, above)),
  };
}
