import { pairwiseSum } from "../../base/pairwise-sum";
import { argsort } from "./labelled-probabilities";

const COMPARISON = 1e-6;

/**
 * Rounds numbers to whole ones whose sum is the rounded sum of the numbers, as cleanlab's `round_preserving_sum`.
 * Numbers with the largest remainders are corrected first. NumPy does not define the order of equal remainders; here
 * the last is raised first and the first is lowered first, as by NumPy's insertion sort of short lists.
 */
export function roundPreservingSum(values: readonly number[]): number[] {
  const whole = values.map(roundHalfToEven);
  const wanted = roundHalfToEven(pairwiseSum(values));
  for (let sum = pairwiseSum(whole); Math.abs(sum - wanted) > COMPARISON; sum = pairwiseSum(whole)) {
    const missing = wanted - sum;
    const step = missing < 0 ? -1 : 1;
    const rising = argsort(values.map((value, i) => value - whole[i]));
    const order = step === 1 ? rising.reverse() : rising;
    for (const i of order.slice(0, Math.abs(missing))) whole[i] += step;
  }
  return whole;
}

/** `numpy.round`: halves go to the even neighbour. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}
