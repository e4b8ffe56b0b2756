import type { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { rocAucScore } from "../metrics/roc-auc-score";
import type { DistanceName } from "./distances";
import { expectRows } from "../calibration/check-probabilities";

/** Measures how far a text is from the training data; `fitMahalanobis` and `fitNearestNeighbors` make one. */
export interface Detector {
  readonly kind: DistanceName;
  /** Number of features. */
  readonly width: number;
  /** A text beyond it counts as out of distribution. */
  readonly threshold: number;
  /** The distance of one feature vector; a greater one is less like the training data. */
  readonly score: (features: ArrayLike<number>) => number;
}

export function expectQuantile(problems: Problems, quantile: number): void {
  problems.expect(
    quantile > 0 && quantile <= 1,
    `quantile must be above 0 and at most 1, such as 0.95; got ${quantile}`,
  );
}

/**
 * Distances of texts from the training data, and which of them are beyond the threshold.
 *
 * @param features - [texts, features]
 * @throws TsloraError `bad-input` if rows have another number of features than the training data.
 */
export function detectOutliers(
  detector: Detector,
  features: readonly ArrayLike<number>[],
): { scores: number[]; isOutlier: boolean[] } {
  const width = expectRows("detectOutliers", features, undefined);
  if (width !== detector.width)
    throw new TsloraError(
      "bad-input",
      `detectOutliers: the training data have ${detector.width} features; these texts have ${width}.`,
    );
  const scores = features.map((row) => detector.score(row));
  return { scores, isOutlier: scores.map((score) => score > detector.threshold) };
}

/**
 * The area under the ROC curve of distances that separate texts of another distribution from texts of the training
 * data's distribution, as scikit-learn's `roc_auc_score`. 0.5 is chance.
 *
 * @param inScores - distances of texts like the training data, which were not in it
 * @param outScores - distances of the other texts
 */
export function outOfDistributionAuc(inScores: ArrayLike<number>, outScores: ArrayLike<number>): number {
  const scores = [...Array.from(inScores), ...Array.from(outScores)];
  return rocAucScore(
    scores.map((_, i) => Number(i >= inScores.length)),
    scores,
  );
}
