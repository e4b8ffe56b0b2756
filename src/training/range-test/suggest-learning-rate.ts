import { FEWEST_POINTS } from "./learning-rate-options";
import type { LearningRatePoint, LearningRateSuggestion } from "./learning-rate-test";

/** Share of the points, at the start, that are not used: their average is still that of a few batches. */
const UNUSED = 0.1;
/** The share of the loss by which it must fall for a suggestion. */
const LEAST_FALL = 0.05;

/**
 * Suggests the rate in the middle of the valley, as fastai's `valley`: the longest sequence of falling smoothed losses
 * (not necessarily of neighbouring points) ends where the valley ends; the sequence's length is that of the valley, in
 * points. There the loss falls, and the rate is well below the one at which the loss rises. The steepest point is not
 * used: with batches of this size noise decides which point that is.
 *
 * Without a suggestion there is a reason: too few points, or a loss that does not fall.
 */
export function suggestLearningRate(points: readonly LearningRatePoint[]): LearningRateSuggestion {
  const used = points.slice(Math.floor(UNUSED * points.length));
  if (points.length < FEWEST_POINTS)
    return none(
      `the test has ${points.length} points; ${FEWEST_POINTS} are needed. Lower minLearningRate or raise numSteps`,
    );
  const losses = used.map(({ smoothedLoss }) => smoothedLoss);
  const lengths = fallingLengths(losses);
  const length = lengths.reduce((longest, one) => Math.max(longest, one), 0);
  const end = lengths.indexOf(length);
  const highest = losses.slice(0, end + 1).reduce((most, loss) => Math.max(most, loss), 0);
  const fall = 1 - losses[end] / highest;
  if (!(fall >= LEAST_FALL)) {
    const share = (100 * Math.max(0, Number.isNaN(fall) ? 0 : fall)).toFixed(1);
    return none(
      `the smoothed loss falls by only ${share} %; ${100 * LEAST_FALL} % are needed. ` +
        "Raise maxLearningRate or numSteps, or check whether the model is trained already",
    );
  }
  const { step, learningRate, smoothedLoss } = used[end - Math.floor(length / 2)];
  return { kind: "found", step, learningRate, smoothedLoss };
}

/** The length of the longest falling sequence that ends at each value. */
export function fallingLengths(values: readonly number[]): number[] {
  const lengths: number[] = [];
  values.forEach((value, i) => {
    let longest = 0;
    for (let before = 0; before < i; before++)
      if (values[before] > value && lengths[before] > longest) longest = lengths[before];
    lengths.push(longest + 1);
  });
  return lengths;
}

function none(reason: string): LearningRateSuggestion {
  return { kind: "none", reason };
}
