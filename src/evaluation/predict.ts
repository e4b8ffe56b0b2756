import { Problems } from "../base/problems";
import { predictRows } from "./predict-rows";
import { softmax } from "./softmax";
import type { PredictLogitsOptions, TextClassifier } from "./text-classifier";

/** One text's prediction, as Hugging Face's text-classification pipeline prints it. */
export interface Prediction {
  /** The most likely label. */
  readonly label: string;
  /** Its probability. */
  readonly score: number;
  /** All labels with their probabilities, the most likely first. */
  readonly scores: readonly { readonly label: string; readonly score: number }[];
}

/**
 * Classifies texts.
 *
 * @param texts - one text, or several
 * @returns a prediction for each text, in their order
 * @throws TsloraError `bad-input` when a text is no string or the classifier gives no usable scores.
 */
export async function predict(classifier: TextClassifier, texts: string | readonly string[], options: PredictLogitsOptions = {}): Promise<Prediction[]> {
  const list = typeof texts === "string" ? [texts] : texts;
  const problems = new Problems("predict");
  list.forEach((text: unknown, i) => problems.expect(typeof text === "string", `texts is to hold strings; ${String(text)} stands at index ${i}`));
  problems.throwIfAny("bad-input");
  const rows = await predictRows("predict", classifier, { ...options, texts: list });
  return rows.map((row) => {
    const { probabilities } = softmax(row);
    const scores = classifier.labels.map((label, i) => ({ label, score: probabilities[i] })).sort((a, b) => b.score - a.score);
    return { ...scores[0], scores };
  });
}
