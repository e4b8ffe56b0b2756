import { TsloraError } from "../../base/tslora-error";
import { readLabelledTexts, type LabelledTexts } from "../labelled-texts";
import { predictRows } from "../predict-rows";
import type { PredictLogitsOptions, TextClassifier } from "../text-classifier";
import { expectTrained } from "../untrained-notice";

/** Logits of texts and their classes, as `fitCalibration` takes them. */
export interface LogitsAndLabels {
  /** [texts, classes] */
  readonly logits: readonly (readonly number[])[];
  /** Classes, counted from 0. */
  readonly labels: readonly number[];
}

/**
 * A classifier's logits of labelled texts, for `fitCalibration`. Give texts that it was not trained on.
 *
 * @param data - as `evaluate` takes it
 * @throws TsloraError `bad-input` for rows that cannot be read or a classifier without trained weights, `unsupported`
 *   if texts may have several labels.
 */
export async function logitsOf(
  classifier: TextClassifier,
  data: LabelledTexts,
  options: PredictLogitsOptions = {},
): Promise<LogitsAndLabels> {
  if (classifier.problemType === "multi_label_classification")
    throw new TsloraError(
      "unsupported",
      "logitsOf: calibration is for one label a text; this classifier's texts may have several (multi_label_classification).",
    );
  expectTrained("logitsOf", classifier);
  const { texts, labels } = readLabelledTexts("logitsOf", data, { classes: classifier.labels.length });
  return { logits: await predictRows("logitsOf", classifier, { ...options, texts }), labels };
}
