import { TsloraError } from "../../base/tslora-error";
import { sigmoid } from "../sigmoid";
import { softmax } from "../softmax";
import type { Calibration } from "./calibration";
import { expectRows } from "./check-probabilities";
import { isotonicAt } from "./fit-isotonic";
import { logOdds } from "./log-odds";

/**
 * Calibrated probabilities of texts.
 *
 * @param scores - logits, [texts, classes]
 * @returns [texts, classes]; each row sums to 1
 * @throws TsloraError `bad-input` if rows have another number of classes than the calibration.
 */
export function applyCalibration(calibration: Calibration, scores: readonly (readonly number[])[]): number[][] {
  if (scores.length === 0) return [];
  const classes = expectRows("applyCalibration", scores, undefined);
  if (classes !== calibration.classes)
    throw new TsloraError(
      "bad-input",
      `applyCalibration: the calibration is for ${calibration.classes} classes; the scores have ${classes}. Fit it again for this classifier.`,
    );
  return scores.map((row) => calibrateRow(calibration, row));
}

function calibrateRow(calibration: Calibration, row: readonly number[]): number[] {
  if (calibration.method === "temperature")
    return softmax(row.map((logit) => logit / calibration.temperature)).probabilities;
  const at = (curve: number, label: number): number => {
    const odds = logOdds(row, label);
    if (calibration.method === "isotonic") return isotonicAt(calibration.curves[curve], odds);
    const { a, b } = calibration.curves[curve];
    return sigmoid(-(a * odds + b));
  };
  if (row.length === 2) {
    const second = at(0, 1);
    return [1 - second, second];
  }
  const each = row.map((_, label) => at(label, label));
  const sum = each.reduce((a, b) => a + b, 0);
  return sum === 0 ? row.map(() => 1 / row.length) : each.map((p) => p / sum);
}
