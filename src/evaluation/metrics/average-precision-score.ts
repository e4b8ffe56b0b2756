import { TsloraError } from "../../base/tslora-error";
import { averageOneVsRest, readClassScores, type ClassAverage } from "./one-vs-rest";
import { pairwiseSum } from "./pairwise-sum";
import { precisionRecallCurve } from "./precision-recall-curve";
import { isMatrix } from "./roc-auc-score";
import { checkLabels, uniqueLabels, type Label, type Labels } from "./targets";

/**
 * Average precision, the mean of precisions weighted by the gain in recall, without interpolation, as scikit-learn's
 * `average_precision_score`.
 *
 * @param yScore - the positive label's score, [samples]; or a score for each class, [samples, classes]
 * @param options.posLabel - the positive label of two. @default 1
 * @param options.average - how several classes are averaged. @default "macro"
 * @throws TsloraError `bad-input` when lengths or classes do not fit or a score is not finite.
 */
export function averagePrecisionScore(yTrue: Labels, yScore: ArrayLike<number> | readonly (readonly number[])[], options: { readonly posLabel?: Label; readonly average?: ClassAverage } = {}): number {
  if (isMatrix(yScore)) {
    return averageOneVsRest(readClassScores("averagePrecisionScore", yTrue, yScore, {}), options.average ?? "macro", (flags, scores) => binaryAveragePrecision(flags, scores, 1));
  }
  checkLabels("averagePrecisionScore", "yTrue", yTrue);
  const labels = uniqueLabels(yTrue);
  if (labels.length > 2) throw new TsloraError("bad-input", `averagePrecisionScore: yTrue holds ${labels.length} classes, so a row of scores was expected for each sample; one number came.`);
  return binaryAveragePrecision(yTrue, yScore, options.posLabel ?? 1);
}

function binaryAveragePrecision(yTrue: Labels, yScore: ArrayLike<number>, posLabel: Label): number {
  const { precision, recall } = precisionRecallCurve(yTrue, yScore, { posLabel });
  return Math.max(0, -pairwiseSum(recall.slice(1).map((next, i) => (next - recall[i]) * precision[i])));
}
