import type { EvaluatedText } from "../evaluation";

/** The scores of a comparison, in the order of its tables. */
export const SCORE_NAMES = [
  "accuracy",
  "balancedAccuracy",
  "f1",
  "rocAuc",
  "averagePrecision",
  "brierScore",
  "logLoss",
] as const;

/** The name of one of `SCORE_NAMES`. */
export type ScoreName = (typeof SCORE_NAMES)[number];

/**
 * Scores of predictions. `f1` is that of the second of two labels, else the mean over labels; areas of more than two
 * labels are means of each label against the rest. NaN where a score is not defined: an area where a label has no text.
 */
export type Scores = Readonly<Record<ScoreName, number>>;

/**
 * Prepares predictions for many evaluations with different weights, as a bootstrap needs: sorts them once, so that each
 * evaluation takes one pass.
 *
 * @param classes - the number of labels
 * @returns computes the scores, given how often each text counts. @default each once
 */
export function weightedScorer(
  predictions: readonly Pick<EvaluatedText, "yTrue" | "yPred" | "probabilities">[],
  classes: number,
): (weights?: ArrayLike<number>) => Scores {
  const all = Array.from({ length: classes }, (_, label) => label);
  const areas = classes === 2 ? [1] : all; // of two labels the second's area is that of both
  const falling = areas.map((label) => byFallingScore(predictions.map(({ probabilities }) => probabilities[label])));
  const squares = predictions.map(({ yTrue, probabilities }) => squaredDistance(probabilities, yTrue));
  const losses = predictions.map(({ yTrue, probabilities }) => -Math.log(clip(probabilities[yTrue])));
  const one = new Uint8Array(predictions.length).fill(1);
  return (weights = one) => {
    const counts = all.map(() => ({ own: 0, predicted: 0, right: 0 }));
    let [total, square, loss] = [0, 0, 0];
    predictions.forEach(({ yTrue, yPred }, i) => {
      const weight = weights[i];
      total += weight;
      square += weight * squares[i];
      loss += weight * losses[i];
      counts[yTrue].own += weight;
      counts[yPred].predicted += weight;
      if (yTrue === yPred) counts[yTrue].right += weight;
    });
    const recalls = counts.flatMap(({ own, right }) => (own === 0 ? [] : [right / own]));
    const f1 = counts.map(({ own, predicted, right }) => (own + predicted === 0 ? 0 : (2 * right) / (own + predicted)));
    const curves = areas.map((label, k) =>
      areasOf(falling[k], { weights, isPositive: (i) => predictions[i].yTrue === label }),
    );
    return {
      accuracy: counts.reduce((sum, { right }) => sum + right, 0) / total,
      balancedAccuracy: meanOf(recalls),
      f1: classes === 2 ? f1[1] : meanOf(f1),
      rocAuc: meanOf(curves.map(({ roc }) => roc)),
      averagePrecision: meanOf(curves.map(({ precision }) => precision)),
      brierScore: (square / total) * (classes === 2 ? 0.5 : 1), // as scikit-learn's scale_by_half
      logLoss: loss / total,
    };
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const clip = (p: number): number => Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON); // as scikit-learn

const squaredDistance = (probabilities: readonly number[], label: number): number =>
  probabilities.reduce((sum, p, column) => sum + ((column === label ? 1 : 0) - p) ** 2, 0);

/** Rows by falling score, in groups of equal scores. */
function byFallingScore(scores: readonly number[]): readonly (readonly number[])[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const groups: number[][] = [];
  for (const row of order) {
    const last = groups.at(-1);
    if (last !== undefined && scores[last[0]] === scores[row]) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

/** The area under the ROC curve, and the average precision; NaN if all texts with a weight are of one class. */
function areasOf(
  groups: readonly (readonly number[])[],
  { weights, isPositive }: { weights: ArrayLike<number>; isPositive: (row: number) => boolean },
): { roc: number; precision: number } {
  let [positives, negatives, pairs, steps] = [0, 0, 0, 0]; // of weights so far
  for (const rows of groups) {
    let [positive, negative] = [0, 0];
    for (const row of rows) {
      if (isPositive(row)) positive += weights[row];
      else negative += weights[row];
    }
    pairs += negative * (positives + positive / 2);
    positives += positive;
    negatives += negative;
    if (positive > 0) steps += positive * (positives / (positives + negatives));
  }
  return positives === 0 || negatives === 0
    ? { roc: NaN, precision: NaN }
    : { roc: pairs / (positives * negatives), precision: steps / positives };
}
