import { Problems } from "../../base/problems";
import { checkSameLabels } from "../comparison/comparison-metrics";
import type { CompareSeveralOptions } from "../comparison/compare-several";
import type { Evaluation } from "../evaluation";
import { bootstrapInterval } from "../intervals/bootstrap-interval";
import type { Interval } from "../intervals/interval";
import type { Verdict } from "../comparison/judge-change";
import { scoresOf } from "../scores-of";
import { outcomeAt, thresholdCandidates } from "./threshold-candidates";
import { describeGoal, resolveGoal, type ThresholdGoal } from "./threshold-goal";
import { tuneThreshold, type TunedThreshold } from "./tune-threshold";

/** Result of a threshold that was tuned on one data set and applied to another. */
export interface TriedThreshold {
  /** A short description of the goal. */
  readonly name: string;
  readonly tuned: TunedThreshold;
  /** The goal's metric on the other data set at the threshold; null if it is undefined. */
  readonly value: number | null;
  /** The same at 0.5. */
  readonly valueAtHalf: number | null;
  /** Interval of value - valueAtHalf, over the same texts; null if one of them is undefined. */
  readonly changeInterval: Interval | null;
  /** Whether the threshold is significantly better than 0.5 on those texts. */
  readonly verdict: Verdict;
  /** Precision and recall on the other data set at the threshold. */
  readonly precision: number | null;
  readonly recall: number;
}

/**
 * Tunes a threshold for each goal on one evaluation and applies it to another, which shows its effect on texts that it
 * was not tuned on.
 *
 * @param tuneOn - the validation set's evaluation
 * @param tryOn - the test set's
 * @throws TsloraError `bad-option` for a goal without its parameter, `bad-input` if a set lacks a label.
 */
export function tryThresholds(
  tuneOn: Evaluation,
  tryOn: Evaluation,
  options: CompareSeveralOptions & { readonly goals: readonly ThresholdGoal[] },
): TriedThreshold[] {
  checkSameLabels("tryThresholds", tuneOn, tryOn);
  const { goals, seed, resamples, confidence = tryOn.accuracyInterval.confidence } = options;
  const [validation, other] = [scoresOf(tuneOn), scoresOf(tryOn)];
  thresholdCandidates("tryThresholds", other.yTrue, other.scores, { posLabel: 1 }); // refuses texts of a single label
  return goals.map((goal) => {
    const { measure, lowerIsBetter, ...resolved } = resolveGoal(new Problems("tryThresholds"), goal);
    const tuned = tuneThreshold(validation.yTrue, validation.scores, goal);
    const at = (threshold: number, indices?: Uint32Array): number | null => {
      if (indices === undefined) return measure(outcomeAt(threshold, other.yTrue, other.scores, 1));
      const drawn = Array.from(indices);
      return measure(
        outcomeAt(
          threshold,
          drawn.map((i) => other.yTrue[i]),
          drawn.map((i) => other.scores[i]),
          1,
        ),
      );
    };
    const [value, valueAtHalf] = [at(tuned.threshold), at(0.5)];
    const change = (indices: Uint32Array): number => (at(tuned.threshold, indices) ?? NaN) - (at(0.5, indices) ?? NaN);
    const changeInterval =
      value === null || valueAtHalf === null
        ? null
        : bootstrapInterval(change, { n: tryOn.n, seed, resamples, confidence });
    const { truePositives, falsePositives, positives } = outcomeAt(tuned.threshold, other.yTrue, other.scores, 1);
    return {
      name: describeGoal(resolved),
      tuned,
      value,
      valueAtHalf,
      changeInterval,
      verdict: verdictOf(changeInterval, lowerIsBetter),
      precision: truePositives + falsePositives === 0 ? null : truePositives / (truePositives + falsePositives),
      recall: truePositives / positives,
    };
  });
}

function verdictOf(interval: Interval | null, lowerIsBetter: boolean): Verdict {
  const [rises, falls] = interval === null ? [false, false] : [interval.low > 0, interval.high < 0];
  if (!rises && !falls) return "undecided";
  return rises === lowerIsBetter ? "worse" : "better";
}
