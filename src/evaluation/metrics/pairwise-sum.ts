import { TsloraError } from "../../base/tslora-error";

const BLOCK = 128;

/**
 * A sum in NumPy's order: eight partial sums over blocks of up to 128 numbers, halves above that (pairwise summation;
 * Higham, "The accuracy of floating point summation", 1993). The same order gives the same last bit; with another one a
 * report could round differently from scikit-learn's.
 */
export function pairwiseSum(values: ArrayLike<number>, start = 0, count = values.length): number {
  if (count < 8) {
    let sum = 0;
    for (let i = start; i < start + count; i++) sum += values[i];
    return sum;
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const left = half - (half % 8);
    return pairwiseSum(values, start, left) + pairwiseSum(values, start + left, count - left);
  }
  const part = [0, 1, 2, 3, 4, 5, 6, 7].map((lane) => values[start + lane]);
  const whole = count - (count % 8);
  for (let i = 8; i < whole; i += 8) for (let lane = 0; lane < 8; lane++) part[lane] += values[start + i + lane];
  let sum = part[0] + part[1] + (part[2] + part[3]) + (part[4] + part[5] + (part[6] + part[7]));
  for (let i = whole; i < count; i++) sum += values[start + i];
  return sum;
}

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
