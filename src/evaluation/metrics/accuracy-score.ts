import { readTargets, type Labels } from "./targets";

/**
 * The share of samples whose predicted label is the true one, as scikit-learn's `accuracy_score`.
 *
 * @throws TsloraError `bad-input` when the labels differ in length, are empty or of mixed kinds.
 */
export function accuracyScore(yTrue: Labels, yPred: Labels): number {
  const targets = readTargets("accuracyScore", yTrue, yPred);
  let right = 0;
  for (let i = 0; i < targets.yTrue.length; i++) if (targets.yTrue[i] === targets.yPred[i]) right++;
  return right / targets.yTrue.length;
}
