import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import type { LabelIndicators } from "./label-indicators";
import { countOutcomes, countSamples, type OutcomeCounts } from "./outcome-counts";
import { readOutcomes, type Outcomes } from "./outcomes";
import { pairwiseSum } from "../../base/pairwise-sum";
import { nanAverage } from "./mean";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import type { Label, Labels } from "./targets";
import { readZeroDivision, warnOfZeroDivision, type DividedScore, type ZeroDivision } from "./zero-division";

/**
 * Average over the scores of labels. "none" returns each score, "binary" the positive label's; "samples" averages over
 * samples, and needs several labels per sample.
 */
export type Average = "none" | "micro" | "macro" | "weighted" | "binary" | "samples";

/** Options of precision, recall and F-score: labels, average and weights. */
export interface ScoreOptions extends WeightOptions {
  /** Weight of recall against precision in the F-score. @default 1 */
  readonly beta?: number;
  /** The labels to count, in order; no effect for the average "binary". @default those that occur, sorted */
  readonly labels?: readonly Label[];
  /** The positive label of the average "binary". @default 1 */
  readonly posLabel?: Label;
  /**
   * Value of a score that would divide by zero: 0, 1, or NaN, which averages ignore; "warn" is 0 with a warning.
   * @default 0
   */
  readonly zeroDivision?: ZeroDivision;
}

/** Scores for each label, in the order of the labels. */
export interface LabelScores {
  readonly precision: number[];
  readonly recall: number[];
  readonly fscore: number[];
  /** Number of samples with the label, or their weight. */
  readonly support: number[];
}

/** Scores over all labels, without support, as in scikit-learn. */
export interface AveragedScores {
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
  readonly support: null;
}

/**
 * Precision, recall, F-score and support, as scikit-learn's `precision_recall_fscore_support`.
 *
 * @param yTrue - one label per sample, or rows of 0 and 1, [samples, labels]
 * @param options.average - how labels are averaged. @default "none"
 * @throws TsloraError `bad-input` for labels that cannot be compared, `bad-option` that lists every bad option.
 */
export function precisionRecallFscoreSupport(
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options?: ScoreOptions & { readonly average?: "none" },
): LabelScores;
export function precisionRecallFscoreSupport(
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: ScoreOptions & { readonly average: Exclude<Average, "none"> },
): AveragedScores;
export function precisionRecallFscoreSupport(
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: ScoreOptions & { readonly average?: Average } = {},
): LabelScores | AveragedScores {
  return labelScores("precisionRecallFscoreSupport", yTrue, yPred, options);
}

/** {@link precisionRecallFscoreSupport} for another metric; `where` is the metric's name in messages. */
export function labelScores(
  where: string,
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: ScoreOptions & { readonly average?: Average },
  warnFor?: readonly DividedScore[],
): LabelScores | AveragedScores {
  const { average = "none", beta = 1 } = options;
  const problems = new Problems(where);
  problems.expect(
    ["none", "micro", "macro", "weighted", "binary", "samples"].includes(average),
    `average must be none, micro, macro, weighted, binary or samples; got ${average}`,
  );
  problems.expect(beta >= 0, `beta must be a number of at least 0; got ${beta}`);
  const zeroDivision = readZeroDivision(problems, options.zeroDivision);
  problems.throwIfAny();
  const outcomes = readOutcomes(where, yTrue, yPred);
  const weights = readSampleWeight(where, options.sampleWeight, yTrue.length);
  const labels = average === "binary" ? [positiveLabel(where, outcomes, options.posLabel ?? 1)] : options.labels;
  const counts =
    average === "samples"
      ? countSamples(where, outcomes, { labels, weights })
      : countOutcomes(where, outcomes, { labels, weights });
  if (options.zeroDivision === "warn") warnOfZeroDivision(where, average === "micro" ? sumOf(counts) : counts, warnFor);
  return average === "none"
    ? scoreLabels(counts, { beta, zeroDivision })
    : averageScores(counts, { average, beta, zeroDivision, weights });
}

/** Scores of each label from its counts. The F-score is computed from the counts, so that it is not rounded twice. */
export function scoreLabels(
  { truePositives, predicted, actual }: OutcomeCounts,
  { beta = 1, zeroDivision }: { beta?: number; zeroDivision: number },
): LabelScores {
  const divide = (numerator: number, denominator: number): number =>
    denominator === 0 ? zeroDivision : numerator / denominator;
  const precision = truePositives.map((right, i) => divide(right, predicted[i]));
  const recall = truePositives.map((right, i) => divide(right, actual[i]));
  const square = beta ** 2;
  const fscore =
    beta === Infinity
      ? [...recall]
      : beta === 0
        ? [...precision]
        : truePositives.map((right, i) => divide((1 + square) * right, square * actual[i] + predicted[i]));
  return { precision, recall, fscore, support: [...actual] };
}

/** One score over all counted labels or samples. `weights` are those of the samples. */
export function averageScores(
  counts: OutcomeCounts,
  options: { average: Exclude<Average, "none">; beta?: number; zeroDivision: number; weights?: Float64Array },
): AveragedScores {
  const scores = scoreLabels(options.average === "micro" ? sumOf(counts) : counts, options);
  const weights =
    options.average === "weighted" ? counts.actual : options.average === "samples" ? options.weights : undefined;
  return {
    precision: nanAverage(scores.precision, weights),
    recall: nanAverage(scores.recall, weights),
    fscore: nanAverage(scores.fscore, weights),
    support: null,
  };
}

function sumOf({ truePositives, predicted, actual, whole }: OutcomeCounts): OutcomeCounts {
  return {
    truePositives: [pairwiseSum(truePositives)],
    predicted: [pairwiseSum(predicted)],
    actual: [pairwiseSum(actual)],
    whole,
  };
}

function positiveLabel(where: string, { kind, labels }: Outcomes, posLabel: Label): Label {
  if (kind === "indicators")
    throw new TsloraError(
      "bad-option",
      `${where}: the average "binary" is for one label per sample; got rows of 0 and 1. Choose none, micro, macro, weighted or samples.`,
    );
  const known = labels.map((label) => JSON.stringify(label)).join(", ");
  if (labels.length > 2)
    throw new TsloraError(
      "bad-option",
      `${where}: the average "binary" is for two labels; ${labels.length} occur (${known}). Choose none, micro, macro or weighted.`,
    );
  if (labels.length === 2 && !labels.includes(posLabel))
    throw new TsloraError("bad-option", `${where}: posLabel must be one of ${known}; got ${JSON.stringify(posLabel)}.`);
  return posLabel;
}
