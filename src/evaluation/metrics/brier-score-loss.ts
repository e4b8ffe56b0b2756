import { TsloraError } from "../../base/tslora-error";
import { readClassProbabilities } from "./class-probabilities";
import { pairwiseSum } from "../../base/pairwise-sum";
import { weightedMean } from "./mean";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { positiveLabelOf } from "./threshold-counts";
import { checkLabels, uniqueLabels, type Label, type Labels } from "./targets";

/**
 * The mean squared difference between probabilities and true labels, as scikit-learn's `brier_score_loss`.
 *
 * @param yProba - the positive label's probability, [samples], or [samples, classes] in the order of the sorted labels
 * @param options.posLabel - the label of `yProba`, if it has one number per sample. @default 1 of {0, 1} or {-1, 1},
 *   else the greater number
 * @param options.labels - all classes, if `yProba` has a column for each
 * @param options.scaleByHalf - whether to halve the sum over classes. @default true for two classes
 * @throws TsloraError `bad-input` if a value is not a probability.
 */
export function brierScoreLoss(
  yTrue: Labels,
  yProba: ArrayLike<number> | readonly (readonly number[])[],
  options: WeightOptions & {
    readonly posLabel?: Label;
    readonly labels?: readonly Label[];
    readonly scaleByHalf?: boolean;
  } = {},
): number {
  const oneNumber = yProba.length > 0 && typeof yProba[0] === "number";
  const { rows, trueColumn } = oneNumber
    ? readClassProbabilities("brierScoreLoss", isPositive(yTrue, options.posLabel), yProba, { labels: [0, 1] })
    : readClassProbabilities("brierScoreLoss", yTrue, yProba, options);
  const distances = rows.map((row, i) =>
    pairwiseSum(row.map((p, column) => ((column === trueColumn[i] ? 1 : 0) - p) ** 2)),
  );
  const weights = readSampleWeight("brierScoreLoss", options.sampleWeight, yTrue.length);
  return weightedMean("brierScoreLoss", distances, weights) * ((options.scaleByHalf ?? rows[0].length < 3) ? 0.5 : 1);
}

function isPositive(yTrue: Labels, posLabel: Label | undefined): number[] {
  checkLabels("brierScoreLoss", "yTrue", yTrue);
  const labels = uniqueLabels(yTrue);
  if (labels.length > 2)
    throw new TsloraError(
      "bad-input",
      `brierScoreLoss: one probability a sample is for two labels; yTrue holds ${labels.length}. Pass a column for each class.`,
    );
  const greater = labels[labels.length - 1];
  const usual = labels.every((label) => label === -1 || label === 0 || label === 1);
  const positive =
    posLabel === undefined && typeof greater === "number" && !usual
      ? greater
      : positiveLabelOf("brierScoreLoss", labels, posLabel);
  return Array.from({ length: yTrue.length }, (_, i) => (yTrue[i] === positive ? 1 : 0));
}
