import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { binomialUpperBound } from "./binomial";

/** Options of {@link selectWithGuaranteedRisk}. */
export interface GuaranteedRiskOptions {
  /** The share of wrong labels that is accepted among labelled texts, above 0 and below 1. */
  readonly risk: number;
  /** The probability with which the guarantee may fail. @default 0.05 */
  readonly delta?: number;
}

/** A threshold of confidence, and the share of wrong labels above it. */
export interface GuaranteedRisk {
  /** A text is labelled if its confidence is at least this. */
  readonly threshold: number;
  /** The share of calibration texts that reach it. */
  readonly coverage: number;
  /** The share of wrong labels among these. */
  readonly risk: number;
  /** With probability 1 - delta, the share of wrong labels among new texts is at most this. */
  readonly riskBound: number;
}

/**
 * The lowest threshold of confidence above which the share of wrong labels is guaranteed: selection with guaranteed
 * risk, SGR (Geifman and El-Yaniv, "Selective classification for deep neural networks", 2017, algorithm 2): a binary
 * search over the confidences, whose bounds share delta.
 *
 * @param confidence - of calibration texts that the classifier was not trained on, [samples]
 * @param correct - whether their labels are right, [samples]
 * @throws TsloraError `bad-option` for a risk or delta that is not between 0 and 1, `bad-input` if lengths differ, a
 *   confidence is not a number, or no threshold has the guarantee.
 */
export function selectWithGuaranteedRisk(
  confidence: ArrayLike<number>,
  correct: ArrayLike<boolean | number>,
  options: GuaranteedRiskOptions,
): GuaranteedRisk {
  const { risk, delta = 0.05 } = options;
  const problems = new Problems("selectWithGuaranteedRisk");
  problems.expect(risk > 0 && risk < 1, `risk must be above 0 and below 1, such as 0.02; got ${risk}`);
  problems.expect(delta > 0 && delta < 1, `delta must be above 0 and below 1, such as 0.05; got ${delta}`);
  problems.throwIfAny();
  const n = confidence.length;
  problems.expect(
    n > 0 && correct.length === n,
    `confidence and correct must be equally long; got ${n} and ${correct.length}`,
  );
  const bad = Array.from(confidence).findIndex(Number.isNaN);
  problems.expect(bad < 0, `confidence must hold numbers; NaN is at index ${bad}`);
  problems.throwIfAny("bad-input");
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => confidence[i] - confidence[j]);
  const rounds = Math.max(1, Math.ceil(Math.log2(n)));
  let [low, high] = [0, n - 1];
  let found: GuaranteedRisk | undefined;
  let least = 1;
  for (let round = 0; round < rounds; round++) {
    const middle = Math.ceil((low + high) / 2);
    const threshold = confidence[order[middle]];
    const kept = order.filter((i) => confidence[i] >= threshold);
    const wrong = kept.filter((i) => !correct[i]).length;
    const riskBound = binomialUpperBound(wrong, kept.length, delta / rounds);
    least = Math.min(least, riskBound);
    if (riskBound < risk) {
      found = { threshold, coverage: kept.length / n, risk: wrong / kept.length, riskBound };
      high = middle;
    } else low = middle;
  }
  if (found !== undefined) return found;
  throw new TsloraError(
    "bad-input",
    `selectWithGuaranteedRisk: no threshold guarantees a risk of ${risk} on these ${n} texts; the lowest bound is ${least.toFixed(4)}. Give more texts, or accept a greater risk or delta.`,
  );
}
