import { Problems } from "../../base/problems";
import type { Label, Labels } from "../metrics/targets";
import { outcomeAt, thresholdCandidates, type ThresholdCandidate } from "./threshold-candidates";
import { describeGoal, resolveGoal, type ThresholdGoal, type ThresholdMetric } from "./threshold-goal";

/** A threshold that {@link tuneThreshold} chose, and the scores there. */
export interface TunedThreshold {
  /** A text is taken for positive when its probability is at least this. */
  readonly threshold: number;
  readonly metric: ThresholdMetric;
  /** Cost of a false negative in false positives, for the metric "cost". */
  readonly costRatio?: number;
  /** The recall that was wanted, where the metric is "precision_at_recall". */
  readonly recall?: number;
  /** The metric at the threshold, on the data that it was tuned on: too good to report. */
  readonly value: number;
  /** The metric at 0.5; null where a wanted recall is not reached there. */
  readonly valueAtHalf: number | null;
  /** Number of texts that it was tuned on. */
  readonly n: number;
  /** Caution about `value`, in a sentence. */
  readonly remark: string;
}

/** Values that differ by rounding only are equally good. */
const EQUAL = 1e-12;

/**
 * The threshold on the positive label's probability that is best for a goal: the study's unfinished next step. To be
 * tuned on validation data and applied to test data, never tuned on what is reported.
 *
 * Thresholds are midway between two neighbouring probabilities. Of equally good ones the nearest to 0.5 is taken,
 * and 0.5 itself where nothing is better.
 *
 * @example
 * const tuned = tuneThreshold(yTrue, scores, { metric: "cost", costRatio: 5 }); // a missed one costs five false alarms
 *
 * @param scores - the positive label's probabilities, [samples]
 * @param options.posLabel - the positive label. @default 1
 * @throws TsloraError `bad-option` for an unknown metric or one without what it needs, `bad-input` for scores that are
 *   no probabilities or where only one label occurs.
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

/** A threshold of the range: 0.5 if it is one, else the middle. */
function middleOf({ lower, upper }: ThresholdCandidate): number {
  if (lower < 0.5 && upper >= 0.5) return 0.5;
  const middle = (lower + upper) / 2;
  return middle > lower ? middle : upper; // the middle of neighbouring doubles is one of them
}
