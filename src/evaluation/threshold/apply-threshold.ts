import { Problems } from "../../base/problems";
import { reaches } from "../decide-labels";
import { evaluatePredictions, type Evaluation } from "../evaluation";

/**
 * Recomputes an evaluation of two labels with another threshold: a text is predicted as the second label if that
 * label's probability is at least the threshold. Loss and areas do not change.
 *
 * @param options.threshold - from 0 to 1, tuned on other data by `tuneThreshold`
 * @throws TsloraError `bad-option` if there are not two labels or the threshold is not a probability.
 */
export function applyThreshold(evaluation: Evaluation, options: { readonly threshold: number }): Evaluation {
  const { threshold } = options;
  const problems = new Problems("applyThreshold");
  problems.expect(
    evaluation.labels.length === 2,
    `a threshold is for two labels; the evaluation has ${evaluation.labels.length}`,
  );
  problems.expect(threshold >= 0 && threshold <= 1, `threshold must be a number from 0 to 1; got ${threshold}`);
  problems.throwIfAny();
  const predictions = evaluation.predictions.map((p) => ({
    ...p,
    yPred: Number(reaches(p.probabilities[1], threshold)),
  }));
  const { notice } = evaluation;
  const moved = evaluatePredictions({ ...evaluation, predictions, confidence: evaluation.accuracyInterval.confidence });
  return notice === undefined ? moved : { ...moved, notice };
}
