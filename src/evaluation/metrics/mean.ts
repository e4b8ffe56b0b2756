import { pairwiseSum } from "../../base/pairwise-sum";
import { TsloraError } from "../../base/tslora-error";

/** The mean, as `numpy.mean` computes it. */
export function mean(values: ArrayLike<number>): number {
  return pairwiseSum(values) / values.length;
}

/**
 * The mean, weighted if weights are given, as `numpy.average` computes it.
 *
 * @throws TsloraError `bad-input` if the weights sum to 0.
 */
export function weightedMean(where: string, values: ArrayLike<number>, weights: Float64Array | undefined): number {
  if (weights === undefined) return mean(values);
  const total = pairwiseSum(weights);
  if (total === 0) throw new TsloraError("bad-input", `${where}: the sum of sampleWeight must not be 0.`);
  return pairwiseSum(weights.map((weight, i) => values[i] * weight)) / total;
}

/**
 * The mean of the numbers that are not NaN, as scikit-learn averages over labels: weighted if weights are given and do
 * not sum to 0. NaN if no number is left.
 */
export function nanAverage(values: readonly number[], weights?: ArrayLike<number>): number {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return NaN;
  // numpy.nanmean adds 0 in place of NaN; numpy.average over the rest skips NaN, so the order of sums differs.
  if (weights === undefined)
    return pairwiseSum(values.map((value) => (Number.isNaN(value) ? 0 : value))) / known.length;
  const kept = Array.from(weights).filter((_, i) => !Number.isNaN(values[i]));
  const total = pairwiseSum(kept);
  return total === 0 ? mean(known) : pairwiseSum(known.map((value, i) => value * kept[i])) / total;
}
