import { TsloraError } from "../../base/tslora-error";

/** Result of a paired comparison of two classifiers on the same samples. */
export interface McNemarResult {
  /** Samples that only the first got right. */
  readonly onlyBefore: number;
  /** Samples that only the second got right. */
  readonly onlyAfter: number;
  /** The two-sided p-value: the probability of a difference at least as large if neither is better. */
  readonly pValue: number;
}

/**
 * McNemar's exact test of two classifiers on the same samples: a two-sided binomial test of the samples that only one
 * of the two got right.
 *
 * @param before - for each sample, whether the first classifier was right
 * @param after - the same for the second classifier, in the same order
 * @throws TsloraError `bad-input` if they differ in length.
 */
export function mcnemarTest(before: readonly boolean[], after: readonly boolean[]): McNemarResult {
  if (before.length !== after.length)
    throw new TsloraError(
      "bad-input",
      `mcnemarTest: both must be about the same samples; got ${before.length} and ${after.length}.`,
    );
  const onlyBefore = before.filter((right, i) => right && !after[i]).length;
  const onlyAfter = after.filter((right, i) => right && !before[i]).length;
  const pValue = Math.min(1, 2 * fairCoinTail(Math.min(onlyBefore, onlyAfter), onlyBefore + onlyAfter));
  return { onlyBefore, onlyAfter, pValue };
}

/** The probability of at most `k` heads in `n` throws of a fair coin. */
function fairCoinTail(k: number, n: number): number {
  let logTerm = -n * Math.LN2; // in logarithms: 2^-n underflows from n = 1075 on
  for (let i = 1; i <= k; i++) logTerm += Math.log((n - k + i) / i);
  let term = Math.exp(logTerm);
  let sum = term;
  for (let i = k; i >= 1; i--) {
    term *= i / (n - i + 1);
    sum += term;
  }
  return sum;
}
