import { Problems } from "../../base/problems";
import type { Label, Labels } from "../metrics/targets";
import { thresholdCandidates } from "./threshold-candidates";
import { describeGoal, resolveGoal, type ThresholdGoal, type ThresholdMetric } from "./threshold-goal";

/** A metric over all thresholds, to be drawn. */
export interface ThresholdCurve {
  readonly metric: ThresholdMetric;
  /** The metric in a few words. */
  readonly name: string;
  readonly lowerIsBetter: boolean;
  /**
   * Rising, from 0 to 1. Between two of them a threshold predicts as the upper one does, so that the curve is made of
   * steps.
   */
  readonly thresholds: readonly number[];
  /** The metric at each; null where it is not defined or a wanted recall is not reached. */
  readonly values: readonly (number | null)[];
  /** The share of positive texts found at each. */
  readonly recall: readonly number[];
  /** The share of right ones among those taken for positive; null where none is. */
  readonly precision: readonly (number | null)[];
}

/**
 * A goal's metric at every threshold that makes a difference, with precision and recall: what `tuneThreshold` chose
 * from.
 *
 * @param scores - the positive label's probabilities, [samples]
 * @param options.posLabel - the positive label. @default 1
 * @throws TsloraError as `tuneThreshold` does.
 */
export function thresholdCurve(
  yTrue: Labels,
  scores: ArrayLike<number>,
  options: ThresholdGoal & { readonly posLabel?: Label } = {},
): ThresholdCurve {
  const { posLabel = 1, ...asked } = options;
  const problems = new Problems("thresholdCurve");
  const goal = resolveGoal(problems, asked);
  problems.throwIfAny();
  const ranges = thresholdCandidates("thresholdCurve", yTrue, scores, { posLabel });
  const steps = ranges[0].upper > 0 ? [{ ...ranges[0], upper: 0 }, ...ranges] : ranges; // the curve begins at 0
  return {
    metric: goal.metric,
    name: describeGoal(goal),
    lowerIsBetter: goal.lowerIsBetter,
    thresholds: steps.map(({ upper }) => upper),
    values: steps.map(({ outcome }) => (goal.allows(outcome) ? goal.measure(outcome) : null)),
    recall: steps.map(({ outcome }) => outcome.truePositives / outcome.positives),
    precision: steps.map(({ outcome: { truePositives, falsePositives } }) =>
      truePositives + falsePositives === 0 ? null : truePositives / (truePositives + falsePositives),
    ),
  };
}
