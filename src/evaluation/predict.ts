import { Problems } from "../base/problems";
import { isTextInput, type TextInput } from "../base/text-input";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { applyCalibration } from "./calibration/apply-calibration";
import type { Calibration } from "./calibration/calibration";
import { predictionSets, type Conformal } from "./conformal/conformal";
import { decideLabels } from "./decide-labels";
import { predictRows } from "./predict-rows";
import { probabilitiesOf } from "./probabilities-of";
import type { PredictLogitsOptions, TextClassifier } from "./text-classifier";
import { expectTrained } from "./untrained-notice";

/** One text's prediction, as Hugging Face's text-classification pipeline prints it. */
export interface Prediction {
  /** The most likely label. With `abstain`, empty unless the set has exactly one label. */
  readonly label: string;
  /** Its probability; that of the most likely label where `label` is empty. */
  readonly score: number;
  /** All labels with their probabilities, the most likely first. */
  readonly scores: readonly { readonly label: string; readonly score: number }[];
  /** For texts with several labels: those with a probability above 0.5, the most likely first; may be empty. */
  readonly labels?: readonly string[];
  /** With `abstain`: the labels that cannot be excluded, the most likely first; may be empty. */
  readonly set?: readonly string[];
}

/** Options of {@link predict}: passes and progress, calibration, abstention. */
export interface PredictionOptions extends PredictLogitsOptions {
  /** A result of `fitCalibration` or `loadCalibration`, which replaces the softmax. @default none */
  readonly calibration?: Calibration | undefined;
  /**
   * A result of `fitConformal` (on softmax probabilities) or `loadConformal`, with alpha: each prediction gets the set
   * of labels that holds the true one with probability 1 - alpha or more. `label` is empty unless the set has one
   * label.
   * @default none
   */
  readonly abstain?: { readonly conformal: Conformal; readonly alpha: number } | undefined;
}

/**
 * Classifies texts. Probabilities are the softmax of a text's scores, or each score's sigmoid if texts may have several
 * labels, as in Hugging Face's pipeline.
 *
 * @param texts - one text, or several; a pair of texts is a list of two, so one pair is `[["a", "b"]]`
 * @returns a prediction for each text, in their order
 * @throws TsloraError `bad-input` if a text is neither a string nor a pair of strings, or the classifier has untrained
 *   weights or gives no usable scores, or the calibration or the sets are for another number of labels; `unsupported`
 *   for these where texts may have several labels.
 */
export async function predict(
  classifier: TextClassifier,
  texts: string | readonly TextInput[],
  options: PredictionOptions = {},
): Promise<Prediction[]> {
  const { calibration, abstain, ...passOptions } = options;
  const list = typeof texts === "string" ? [texts] : texts;
  const problems = new Problems("predict");
  list.forEach((text: unknown, i) =>
    problems.expect(
      isTextInput(text),
      `texts must hold strings, or pairs of strings; ${shownValue(text)} is at index ${i}`,
    ),
  );
  problems.throwIfAny("bad-input");
  expectTrained("predict", classifier);
  const rows = await predictRows("predict", classifier, { ...passOptions, texts: list });
  const several = classifier.problemType === "multi_label_classification";
  if (several && (calibration ?? abstain) !== undefined)
    throw new TsloraError(
      "unsupported",
      "predict: calibration and abstain are for one label a text; this classifier's texts may have several (multi_label_classification). Leave them out.",
    );
  const plain = rows.map((row) => probabilitiesOf(row, classifier));
  const calibrated = calibration === undefined ? plain : applyCalibration(calibration, rows);
  const sets = abstain && predictionSets(abstain.conformal, plain, abstain);
  return rows.map((row, i) => {
    const probabilities = calibrated[i];
    const ranked = row.map((_, label) => label).sort((a, b) => row[b] - row[a]); // the first of equal ones first
    if (calibration !== undefined) ranked.sort((a, b) => probabilities[b] - probabilities[a]);
    const scores = ranked.map((label) => ({ label: classifier.labels[label], score: probabilities[label] }));
    if (sets !== undefined) {
      const set = ranked.filter((label) => sets[i].includes(label));
      const [label, score] =
        set.length === 1 ? [classifier.labels[set[0]], probabilities[set[0]]] : ["", scores[0].score];
      return { label, score, scores, set: set.map((one) => classifier.labels[one]) };
    }
    if (!several) return { ...scores[0], scores };
    const decided = decideLabels(row);
    const labels = ranked.filter((label) => decided[label] === 1).map((label) => classifier.labels[label]);
    return { ...scores[0], scores, labels };
  });
}
