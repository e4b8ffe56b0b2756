import { Problems } from "../../base/problems";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "../intervals/interval";
import { studentTCritical, studentTTail } from "../intervals/student-t";
import { mean } from "../metrics/mean";

/** Options of {@link correctedResampledTTest}. */
export interface CorrectedResampledTTestOptions {
  /** Texts in the training part of a fold. */
  readonly trainSize: number;
  /** Texts in the test part of a fold. */
  readonly testSize: number;
  /** Confidence level of the interval. @default 0.95 */
  readonly confidence?: number;
}

/** Result of {@link correctedResampledTTest}. */
export interface CorrectedResampledTTest {
  /** The mean difference over the folds. */
  readonly difference: number;
  /** The interval of the mean difference. */
  readonly interval: Interval;
  /** The statistic; infinite if all differences are equal and not 0, and 0 if all are 0. */
  readonly statistic: number;
  /** Degrees of freedom: folds - 1. */
  readonly df: number;
  /** The two-sided p-value. */
  readonly pValue: number;
}

/**
 * The corrected resampled t-test of two classifiers over the folds of a repeated cross-validation (Nadeau and Bengio,
 * "Inference for the Generalization Error", 2003): the variance of the differences is multiplied by 1 / folds +
 * testSize / trainSize, since the training parts overlap.
 *
 * @param differences - for each fold, the metric of the second classifier minus that of the first
 * @throws TsloraError `bad-option` that lists everything invalid: fewer than two folds, sizes below 1.
 */
export function correctedResampledTTest(
  differences: readonly number[],
  { trainSize, testSize, confidence = DEFAULT_CONFIDENCE }: CorrectedResampledTTestOptions,
): CorrectedResampledTTest {
  const problems = new Problems("correctedResampledTTest");
  problems.expect(differences.length >= 2, `differences must be of two folds or more; got ${differences.length}`);
  const bad = differences.find((value) => !Number.isFinite(value));
  problems.expect(bad === undefined, `differences must be finite; got ${String(bad)}`);
  for (const [name, size] of Object.entries({ trainSize, testSize }))
    problems.expect(size > 0 && Number.isFinite(size), `${name} must be above 0; got ${size}`);
  expectConfidence(problems, confidence);
  problems.throwIfAny();
  const df = differences.length - 1;
  const difference = mean(differences);
  const variance = differences.reduce((sum, value) => sum + (value - difference) ** 2, 0) / df;
  const standardError = Math.sqrt(variance * (1 / differences.length + testSize / trainSize));
  const statistic = difference === 0 ? 0 : difference / standardError;
  const reach = studentTCritical(1 - confidence, df) * standardError;
  return {
    difference,
    interval: { low: difference - reach, high: difference + reach, confidence, method: "corrected-resampled-t" },
    statistic,
    df,
    pValue: studentTTail(statistic, df),
  };
}
