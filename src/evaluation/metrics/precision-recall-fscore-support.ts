import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { countOutcomes, type OutcomeCounts } from "./outcome-counts";
import { nanAverage } from "./pairwise-sum";
import { readTargets, type Label, type Labels, type Targets } from "./targets";

/** How scores of labels become one: none keeps them apart, binary takes the positive label's. */
export type Average = "none" | "micro" | "macro" | "weighted" | "binary";

export interface ScoreOptions {
  /** Weight of recall against precision in the F-score. @default 1 */
  readonly beta?: number;
  /** Which labels count, in which order; without effect for the average "binary". @default those that occur, sorted */
  readonly labels?: readonly Label[];
  /** The label that the average "binary" is about. @default 1 */
  readonly posLabel?: Label;
  /** What a score is that would divide by zero: 0, 1, or NaN, which averages leave out. scikit-learn's "warn" is 0. @default 0 */
  readonly zeroDivision?: number;
}

/** Scores for each label, in the order of the labels. */
export interface LabelScores {
  readonly precision: number[];
  readonly recall: number[];
  readonly fscore: number[];
  /** How many samples have the label. */
  readonly support: number[];
}

/** Scores over all labels. As in scikit-learn there is no support then. */
export interface AveragedScores {
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
  readonly support: null;
}

/**
 * Precision, recall, F-score and support, as scikit-learn's `precision_recall_fscore_support`.
 *
 * @param options.average - how labels are averaged; each for itself by default
 * @throws TsloraError `bad-input` for labels that cannot be compared, `bad-option` that lists every bad option.
 */
export function precisionRecallFscoreSupport(yTrue: Labels, yPred: Labels, options?: ScoreOptions & { readonly average?: "none" }): LabelScores;
export function precisionRecallFscoreSupport(yTrue: Labels, yPred: Labels, options: ScoreOptions & { readonly average: "micro" | "macro" | "weighted" | "binary" }): AveragedScores;
export function precisionRecallFscoreSupport(yTrue: Labels, yPred: Labels, options: ScoreOptions & { readonly average?: Average } = {}): LabelScores | AveragedScores {
  const where = "precisionRecallFscoreSupport";
  const { average = "none", beta = 1, zeroDivision = 0 } = options;
  const problems = new Problems(where);
  problems.expect(["none", "micro", "macro", "weighted", "binary"].includes(average), `average is to be none, micro, macro, weighted or binary; ${average} came`);
  problems.expect(beta >= 0, `beta is to be a number of at least 0; ${beta} came`);
  expectZeroDivision(problems, zeroDivision);
  problems.throwIfAny();
  const targets = readTargets(where, yTrue, yPred);
  const labels = average === "binary" ? [positiveLabel(targets, options.posLabel ?? 1)] : options.labels;
  const counts = countOutcomes(where, targets, { labels });
  return average === "none" ? scoreLabels(counts, { beta, zeroDivision }) : averageScores(counts, { average, beta, zeroDivision });
}

export function expectZeroDivision(problems: Problems, zeroDivision: number): void {
  problems.expect(zeroDivision === 0 || zeroDivision === 1 || Number.isNaN(zeroDivision), `zeroDivision is to be 0, 1 or NaN; ${String(zeroDivision)} came`);
}

/** Scores of each label from its counts. The F-score comes from counts, too, and so is not rounded twice. */
export function scoreLabels(counts: OutcomeCounts, { beta = 1, zeroDivision }: { beta?: number; zeroDivision: number }): LabelScores {
  const divide = (numerator: number, denominator: number): number => (denominator === 0 ? zeroDivision : numerator / denominator);
  const { truePositives, predicted, actual } = counts;
  const precision = truePositives.map((right, i) => divide(right, predicted[i]));
  const recall = truePositives.map((right, i) => divide(right, actual[i]));
  const square = beta ** 2;
  const fscore = beta === Infinity ? [...recall] : beta === 0 ? [...precision] : truePositives.map((right, i) => divide((1 + square) * right, square * actual[i] + predicted[i]));
  return { precision, recall, fscore, support: [...actual] };
}

/** One score over all labels that were counted. */
export function averageScores(counts: OutcomeCounts, options: { average: Exclude<Average, "none">; beta?: number; zeroDivision: number }): AveragedScores {
  const scores = scoreLabels(options.average === "micro" ? together(counts) : counts, options);
  const weights = options.average === "weighted" ? counts.actual : undefined;
  return { precision: nanAverage(scores.precision, weights), recall: nanAverage(scores.recall, weights), fscore: nanAverage(scores.fscore, weights), support: null };
}

function together({ labels, truePositives, predicted, actual }: OutcomeCounts): OutcomeCounts {
  const sum = (counts: readonly number[]): number[] => [counts.reduce((a, b) => a + b, 0)];
  return { labels: labels.slice(0, 1), truePositives: sum(truePositives), predicted: sum(predicted), actual: sum(actual) };
}

function positiveLabel({ labels }: Targets, posLabel: Label): Label {
  const known = labels.map((label) => JSON.stringify(label)).join(", ");
  if (labels.length > 2) throw new TsloraError("bad-option", `precisionRecallFscoreSupport: the average "binary" is for two labels; ${labels.length} occur (${known}). Choose none, micro, macro or weighted.`);
  if (labels.length === 2 && !labels.includes(posLabel)) throw new TsloraError("bad-option", `precisionRecallFscoreSupport: posLabel is to be one of ${known}; ${JSON.stringify(posLabel)} came.`);
  return posLabel;
}
