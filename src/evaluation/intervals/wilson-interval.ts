import { Problems } from "../../base/problems";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "./interval";
import { normalQuantile } from "./normal-quantile";

/**
 * Wilson's score interval of a share, without continuity correction (Wilson, 1927). It is good for small numbers and
 * for shares near 0 or 1, unlike the normal approximation.
 *
 * @param successes - the number of successes among `n`; for an accuracy, the correct predictions
 * @param options.confidence - @default 0.95
 * @throws TsloraError `bad-option` unless 0 <= successes <= n, both whole, and n >= 1.
 */
export function wilsonInterval(successes: number, n: number, options: { readonly confidence?: number } = {}): Interval {
  const { confidence = DEFAULT_CONFIDENCE } = options;
  const problems = new Problems("wilsonInterval");
  problems.expect(Number.isSafeInteger(n) && n >= 1, `n must be a whole number of at least 1; got ${n}`);
  problems.expect(
    Number.isSafeInteger(successes) && successes >= 0 && successes <= n,
    `successes must be a whole number from 0 to n = ${n}; got ${successes}`,
  );
  expectConfidence(problems, confidence);
  problems.throwIfAny();
  const z = normalQuantile((1 + confidence) / 2);
  const p = successes / n;
  const centre = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  return {
    low: successes === 0 ? 0 : centre - half,
    high: successes === n ? 1 : centre + half,
    confidence,
    method: "wilson",
  };
}
