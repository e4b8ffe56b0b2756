import { countOutcomes } from "./outcome-counts";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { readTargets, type Labels } from "./targets";

/**
 * Matthews' correlation coefficient of true and predicted labels, for any number of labels, as scikit-learn's
 * `matthews_corrcoef` (Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
 * 2004). 0 where either has one label only.
 */
export function matthewsCorrcoef(yTrue: Labels, yPred: Labels, options: WeightOptions = {}): number {
  const where = "matthewsCorrcoef";
  const targets = readTargets(where, yTrue, yPred);
  const { truePositives, predicted, actual } = countOutcomes(where, { kind: "classes", ...targets }, { weights: readSampleWeight(where, options.sampleWeight, yTrue.length) });
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((value, i) => value * b[i]));
  const n = sum(predicted);
  const spread = (n ** 2 - dot(predicted, predicted)) * (n ** 2 - dot(actual, actual));
  return spread === 0 ? 0 : (sum(truePositives) * n - dot(actual, predicted)) / Math.sqrt(spread);
}
