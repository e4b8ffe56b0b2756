import type { Evaluation } from "../../evaluation/evaluation";
import { precisionRecallCurve } from "../../evaluation/metrics/precision-recall-curve";
import { rocCurve } from "../../evaluation/metrics/roc-curve";
import { scoresOf } from "../../evaluation/scores-of";
import type { CurveFacts, EvaluationFacts } from "./study-facts";

/** The report keeps at most so many points of a curve. */
const KEPT = 400;

/** An evaluation without the predictions of single texts. */
export function evaluationFacts(evaluation: Evaluation): EvaluationFacts {
  const { predictions, ...rest } = evaluation;
  void predictions;
  return rest;
}

/** ROC and precision-recall curves of two labels; undefined for more, and where a label has no text. */
export function curveFacts(evaluations: Readonly<Record<string, Evaluation>>): CurveFacts[] | undefined {
  const all = Object.entries(evaluations);
  if (all.some(([, { labels, rocAuc }]) => labels.length !== 2 || rocAuc === null)) return undefined;
  return all.map(([name, evaluation]) => {
    const { yTrue, scores } = scoresOf(evaluation);
    const { fpr, tpr } = rocCurve(yTrue, scores);
    const { precision, recall } = precisionRecallCurve(yTrue, scores);
    return {
      name,
      roc: { fpr: thin(fpr), tpr: thin(tpr) },
      precisionRecall: { precision: thin(precision), recall: thin(recall) },
    };
  });
}

/** At most {@link KEPT} evenly spaced values of a curve, with the first and the last. */
function thin(values: ArrayLike<number>): number[] {
  const all = Array.from(values);
  if (all.length <= KEPT) return all;
  return Array.from({ length: KEPT }, (_, i) => all[Math.round((i * (all.length - 1)) / (KEPT - 1))]);
}
