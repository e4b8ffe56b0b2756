import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { isIndicators, type LabelIndicators } from "./label-indicators";
import {
  averageLabels,
  isMatrix,
  oneVsRest,
  readClassScores,
  readLabelScores,
  type ClassAverage,
  type ClassScores,
  type ScoreRows,
} from "./one-vs-rest";
import { pairwiseSum } from "../../base/pairwise-sum";
import { mean } from "./mean";
import { rocCurve } from "./roc-curve";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { checkLabels, uniqueLabels, type Label, type Labels } from "./targets";

/** Options of {@link rocAucScore}. */
export interface RocAucOptions extends WeightOptions {
  /** All classes, needed if `yTrue` lacks some. @default those in `yTrue`, sorted */
  readonly labels?: readonly Label[];
  /**
   * For several classes: "ovr" compares each class with the rest, "ovo" each pair of classes (Hand and Till, 2001).
   * @default "ovr"
   */
  readonly multiClass?: "ovr" | "ovo";
  /**
   * Average over several classes or labels; "none" returns each area. "ovo" excludes "micro" and "none"; "samples"
   * needs several labels per sample.
   * @default "macro"
   */
  readonly average?: ClassAverage | "none";
  /**
   * For two labels: the standardized area up to this false positive rate (McClish, 1989).
   * @default 1, the whole
   */
  readonly maxFpr?: number;
}

type Scores = ArrayLike<number> | ScoreRows;

/**
 * The area under the ROC curve (receiver operating characteristic), as scikit-learn's `roc_auc_score`.
 *
 * @param yTrue - one label per sample, or rows of 0 and 1, [samples, labels]
 * @param yScore - for two labels, the score of the greater one: [samples]; for more classes, probabilities: [samples,
 *   classes]; for several labels per sample, a score for each label: [samples, labels]
 * @returns NaN if only one class occurs; an area for each label if `average` is "none"
 * @throws TsloraError `bad-input` if lengths or classes do not fit or a score is not finite, `bad-option` for options
 *   that exclude each other.
 */
export function rocAucScore(
  yTrue: Labels | LabelIndicators,
  yScore: Scores,
  options?: RocAucOptions & { readonly average?: ClassAverage },
): number;
export function rocAucScore(
  yTrue: Labels | LabelIndicators,
  yScore: Scores,
  options: RocAucOptions & { readonly average: "none" },
): number[];
export function rocAucScore(
  yTrue: Labels | LabelIndicators,
  yScore: Scores,
  options: RocAucOptions = {},
): number | number[] {
  const where = "rocAucScore";
  const { average = "macro", maxFpr = 1 } = options;
  const problems = new Problems(where);
  problems.expect(maxFpr > 0 && maxFpr <= 1, `maxFpr must be a number above 0 and at most 1; got ${maxFpr}`);
  problems.throwIfAny();
  const weights = readSampleWeight(where, options.sampleWeight, yTrue.length);
  if (isIndicators(yTrue))
    return averageLabels(
      where,
      readLabelScores(where, yTrue, yScore),
      (flags, scores, sampleWeight) => binaryAuc(flags, scores, { posLabel: 1, sampleWeight, maxFpr }),
      { average, weights },
    );
  if (isMatrix(yScore))
    return multiClassAuc(where, readClassScores(where, yTrue, yScore, options), { ...options, average, weights });
  checkLabels(where, "yTrue", yTrue);
  const labels = uniqueLabels(yTrue);
  if (labels.length > 2)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue holds ${labels.length} classes, so yScore must have a row of probabilities for each sample; got one number.`,
    );
  return binaryAuc(yTrue, yScore, { posLabel: labels[labels.length - 1], sampleWeight: weights, maxFpr });
}

function binaryAuc(
  yTrue: Labels,
  yScore: ArrayLike<number>,
  { maxFpr = 1, ...options }: { posLabel: Label; sampleWeight?: ArrayLike<number>; maxFpr?: number },
): number {
  const { fpr, tpr } = rocCurve(yTrue, yScore, options);
  if (Number.isNaN(fpr[0]) || Number.isNaN(tpr[0])) return NaN;
  if (maxFpr === 1) return area(fpr, tpr);
  const stop = fpr.findIndex((rate) => rate > maxFpr);
  const share = (maxFpr - fpr[stop - 1]) / (fpr[stop] - fpr[stop - 1]); // fraction of the way to the next point
  const part = area(
    [...fpr.slice(0, stop), maxFpr],
    [...tpr.slice(0, stop), tpr[stop - 1] + share * (tpr[stop] - tpr[stop - 1])],
  );
  const least = maxFpr ** 2 / 2;
  return (1 + (part - least) / (maxFpr - least)) / 2;
}

/** The area under a curve, by the trapezoidal rule. */
function area(x: readonly number[], y: readonly number[]): number {
  return pairwiseSum(x.slice(1).map((right, i) => ((right - x[i]) * (y[i + 1] + y[i])) / 2));
}

function multiClassAuc(
  where: string,
  scores: ClassScores,
  {
    multiClass = "ovr",
    average,
    weights,
    maxFpr = 1,
  }: Omit<RocAucOptions, "average"> & { average: ClassAverage | "none"; weights: Float64Array | undefined },
): number | number[] {
  const bad = scores.rows.findIndex((row) => !(Math.abs(pairwiseSum(row) - 1) <= 1e-5));
  if (bad >= 0)
    throw new TsloraError(
      "bad-input",
      `${where}: scores of several classes must be probabilities that sum to 1; those at index ${bad} do not.`,
    );
  const problems = new Problems(where);
  problems.expect(maxFpr === 1, `maxFpr is for two labels; got rows of probabilities`);
  problems.expect(
    average !== "samples",
    `average must be micro, macro, weighted or none for one label a sample; got samples`,
  );
  if (multiClass === "ovo") {
    problems.expect(
      average !== "micro" && average !== "none",
      `average must be macro or weighted where multiClass is "ovo"; got ${average}`,
    );
    problems.expect(weights === undefined, `sampleWeight is not for multiClass "ovo"; choose "ovr"`);
  }
  problems.throwIfAny();
  if (multiClass === "ovo") return pairAuc(scores, { weighted: average === "weighted" });
  return averageLabels(
    where,
    oneVsRest(scores),
    (yTrue, yScore, sampleWeight) => binaryAuc(yTrue, yScore, { posLabel: 1, sampleWeight }),
    { average, weights },
  );
}

function pairAuc({ trueClass, rows }: ClassScores, { weighted }: { weighted: boolean }): number {
  const present = [...new Set(trueClass)].sort((a, b) => a - b);
  const pairs = present.flatMap((a, i) => present.slice(i + 1).map((b) => [a, b] as const));
  const areas: number[] = [];
  const shares: number[] = [];
  for (const [a, b] of pairs) {
    const samples = trueClass.map((_, i) => i).filter((i) => trueClass[i] === a || trueClass[i] === b);
    const areaOf = (positive: number): number =>
      binaryAuc(
        samples.map((i) => (trueClass[i] === positive ? 1 : 0)),
        samples.map((i) => rows[i][positive]),
        { posLabel: 1 },
      );
    areas.push((areaOf(a) + areaOf(b)) / 2);
    shares.push(samples.length / trueClass.length);
  }
  if (!weighted) return mean(areas);
  return pairwiseSum(areas.map((one, i) => one * shares[i])) / pairwiseSum(shares);
}
