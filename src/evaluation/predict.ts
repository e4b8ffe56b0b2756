import { Problems } from "../base/problems";
import { isTextInput, type TextInput } from "../base/text-input";
import { shownValue } from "../base/shown-value";
import { decideLabels } from "./decide-labels";
import { predictRows } from "./predict-rows";
import { sigmoid } from "./sigmoid";
import { softmax } from "./softmax";
import type { PredictLogitsOptions, TextClassifier } from "./text-classifier";
import { expectTrained } from "./untrained-notice";

/** One text's prediction, as Hugging Face's text-classification pipeline prints it. */
export interface Prediction {
  /** The most likely label. */
  readonly label: string;
  /** Its probability. */
  readonly score: number;
  /** All labels with their probabilities, the most likely first. */
  readonly scores: readonly { readonly label: string; readonly score: number }[];
  /** For texts with several labels: those with a probability above 0.5, the most likely first; may be empty. */
  readonly labels?: readonly string[];
}

/**
 * Classifies texts. Probabilities are the softmax of a text's scores, or each score's sigmoid if texts may have several
 * labels, as in Hugging Face's pipeline.
 *
 * @param texts - one text, or several; a pair of texts is a list of two, so one pair is `[["a", "b"]]`
 * @returns a prediction for each text, in their order
 * @throws TsloraError `bad-input` if a text is neither a string nor a pair of strings, or the classifier has untrained
 *   weights or gives no usable scores.
 */
export async function predict(
  classifier: TextClassifier,
  texts: string | readonly TextInput[],
  options: PredictLogitsOptions = {},
): Promise<Prediction[]> {
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
  const rows = await predictRows("predict", classifier, { ...options, texts: list });
  const several = classifier.problemType === "multi_label_classification";
  return rows.map((row) => {
    const probabilities = several ? row.map(sigmoid) : softmax(row).probabilities;
    const ranked = row.map((_, label) => label).sort((a, b) => row[b] - row[a]); // the first of equal ones first
    const scores = ranked.map((label) => ({ label: classifier.labels[label], score: probabilities[label] }));
    if (!several) return { ...scores[0], scores };
    const decided = decideLabels(row);
    const labels = ranked.filter((label) => decided[label] === 1).map((label) => classifier.labels[label]);
    return { ...scores[0], scores, labels };
  });
}
