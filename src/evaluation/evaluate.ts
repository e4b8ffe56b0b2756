import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import { applyCalibration } from "./calibration/apply-calibration";
import type { Calibration } from "./calibration/calibration";
import { decideClass } from "./decide-labels";
import { evaluatePredictions, type Evaluation } from "./evaluation";
import { DEFAULT_CONFIDENCE, expectConfidence } from "./intervals/interval";
import { readLabelledTexts, type LabelledTexts } from "./labelled-texts";
import { logLoss } from "./metrics/log-loss";
import { mean } from "./metrics/mean";
import { predictRows } from "./predict-rows";
import { softmax } from "./softmax";
import type { PredictLogitsOptions, TextClassifier } from "./text-classifier";
import { untrainedNotice } from "./untrained-notice";

/** Options of {@link evaluate}: passes, progress and intervals. */
export interface EvaluateOptions extends PredictLogitsOptions {
  /** Confidence level of all intervals. @default 0.95 */
  readonly confidence?: number;
  /** A result of `fitCalibration` or `loadCalibration`, which replaces the softmax. @default none */
  readonly calibration?: Calibration | undefined;
}

/**
 * Predicts every text and scores the predictions. The predicted label is the one with the highest score, the first of
 * equal ones. An untrained classifier can be evaluated for the scores before training; `notice` then lists its newly
 * initialized weights. Does not check whether the classifier was trained on the texts; use `findLeaks` for that.
 *
 * @param data - a danfojs DataFrame with the columns `texts` and `label` (classes counted from 0), or a list of `{
 *   text, label }`; for pairs of texts also `text_pair`, or `textPair` in the list
 * @throws TsloraError `bad-input` for rows that cannot be evaluated, a classifier without usable scores, or a
 *   calibration for another number of labels, `unsupported` for a classifier whose texts may have several labels: use
 *   `evaluateMultiLabel`.
 */
export async function evaluate(
  classifier: TextClassifier,
  data: LabelledTexts,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { confidence = DEFAULT_CONFIDENCE, calibration, ...predictOptions } = options;
  const problems = new Problems("evaluate");
  expectConfidence(problems, confidence);
  problems.throwIfAny();
  if (classifier.problemType === "multi_label_classification")
    throw new TsloraError(
      "unsupported",
      "evaluate: this classifier's texts may have several labels (multi_label_classification), and accuracy, confusion matrix and report need one label per text. Use evaluateMultiLabel.",
    );
  const { texts, labels: yTrue } = readLabelledTexts("evaluate", data, { classes: classifier.labels.length });
  const start = performance.now();
  const rows = await predictRows("evaluate", classifier, { ...predictOptions, texts });
  const elapsedSeconds = (performance.now() - start) / 1000;
  const outcomes = rows.map((row) => softmax(row));
  const probabilities =
    calibration === undefined ? outcomes.map((one) => one.probabilities) : applyCalibration(calibration, rows);
  const predictions = rows.map((row, index) => ({
    index,
    yTrue: yTrue[index],
    yPred: calibration === undefined ? decideClass(row) : decideCalibrated(row, probabilities[index]),
    probabilities: probabilities[index],
  }));
  const loss =
    calibration === undefined
      ? mean(rows.map((row, i) => outcomes[i].logSum - row[yTrue[i]]))
      : logLoss(yTrue, probabilities, { labels: classifier.labels.map((_, label) => label) });
  return {
    ...evaluatePredictions({ labels: classifier.labels, predictions, loss, elapsedSeconds, confidence }),
    ...untrainedNotice(classifier),
  };
}

/** The class of the greatest calibrated probability; of equal ones the one with the greatest logit. */
function decideCalibrated(logits: readonly number[], probabilities: readonly number[]): number {
  const most = Math.max(...probabilities);
  return decideClass(logits.map((logit, label) => (probabilities[label] === most ? logit : -Infinity)));
}
