import { DEFAULT_SEED } from "../../base/default-seed";
import { Problems } from "../../base/problems";
import { splitIndices } from "../../corpus/split/split-indices";
import { numpyQuantiles } from "../calibration/numpy-quantile";
import type { Interval } from "../intervals/interval";
import { wilsonInterval } from "../intervals/wilson-interval";
import { detectOutliers, outOfDistributionAuc } from "./detector";
import { DISTANCES, FEWEST_TRAINING_TEXTS, type DistanceName } from "./distances";
import { exceedanceTest } from "./exceedance-test";
import { fitMahalanobis } from "./mahalanobis";
import { fitNearestNeighbors } from "./nearest-neighbors";

/** Texts are of another distribution if so many unlike ones have a smaller p-value. */
const SHIFTED = 0.01;

/** Options of {@link compareWithTraining}. */
export interface CompareWithTrainingOptions {
  /** @default "mahalanobis" */
  readonly distance?: DistanceName;
  /** The share of texts like the training data that are within the threshold. @default 0.95 */
  readonly quantile?: number;
  /** Decides which training texts are held out. @default 42 */
  readonly seed?: number;
}

/** The distance of texts from the training data. */
export interface TrainingComparison {
  readonly distance: DistanceName;
  /** Training texts that the distance was fitted to, and those held out to place the threshold. */
  readonly training: { readonly fitted: number; readonly heldOut: number };
  /** A text with a greater distance is unlike the training data. */
  readonly threshold: number;
  /** The number and share of unlike texts, with Wilson's interval. The expected share is 1 - quantile. */
  readonly unlike: { readonly count: number; readonly share: number; readonly interval: Interval };
  readonly expectedShare: number;
  /** The area under the ROC curve of the distances of these texts against held-out training texts; 0.5 is chance. */
  readonly auc: number;
  /** The probability of so many unlike texts or more, if the texts come from the training data's distribution. */
  readonly pValue: number;
  /** Whether the texts come from another distribution: `pValue` is below 0.01. */
  readonly isShifted: boolean;
  /** The distance of each text. */
  readonly scores: readonly number[];
  readonly isUnlike: readonly boolean[];
}

/**
 * Compares texts with those that a classifier was trained on, by feature vectors such as `encoderFeatures`. A fifth of
 * the training texts is held out: the distance is fitted to the others, and a quantile of the held-out texts' distances
 * is the threshold, since texts that the distance was fitted to are nearer than new ones.
 *
 * @param training.features - [texts, features]
 * @param training.labels - the class of each text; missing if a text may have several labels
 * @param features - of the texts to compare, [texts, features]
 * @throws TsloraError `bad-option` for an invalid option, `bad-input` for too few texts or rows that do not fit.
 */
export function compareWithTraining(
  training: { readonly features: readonly ArrayLike<number>[]; readonly labels?: readonly number[] },
  features: readonly ArrayLike<number>[],
  options: CompareWithTrainingOptions = {},
): TrainingComparison {
  const { distance = "mahalanobis", quantile = 0.95, seed = DEFAULT_SEED } = options;
  const labels = training.labels ?? training.features.map(() => 0);
  const problems = new Problems("compareWithTraining");
  problems.expect(
    DISTANCES.some((one) => one === distance),
    `distance must be ${DISTANCES.join(" or ")}; got ${distance}`,
  );
  problems.expect(quantile > 0 && quantile < 1, `quantile must be between 0 and 1; got ${quantile}`);
  problems.throwIfAny();
  problems.expect(
    training.features.length >= FEWEST_TRAINING_TEXTS,
    `the training data must have ${FEWEST_TRAINING_TEXTS} texts or more; got ${training.features.length}`,
  );
  problems.expect(features.length > 0, "there must be a text to compare; got none");
  problems.throwIfAny("bad-input");
  const { train, test } = splitIndices(labels.length, { testSize: 0.2, randomState: seed });
  const fitted = train.map((row) => training.features[row]);
  const detector =
    distance === "mahalanobis"
      ? fitMahalanobis(
          fitted,
          train.map((row) => labels[row]),
        )
      : fitNearestNeighbors(fitted);
  const held = test.map((row) => detector.score(training.features[row]));
  const [threshold] = numpyQuantiles(held, [quantile]);
  const { scores, isOutlier } = detectOutliers({ ...detector, threshold }, features);
  const count = isOutlier.filter(Boolean).length;
  const place = held.filter((score) => score > threshold).length + 1;
  const pValue = exceedanceTest(count, { n: scores.length, held: held.length, place });
  return {
    distance,
    training: { fitted: train.length, heldOut: test.length },
    threshold,
    unlike: { count, share: count / scores.length, interval: wilsonInterval(count, scores.length) },
    expectedShare: 1 - quantile,
    auc: outOfDistributionAuc(held, scores),
    pValue,
    isShifted: pValue < SHIFTED,
    scores,
    isUnlike: isOutlier,
  };
}
