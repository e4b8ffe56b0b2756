import { Problems } from "../base/problems";
import { countAtThresholds } from "./metrics/threshold-counts";
import type { Label, Labels } from "./metrics/targets";

export type ThresholdMetric = "f1" | "accuracy" | "balanced_accuracy";

export interface TunedThreshold {
  /** A text is taken for positive when its probability is at least this. */
  readonly threshold: number;
  readonly metric: ThresholdMetric;
  /** The metric at the threshold, on the data that it was tuned on: too good to report. */
  readonly value: number;
  /** The metric at 0.5. */
  readonly valueAtHalf: number;
}

interface Counts {
  readonly right: number; // true positives
  readonly wrong: number; // false positives
  readonly positives: number;
  readonly negatives: number;
}

const METRICS: Readonly<Record<ThresholdMetric, (counts: Counts) => number>> = {
  f1: ({ right, wrong, positives }) => (2 * right) / (positives + right + wrong),
  accuracy: ({ right, wrong, positives, negatives }) => (right + negatives - wrong) / (positives + negatives),
  balanced_accuracy: ({ right, wrong, positives, negatives }) => (right / positives + (negatives - wrong) / negatives) / 2,
};

/**
 * The threshold on the positive label's probability that is best by a metric: the study's unfinished next step. To be
 * tuned on validation data and applied to test data, never tuned on what is reported.
 *
 * Thresholds stand midway between two neighbouring probabilities. Of equally good ones the nearest to 0.5 is taken,
 * and 0.5 itself where nothing is better.
 *
 * @param scores - the positive label's probabilities, [samples]
 * @param options.metric - what is to be highest. @default "f1"
 * @param options.posLabel - the positive label. @default 1
 * @throws TsloraError `bad-option` for an unknown metric, `bad-input` for scores that are no probabilities or
 *   where only one label occurs.
 */
export function tuneThreshold(yTrue: Labels, scores: ArrayLike<number>, options: { readonly metric?: ThresholdMetric; readonly posLabel?: Label } = {}): TunedThreshold {
  const { metric = "f1", posLabel = 1 } = options;
  const problems = new Problems("tuneThreshold");
  problems.expect(Object.keys(METRICS).includes(metric), `metric is to be ${Object.keys(METRICS).join(", ")}; ${metric} came`);
  problems.throwIfAny();
  const { thresholds, truePositives, falsePositives } = countAtThresholds("tuneThreshold", yTrue, scores, { posLabel });
  problems.expect(thresholds[0] <= 1 && thresholds[thresholds.length - 1] >= 0, `scores are to be probabilities from 0 to 1; they reach from ${thresholds[thresholds.length - 1]} to ${thresholds[0]}`);
  const positives = truePositives[thresholds.length - 1];
  const negatives = yTrue.length - positives;
  problems.expect(positives > 0 && negatives > 0, `yTrue is to hold both labels; of ${yTrue.length} samples ${positives} are positive (${JSON.stringify(posLabel)})`);
  problems.throwIfAny("bad-input");
  const measure = (taken: number): number => {
    const right = truePositives[taken - 1] ?? 0;
    return METRICS[metric]({ right, wrong: falsePositives[taken - 1] ?? 0, positives, negatives });
  };
  // With the `taken` highest distinct scores positive; above the highest score 1 none is.
  const candidates = [...thresholds.keys(), thresholds.length].filter((taken) => taken > 0 || thresholds[0] < 1).map((taken) => ({ threshold: between(thresholds[taken] ?? 0, thresholds[taken - 1] ?? 1), value: measure(taken) }));
  const best = candidates.reduce((a, b) => (b.value > a.value || (b.value === a.value && Math.abs(b.threshold - 0.5) < Math.abs(a.threshold - 0.5)) ? b : a));
  return { ...best, metric, valueAtHalf: measure(thresholds.filter((score) => score >= 0.5).length) };
}

/** A threshold that takes `upper` for positive and `lower` not: 0.5 if it does, else midway. */
function between(lower: number, upper: number): number {
  if (lower < 0.5 && upper >= 0.5) return 0.5;
  const middle = (lower + upper) / 2;
  return middle > lower ? middle : upper; // of neighbouring doubles the middle is one of them
}
