import { accuracyScore } from "../../evaluation/metrics/accuracy-score";
import { applyCalibration } from "../../evaluation/calibration/apply-calibration";
import type { Calibration } from "../../evaluation/calibration/calibration";
import { calibrationReport, type CalibrationReport } from "../../evaluation/calibration/calibration-report";
import type { LogitsAndLabels } from "../../evaluation/calibration/logits-of";
import type { Conformal } from "../../evaluation/conformal/conformal";
import { decideClass } from "../../evaluation/decide-labels";
import { softmax } from "../../evaluation/softmax";
import { shownPath } from "../../base/shown-path";
import { table, type Terminal } from "../terminal/terminal";
import { wrap } from "../terminal/text-layout";

/** Measures of probabilities before and after a calibration. */
export interface ComparedCalibration {
  readonly before: CalibrationReport & { readonly accuracy: number };
  readonly after: CalibrationReport & { readonly accuracy: number };
}

/** Measures the softmax's probabilities and the calibrated ones on the same texts. */
export function compareCalibration(
  { logits, labels: yTrue }: LogitsAndLabels,
  { labels, calibration, bins }: { labels: readonly string[]; calibration: Calibration; bins?: number },
): ComparedCalibration {
  const measure = (rows: readonly (readonly number[])[]): ComparedCalibration["before"] => {
    const yPred = rows.map(decideClass);
    const predictions = rows.map((probabilities, index) => ({
      index,
      yTrue: yTrue[index],
      yPred: yPred[index],
      probabilities,
    }));
    return { accuracy: accuracyScore(yTrue, yPred), ...calibrationReport({ labels, predictions }, { bins }) };
  };
  return {
    before: measure(logits.map((row) => softmax(row).probabilities)),
    after: measure(applyCalibration(calibration, logits)),
  };
}

/** The result of `tslora calibrate` as text. */
export function calibrationLines(of: {
  readonly calibration: Calibration;
  readonly conformal: Conformal;
  readonly compared: ComparedCalibration;
  readonly onOthers: boolean;
  readonly files: readonly string[];
  readonly terminal: Terminal;
}): string[] {
  const { calibration, conformal, compared, onOthers, files, terminal } = of;
  const { before, after } = compared;
  const row = (
    name: string,
    key: "accuracy" | "logLoss" | "brier" | "ece" | "eceEqualMass" | "mce" | "classwiseEce",
  ): string[] => [name, before[key].toFixed(4), after[key].toFixed(4)];
  const fewest = Math.min(...conformal.scores.map(({ length }) => length));
  const width = Math.min(terminal.out.columns || 100, 100);
  return [
    `Calibration: ${describeCalibration(calibration)}, fitted on ${calibration.n} texts.`,
    "",
    ...table([
      [`on ${before.n} texts`, "before", "after"],
      row("accuracy", "accuracy"),
      row("log loss", "logLoss"),
      row("Brier score", "brier"),
      row("calibration error, bins of equal width", "ece"),
      row("calibration error, bins of equal mass", "eceEqualMass"),
      row("largest error of a bin", "mce"),
      row("mean error of the classes", "classwiseEce"),
    ]).map((line) => `  ${line}`),
    "",
    ...(onOthers
      ? []
      : wrap(
          "The scores after are of the texts that it was fitted on, and too good. Give other texts with --test.",
          width,
        )),
    ...wrap(
      `Prediction sets: ${conformal.score}${conformal.classConditional ? ", for each class" : ""}. ` +
        `predict --abstain takes an alpha from ${(1 / (fewest + 1)).toPrecision(2)}.`,
      width,
    ),
    ...files.map(shownPath),
  ];
}

/** A calibration in a few words. */
export function describeCalibration(calibration: Calibration): string {
  if (calibration.method === "temperature") return `temperature ${calibration.temperature.toFixed(4)}`;
  return calibration.method === "sigmoid" ? "sigmoid (Platt scaling)" : "isotonic regression";
}
