import { readClassProbabilities } from "./class-probabilities";
import { pairwiseSum } from "../../base/pairwise-sum";
import { weightedMean } from "./mean";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import type { Label, Labels } from "./targets";

/**
 * The mean negative logarithm of the true class's probability, as scikit-learn's `log_loss`. Probabilities are clipped
 * to [2^-52, 1 - 2^-52].
 *
 * @param yProba - [samples, classes] in the order of the sorted labels, or for two labels those of the greater one,
 * [samples]
 * @param options.labels - all classes, needed if `yTrue` lacks some. @default those in `yTrue`
 * @param options.normalize - false: the sum instead of the mean. @default true
 * @throws TsloraError `bad-input` if a value is not a probability.
 */
export function logLoss(
  yTrue: Labels,
  yProba: ArrayLike<number> | readonly (readonly number[])[],
  options: WeightOptions & { readonly labels?: readonly Label[]; readonly normalize?: boolean } = {},
): number {
  const { rows, trueColumn } = readClassProbabilities("logLoss", yTrue, yProba, options);
  const clip = (p: number): number => Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON);
  const losses = rows.map((row, i) => -Math.log(clip(row[trueColumn[i]])));
  const weights = readSampleWeight("logLoss", options.sampleWeight, yTrue.length);
  if (options.normalize === false)
    return pairwiseSum(weights === undefined ? losses : losses.map((loss, i) => loss * weights[i]));
  return weightedMean("logLoss", losses, weights);
}
