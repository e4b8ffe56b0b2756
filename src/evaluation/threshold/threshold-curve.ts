import { Problems } from "../../base/problems";
import type { Label, Labels } from "../metrics/targets";
import { thresholdCandidates } from "./threshold-candidates";
import { describeGoal, resolveGoal, type ThresholdGoal, type ThresholdMetric } from "./threshold-goal";

/** A metric over all thresholds, for a figure. */
export interface ThresholdCurve {
  readonly metric: ThresholdMetric;
  /** The name of the metric. */
  readonly name: string;
  readonly lowerIsBetter: boolean;
  /**
   * Ascending, from 0 to 1. A threshold between two of them gives the predictions of the upper one, so the curve has
   * steps.
   */
  readonly thresholds: readonly number[];
  /** The metric at each threshold; null if it is undefined or the required recall is not reached. */
  readonly values: readonly (number | null)[];
  /** The recall at each threshold. */
  readonly recall: readonly number[];
  /** The precision at each threshold; null if no text is predicted positive. */
  readonly precision: readonly (number | null)[];
}

/**
 * A goal's metric at every distinct threshold, with precision and recall. `tuneThreshold` chooses among these.
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
