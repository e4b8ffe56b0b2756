import { TsloraError } from "../../base/tslora-error";
import type { ProblemType } from "../../model/encoder-config";
import type { ExampleLabel } from "./classification-loss";

/**
 * Weights that balance classes. With one class per text, as scikit-learn's `compute_class_weight("balanced")`: examples
 * / (classes * examples of the class). With several labels per text, as torch recommends for `pos_weight`: examples
 * without the label / examples with it.
 *
 * @throws TsloraError `bad-input` if a class has no example; with several labels per text, if no text has a label or
 *   every text has it.
 */
export function balancedClassWeights(
  labels: readonly ExampleLabel[],
  options: { problemType: ProblemType; names: readonly string[] },
): number[] {
  const { problemType, names } = options;
  const multi = problemType === "multi_label_classification";
  const counts = names.map(
    (_, c) => labels.filter((label) => (typeof label === "number" ? label === c : label[c] === 1)).length,
  );
  const missing = names.filter((_, c) => counts[c] === 0 || (multi && counts[c] === labels.length));
  if (missing.length > 0) {
    throw new TsloraError(
      "bad-input",
      `train: classWeights "balanced" needs training examples with and without each label; there are none of both for ${missing.join(", ")}. Give the weights as numbers, or leave them out.`,
    );
  }
  return counts.map((count) => (multi ? (labels.length - count) / count : labels.length / (names.length * count)));
}
