import { TsloraError } from "../../base/tslora-error";
import { isIndicators, type LabelIndicators } from "./label-indicators";
import {
  averageLabels,
  isMatrix,
  oneVsRest,
  readClassScores,
  readLabelScores,
  type BinaryMetric,
  type ClassAverage,
  type ScoreRows,
} from "./one-vs-rest";
import { pairwiseSum } from "../../base/pairwise-sum";
import { precisionRecallCurve } from "./precision-recall-curve";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { checkLabels, uniqueLabels, type Label, type Labels } from "./targets";

/** Options of {@link averagePrecisionScore}. */
export interface AveragePrecisionOptions extends WeightOptions {
  /** The positive label of two. @default 1 */
  readonly posLabel?: Label;
  /** Average over several classes or labels; "none" returns each score. @default "macro" */
  readonly average?: ClassAverage | "none";
}

type Scores = ArrayLike<number> | ScoreRows;

/**
 * Average precision, the mean of precisions weighted by the gain in recall, without interpolation, as scikit-learn's
 * `average_precision_score`.
 *
 * @param yTrue - one label per sample, or rows of 0 and 1, [samples, labels]
 * @param yScore - the positive label's score, [samples]; or a score for each class or label, [samples, classes]
 * @returns a score for each label if `average` is "none"
 * @throws TsloraError `bad-input` if lengths or classes do not fit or a score is not finite.
 */
export function averagePrecisionScore(
  yTrue: Labels | LabelIndicators,
  yScore: Scores,
  options?: AveragePrecisionOptions & { readonly average?: ClassAverage },
): number;
export function averagePrecisionScore(
  yTrue: Labels | LabelIndicators,
  yScore: Scores,
  options: AveragePrecisionOptions & { readonly average: "none" },
): number[];
export function averagePrecisionScore(
  yTrue: Labels | LabelIndicators,
  yScore: Scores,
  options: AveragePrecisionOptions = {},
): number | number[] {
  const where = "averagePrecisionScore";
  const { average = "macro", posLabel = 1 } = options;
  const weights = readSampleWeight(where, options.sampleWeight, yTrue.length);
  const ofOne: BinaryMetric = (flags, scores, sampleWeight) =>
    binaryAveragePrecision(flags, scores, { posLabel: 1, sampleWeight });
  const rows = isIndicators(yTrue)
    ? readLabelScores(where, yTrue, yScore)
    : isMatrix(yScore)
      ? oneVsRest(readClassScores(where, yTrue, yScore, {}))
      : undefined;
  if (rows !== undefined) {
    if (posLabel !== 1)
      throw new TsloraError(
        "bad-option",
        `${where}: posLabel is for one score per sample; got ${JSON.stringify(posLabel)} with a score for each label.`,
      );
    return averageLabels(where, rows, ofOne, { average, weights });
  }
  const list = yTrue as Labels; // rows of 0 and 1 were read above
  checkLabels(where, "yTrue", list);
  const labels = uniqueLabels(list);
  if (labels.length > 2)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue holds ${labels.length} classes, so yScore must have a row of scores for each sample; got one number.`,
    );
  return binaryAveragePrecision(list, yScore as ArrayLike<number>, { posLabel, sampleWeight: weights });
}

function binaryAveragePrecision(
  yTrue: Labels,
  yScore: ArrayLike<number>,
  options: { posLabel: Label; sampleWeight?: ArrayLike<number> },
): number {
  const { precision, recall } = precisionRecallCurve(yTrue, yScore, options);
  return Math.max(0, -pairwiseSum(recall.slice(1).map((next, i) => (next - recall[i]) * precision[i])));
}
