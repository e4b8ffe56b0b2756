import { sigmoid } from "./sigmoid";
import { softmax } from "./softmax";
import type { TextClassifier } from "./text-classifier";

/** Probabilities of a text's scores: their softmax, or each score's sigmoid if a text may have several labels. */
export function probabilitiesOf(
  scores: readonly number[],
  { problemType }: Pick<TextClassifier, "problemType">,
): number[] {
  return problemType === "multi_label_classification" ? scores.map(sigmoid) : softmax(scores).probabilities;
}
