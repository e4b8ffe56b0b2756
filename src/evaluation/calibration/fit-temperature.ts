import { TsloraError } from "../../base/tslora-error";
import { softmax } from "../softmax";

const WIDEST = Math.exp(10); // of the inverse temperature, as in scikit-learn
const STEPS = 200;

/**
 * The temperature with the least mean cross entropy, which is convex in its inverse: the zero of the derivative by
 * Newton's method inside a bracket.
 *
 * @throws TsloraError `bad-input` if there is no finite one.
 */
export function fitTemperature(logits: readonly (readonly number[])[], labels: ArrayLike<number>): number {
  let [low, high] = [1 / WIDEST, WIDEST];
  if (derivatives(logits, labels, high).first <= 0)
    throw new TsloraError(
      "bad-input",
      `fitCalibration: there is no finite temperature, since all ${logits.length} texts are predicted correctly. Fit it on more texts, or choose the method "sigmoid".`,
    );
  if (derivatives(logits, labels, low).first >= 0)
    throw new TsloraError(
      "bad-input",
      `fitCalibration: there is no finite temperature, since the scores of these ${logits.length} texts do not rank their labels better than chance. Check the order of the labels.`,
    );
  let inverse = 1;
  for (let step = 0; step < STEPS; step++) {
    const { first, second } = derivatives(logits, labels, inverse);
    if (first > 0) high = inverse;
    else low = inverse;
    const newton = inverse - first / second;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - inverse) <= 4 * Number.EPSILON * inverse) break;
    inverse = next;
  }
  return 1 / inverse;
}

/** Derivatives of the mean cross entropy by the inverse temperature. */
function derivatives(
  logits: readonly (readonly number[])[],
  labels: ArrayLike<number>,
  inverse: number,
): { first: number; second: number } {
  let [first, second] = [0, 0];
  logits.forEach((row, i) => {
    const { probabilities } = softmax(row.map((logit) => logit * inverse));
    const from = row[labels[i]]; // differences to the true class's logit keep all digits
    const expected = probabilities.reduce((sum, p, label) => sum + p * (row[label] - from), 0);
    first += expected;
    second += probabilities.reduce((sum, p, label) => sum + p * (row[label] - from - expected) ** 2, 0);
  });
  return { first: first / logits.length, second: second / logits.length };
}
