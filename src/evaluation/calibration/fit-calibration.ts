import { Problems } from "../../base/problems";
import { CALIBRATION_METHODS, type Calibration, type CalibrationMethod } from "./calibration";
import { expectRows } from "./check-probabilities";
import { fitIsotonic } from "./fit-isotonic";
import { fitSigmoid } from "./fit-sigmoid";
import { fitTemperature } from "./fit-temperature";
import { logOdds } from "./log-odds";

/** Options of {@link fitCalibration}. */
export interface FitCalibrationOptions {
  /**
   * "temperature" divides all logits by one number (Guo et al., "On calibration of modern neural networks", 2017) and
   * needs the fewest texts; "sigmoid" is Platt scaling; "isotonic" fits a step function and needs about a thousand
   * texts. @default "temperature"
   */
  readonly method?: CalibrationMethod;
}

/**
 * Fits a calibration on texts that the classifier was not trained on. Equal to scikit-learn's `CalibratedClassifierCV`
 * of a `FrozenEstimator`. "sigmoid" and "isotonic" fit a curve for each class against the rest, with the log-odds of
 * the class's softmax as decision function; the curves' values are divided by their sum. For two classes only the
 * second one's curve is fitted. The result is plain JSON.
 *
 * @param scores - logits, [texts, classes]
 * @param labels - classes, counted from 0
 * @throws TsloraError `bad-option` for an unknown method, `bad-input` if rows and labels do not fit, a class has no
 *   text ("sigmoid", "isotonic"), or no temperature is finite.
 */
export function fitCalibration(
  scores: readonly (readonly number[])[],
  labels: ArrayLike<number>,
  options: FitCalibrationOptions = {},
): Calibration {
  const { method = "temperature" } = options;
  const problems = new Problems("fitCalibration");
  problems.expect(
    CALIBRATION_METHODS.includes(method),
    `method must be ${CALIBRATION_METHODS.join(", ")}; got ${String(method)}`,
  );
  problems.throwIfAny();
  const classes = expectRows("fitCalibration", scores, labels);
  const facts = { classes, n: scores.length };
  if (method === "temperature") return { method, ...facts, temperature: fitTemperature(scores, labels) };
  for (let label = 0; label < classes; label++)
    problems.expect(
      Array.from(labels).includes(label),
      `every class needs a text for the method "${method}"; class ${label} has none. Choose "temperature", or give more texts`,
    );
  problems.throwIfAny("bad-input");
  const fitted = (classes === 2 ? [1] : Array.from({ length: classes }, (_, label) => label)).map((label) => ({
    odds: scores.map((row) => logOdds(row, label)),
    positive: Array.from(labels, (own) => Number(own === label)),
  }));
  return method === "sigmoid"
    ? { method, ...facts, curves: fitted.map(({ odds, positive }) => fitSigmoid(odds, positive)) }
    : { method, ...facts, curves: fitted.map(({ odds, positive }) => fitIsotonic(odds, positive)) };
}
