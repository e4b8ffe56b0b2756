import { Problems } from "../../base/problems";
import type { Label, Labels } from "../metrics/targets";
import { outcomeAt, thresholdCandidates, type ThresholdCandidate } from "./threshold-candidates";
import { describeGoal, resolveGoal, type ThresholdGoal, type ThresholdMetric } from "./threshold-goal";

/** A threshold that {@link tuneThreshold} chose, and the scores there. */
export interface TunedThreshold {
  /** A text is predicted positive if its probability is at least this. */
  readonly threshold: number;
  readonly metric: ThresholdMetric;
  /** Cost of a false negative relative to a false positive, for the metric "cost". */
  readonly costRatio?: number;
  /** The required recall, for the metric "precision_at_recall". */
  readonly recall?: number;
  /** The metric at the threshold on the tuning data. It is too optimistic for a report. */
  readonly value: number;
  /** The metric at 0.5; null if the required recall is not reached there. */
  readonly valueAtHalf: number | null;
  /** Number of tuning texts. */
  readonly n: number;
  /** Caution about `value`, in a sentence. */
  readonly remark: string;
}

/** Values that differ by rounding only are equally good. */
const EQUAL = 1e-12;

/**
 * Finds the threshold on the positive label's probability that is best for a goal. Tune it on validation data and apply
 * it to test data; never tune it on the data of the report. (The study names this as a next step.)
 *
 * Thresholds are midway between two neighbouring probabilities. Of equally good ones it takes the nearest to 0.5, or
 * 0.5 itself if nothing is better.
 *
 * @example const tuned = tuneThreshold(yTrue, scores, { metric: "cost", costRatio: 5 }); // a false negative costs five
 * false positives
 *
 * @param scores - the positive label's probabilities, [samples]
 * @param options.posLabel - the positive label. @default 1
 * @throws TsloraError `bad-option` for an unknown metric or one without its parameter, `bad-input` if scores are not
 *   probabilities or only one label occurs.
 */
export function tuneThreshold(
  yTrue: Labels,
  scores: ArrayLike<number>,
  options: ThresholdGoal & { readonly posLabel?: Label } = {},
): TunedThreshold {
  const { posLabel = 1, ...asked } = options;
  const problems = new Problems("tuneThreshold");
  const { measure, allows, lowerIsBetter, ...goal } = resolveGoal(problems, asked);
  problems.throwIfAny();
  const candidates = thresholdCandidates("tuneThreshold", yTrue, scores, { posLabel }).flatMap((candidate) => {
    const value = allows(candidate.outcome) ? measure(candidate.outcome) : null;
    return value === null ? [] : [{ value, threshold: middleOf(candidate) }];
  });
  const worth = ({ value }: { value: number }): number => (lowerIsBetter ? -value : value);
  const most = candidates.reduce((max, candidate) => Math.max(max, worth(candidate)), -Infinity);
  const best = candidates
    .filter((candidate) => worth(candidate) >= most - EQUAL)
    .reduce((a, b) => (Math.abs(b.threshold - 0.5) < Math.abs(a.threshold - 0.5) ? b : a));
  const n = yTrue.length;
  const half = outcomeAt(0.5, yTrue, scores, posLabel);
  return {
    ...best,
    ...goal,
    valueAtHalf: allows(half) ? measure(half) : null,
    n,
    remark: `Chosen for the best ${describeGoal(goal)} on these ${n} texts: the value on them is too good to report. Apply the threshold to other texts.`,
  };
}

/** A threshold of the range: 0.5 if it is inside, else the middle. */
function middleOf({ lower, upper }: ThresholdCandidate): number {
  if (lower < 0.5 && upper >= 0.5) return 0.5;
  const middle = (lower + upper) / 2;
  return middle > lower ? middle : upper; // the middle of neighbouring doubles is one of them
}
