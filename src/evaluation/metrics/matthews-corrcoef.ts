import { confusionMatrix } from "./confusion-matrix";
import { pairwiseSum } from "../../base/pairwise-sum";
import type { WeightOptions } from "./sample-weight";
import type { Labels } from "./targets";

/**
 * Matthews' correlation coefficient of true and predicted labels, for any number of labels, as scikit-learn's
 * `matthews_corrcoef` (Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004).
 * 0 if either has only one label. Adds numbers in the same order as scikit-learn, so that with a single label the
 * weights cancel to exactly 0.
 */
export function matthewsCorrcoef(yTrue: Labels, yPred: Labels, options: WeightOptions = {}): number {
  const matrix = confusionMatrix(yTrue, yPred, options);
  const actual = matrix.map((row) => pairwiseSum(row));
  const predicted = matrix.map((_, column) => matrix.reduce((sum, row) => sum + row[column], 0));
  const right = pairwiseSum(matrix.map((row, i) => row[i]));
  const n = pairwiseSum(predicted);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  const spread = (n ** 2 - dot(predicted, predicted)) * (n ** 2 - dot(actual, actual));
  return spread === 0 ? 0 : (right * n - dot(actual, predicted)) / Math.sqrt(spread);
}
