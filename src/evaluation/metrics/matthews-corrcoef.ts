import { countOutcomes } from "./outcome-counts";
import { readTargets, type Labels } from "./targets";

/**
 * Matthews' correlation coefficient of true and predicted labels, for any number of labels, as scikit-learn's
 * `matthews_corrcoef` (Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
 * 2004). 0 where either has one label only.
 */
export function matthewsCorrcoef(yTrue: Labels, yPred: Labels): number {
  const { truePositives, predicted, actual } = countOutcomes("matthewsCorrcoef", readTargets("matthewsCorrcoef", yTrue, yPred), {});
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const n = yTrue.length;
  const right = truePositives.reduce((a, b) => a + b, 0);
  const spread = (n ** 2 - dot(predicted, predicted)) * (n ** 2 - dot(actual, actual));
  return spread === 0 ? 0 : (right * n - dot(actual, predicted)) / Math.sqrt(spread);
}
