import type { LabelIndicators } from "./label-indicators";
import { readOutcomes } from "./outcomes";
import { pairwiseSum } from "../../base/pairwise-sum";
import { weightedMean } from "./mean";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import type { Labels } from "./targets";

/**
 * The share of samples whose predicted label is the true one, as scikit-learn's `accuracy_score`. If a sample has
 * several labels, all of them must be right.
 *
 * @param yTrue - one label per sample, or rows of 0 and 1, [samples, labels]
 * @param options.normalize - false: their number, or total weight, instead of the share. @default true
 * @throws TsloraError `bad-input` if the labels differ in length, are empty or of mixed kinds.
 */
export function accuracyScore(
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: WeightOptions & { readonly normalize?: boolean } = {},
): number {
  const outcomes = readOutcomes("accuracyScore", yTrue, yPred);
  const weights = readSampleWeight("accuracyScore", options.sampleWeight, yTrue.length);
  const isRight = (i: number): boolean =>
    outcomes.kind === "classes"
      ? outcomes.yTrue[i] === outcomes.yPred[i]
      : outcomes.labels.every((label) => outcomes.yTrue[i][label] === outcomes.yPred[i][label]);
  const right = Float64Array.from({ length: yTrue.length }, (_, i) => (isRight(i) ? 1 : 0));
  if (options.normalize === false)
    return pairwiseSum(weights === undefined ? right : right.map((one, i) => one * weights[i]));
  return weightedMean("accuracyScore", right, weights);
}
