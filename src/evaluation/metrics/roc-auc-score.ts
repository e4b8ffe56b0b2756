import { TsloraError } from "../../base/tslora-error";
import { averageOneVsRest, readClassScores, type ClassAverage, type ClassScores } from "./one-vs-rest";
import { mean, pairwiseSum } from "./pairwise-sum";
import { rocCurve } from "./roc-curve";
import { checkLabels, uniqueLabels, type Label, type Labels } from "./targets";

export interface RocAucOptions {
  /** All classes, where `yTrue` may not hold each. @default those in `yTrue`, sorted */
  readonly labels?: readonly Label[];
  /** Several classes each against the rest ("ovr"), or each pair of them (Hand and Till, 2001; "ovo"). @default "ovr" */
  readonly multiClass?: "ovr" | "ovo";
  /** How several classes are averaged; "micro" is for "ovr" only. @default "macro" */
  readonly average?: ClassAverage;
}

/**
 * The area under the receiver operating characteristic, as scikit-learn's `roc_auc_score`.
 *
 * @param yScore - of two labels the score of the greater one, [samples]; of more, probabilities, [samples, classes]
 * @returns NaN where only one class occurs
 * @throws TsloraError `bad-input` when lengths or classes do not fit or a score is not finite.
 */
export function rocAucScore(yTrue: Labels, yScore: ArrayLike<number> | readonly (readonly number[])[], options: RocAucOptions = {}): number {
  if (isMatrix(yScore)) return multiClassAuc(readClassScores("rocAucScore", yTrue, yScore, options), options);
  checkLabels("rocAucScore", "yTrue", yTrue);
  const labels = uniqueLabels(yTrue);
  if (labels.length > 2) throw new TsloraError("bad-input", `rocAucScore: yTrue holds ${labels.length} classes, so a row of probabilities was expected for each sample; one number came.`);
  return binaryAuc(yTrue, yScore, labels[labels.length - 1]);
}

export function isMatrix(scores: ArrayLike<number> | readonly (readonly number[])[]): scores is readonly (readonly number[])[] {
  return scores.length > 0 && typeof scores[0] !== "number";
}

function binaryAuc(yTrue: Labels, yScore: ArrayLike<number>, posLabel: Label): number {
  const { fpr, tpr } = rocCurve(yTrue, yScore, { posLabel });
  if (Number.isNaN(fpr[0]) || Number.isNaN(tpr[0])) return NaN;
  return pairwiseSum(fpr.slice(1).map((x, i) => ((x - fpr[i]) * (tpr[i + 1] + tpr[i])) / 2)); // by trapezoids
}

function multiClassAuc(scores: ClassScores, { multiClass = "ovr", average = "macro" }: RocAucOptions): number {
  const bad = scores.rows.findIndex((row) => !(Math.abs(row.reduce((a, b) => a + b, 0) - 1) <= 1e-5));
  if (bad >= 0) throw new TsloraError("bad-input", `rocAucScore: scores of several classes are to be probabilities that sum to 1; those at index ${bad} do not.`);
  if (multiClass === "ovr") return averageOneVsRest(scores, average, (yTrue, yScore) => binaryAuc(yTrue, yScore, 1));
  if (average === "micro") throw new TsloraError("bad-option", `rocAucScore: average is to be macro or weighted where multiClass is "ovo"; micro came.`);
  return pairAuc(scores, average);
}

function pairAuc({ trueClass, rows }: ClassScores, average: "macro" | "weighted"): number {
  const present = [...new Set(trueClass)].sort((a, b) => a - b);
  const pairs = present.flatMap((a, i) => present.slice(i + 1).map((b) => [a, b] as const));
  const areas: number[] = [];
  const shares: number[] = [];
  for (const [a, b] of pairs) {
    const samples = trueClass.map((_, i) => i).filter((i) => trueClass[i] === a || trueClass[i] === b);
    const area = (positive: number): number => binaryAuc(samples.map((i) => (trueClass[i] === positive ? 1 : 0)), samples.map((i) => rows[i][positive]), 1);
    areas.push((area(a) + area(b)) / 2);
    shares.push(samples.length / trueClass.length);
  }
  if (average === "macro") return mean(areas);
  return pairwiseSum(areas.map((area, i) => area * shares[i])) / pairwiseSum(shares);
}
