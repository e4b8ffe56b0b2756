import type { Problems } from "../../base/problems";

/** Metric that a tuned threshold optimizes, under scikit-learn's name if it has one. */
export type ThresholdMetric = "f1" | "accuracy" | "balanced_accuracy" | "youden_j" | "cost" | "precision_at_recall";

/** A metric and its parameter: a cost needs a ratio, "precision_at_recall" needs the recall. */
export type ThresholdGoal =
  | {
      /**
       * "f1"; "accuracy"; "balanced_accuracy", the mean of both recalls; "youden_j", the true minus the false positive
       * rate, which has the same optimum as balanced accuracy.
       * @default "f1"
       */
      readonly metric?: "f1" | "accuracy" | "balanced_accuracy" | "youden_j";
    }
  | {
      /** The mean cost per text, (costRatio * false negatives + false positives) / texts; lower is better. */
      readonly metric: "cost";
      /** Cost of a false negative relative to a false positive, above 0. */
      readonly costRatio: number;
    }
  | {
      /** The highest precision among thresholds that reach the recall. */
      readonly metric: "precision_at_recall";
      /** The required recall, above 0 and at most 1. */
      readonly recall: number;
    };

/** Counts of a classifier at one threshold. */
export interface ThresholdOutcome {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly positives: number;
  readonly negatives: number;
}

/** A checked goal with the functions that compute it. */
export interface ResolvedGoal {
  readonly metric: ThresholdMetric;
  readonly costRatio?: number;
  readonly recall?: number;
  /** Whether lower is better. */
  readonly lowerIsBetter: boolean;
  /** The metric at a threshold; null if it is undefined. */
  readonly measure: (outcome: ThresholdOutcome) => number | null;
  /** Whether a threshold may be chosen: it must reach the required recall. */
  readonly allows: (outcome: ThresholdOutcome) => boolean;
}

const PLAIN = {
  f1: ({ truePositives, falsePositives, positives }: ThresholdOutcome): number =>
    (2 * truePositives) / (positives + truePositives + falsePositives),
  accuracy: ({ truePositives, falsePositives, positives, negatives }: ThresholdOutcome): number =>
    (truePositives + negatives - falsePositives) / (positives + negatives),
  balanced_accuracy: ({ truePositives, falsePositives, positives, negatives }: ThresholdOutcome): number =>
    (truePositives / positives + (negatives - falsePositives) / negatives) / 2,
  youden_j: ({ truePositives, falsePositives, positives, negatives }: ThresholdOutcome): number =>
    truePositives / positives - falsePositives / negatives,
};
const METRICS: readonly string[] = [...Object.keys(PLAIN), "cost", "precision_at_recall"];

/** Checks a goal, adds its problems, and returns the functions that compute it. */
export function resolveGoal(problems: Problems, goal: ThresholdGoal): ResolvedGoal {
  const { metric = "f1" } = goal;
  const given: Readonly<Record<string, unknown>> = { ...goal }; // the caller may have no types
  problems.expect(METRICS.includes(metric), `metric must be ${METRICS.join(", ")}; got ${String(metric)}`);
  problems.expect(
    metric === "cost" || given.costRatio === undefined,
    `costRatio is for the metric "cost"; got it with ${JSON.stringify(metric)}`,
  );
  problems.expect(
    metric === "precision_at_recall" || given.recall === undefined,
    `recall is for the metric "precision_at_recall"; got it with ${JSON.stringify(metric)}`,
  );
  if (goal.metric === "cost") {
    const { costRatio } = goal;
    problems.expect(
      costRatio > 0 && Number.isFinite(costRatio),
      `costRatio must be a number above 0; got ${String(costRatio)}`,
    );
    return {
      metric: "cost",
      costRatio,
      lowerIsBetter: true,
      allows: () => true,
      measure: ({ truePositives, falsePositives, positives, negatives }) =>
        (costRatio * (positives - truePositives) + falsePositives) / (positives + negatives),
    };
  }
  if (goal.metric === "precision_at_recall") {
    const { recall } = goal;
    problems.expect(recall > 0 && recall <= 1, `recall must be a number above 0 and at most 1; got ${String(recall)}`);
    return {
      metric: "precision_at_recall",
      recall,
      lowerIsBetter: false,
      // With 10 positives, a recall of 0.7 needs 7 of them, even if 0.7 * 10 is rounded up.
      allows: ({ truePositives, positives }) => truePositives >= recall * positives - 1e-9,
      measure: ({ truePositives, falsePositives }) =>
        truePositives + falsePositives === 0 ? null : truePositives / (truePositives + falsePositives),
    };
  }
  return { metric, lowerIsBetter: false, allows: () => true, measure: PLAIN[goal.metric ?? "f1"] ?? PLAIN.f1 };
}

/** A short description of a goal, for tables and figures. */
export function describeGoal({
  metric,
  costRatio,
  recall,
}: Pick<ResolvedGoal, "metric" | "costRatio" | "recall">): string {
  switch (metric) {
    case "f1":
      return "F1";
    case "accuracy":
      return "accuracy";
    case "balanced_accuracy":
      return "balanced accuracy";
    case "youden_j":
      return "Youden's J";
    case "cost":
      return `cost, a false negative as ${costRatio ?? "?"} false positives`;
    case "precision_at_recall":
      return `precision at a recall of ${recall ?? "?"} or more`;
  }
}
