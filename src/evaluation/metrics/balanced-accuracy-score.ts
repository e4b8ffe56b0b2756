import { countOutcomes } from "./outcome-counts";
import { mean } from "./mean";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { readTargets, type Labels } from "./targets";

/**
 * The mean recall over the labels that occur in `yTrue`, as scikit-learn's `balanced_accuracy_score`.
 *
 * @param options.adjusted - rescales it: 0 for random predictions, 1 for all correct; NaN if only one label occurs in
 *   `yTrue`. @default false
 */
export function balancedAccuracyScore(
  yTrue: Labels,
  yPred: Labels,
  options: WeightOptions & { readonly adjusted?: boolean } = {},
): number {
  const where = "balancedAccuracyScore";
  const targets = readTargets(where, yTrue, yPred);
  const { truePositives, actual } = countOutcomes(
    where,
    { kind: "classes", ...targets },
    { weights: readSampleWeight(where, options.sampleWeight, yTrue.length) },
  );
  const recalls = truePositives.map((right, i) => right / actual[i]).filter((recall) => !Number.isNaN(recall));
  const score = mean(recalls);
  const chance = 1 / recalls.length;
  return options.adjusted === true ? (score - chance) / (1 - chance) : score;
}
