import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import type { LabelIndicators } from "./label-indicators";
import { countOutcomes, countSamples } from "./outcome-counts";
import { readOutcomes } from "./outcomes";
import { pairwiseSum } from "../../base/pairwise-sum";
import { averageScores, scoreLabels } from "./precision-recall-fscore-support";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import type { Label, Labels } from "./targets";
import { readZeroDivision, warnOfZeroDivision, type ZeroDivision } from "./zero-division";

/** Options of a classification report: rows, names and weights. */
export interface ReportOptions extends WeightOptions {
  /** The labels of the rows, in order. @default those that occur, sorted */
  readonly labels?: readonly Label[];
  /** Names of the labels, in the order of `labels`. @default the labels themselves */
  readonly targetNames?: readonly string[];
  /**
   * Value of a score that would divide by zero: 0, 1, or NaN, which averages ignore; "warn" is 0 with a warning.
   * @default 0
   */
  readonly zeroDivision?: ZeroDivision;
}

export interface ReportRow {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
  readonly support: number;
}

/** Rows of a classification report, before they are formatted as text or a dictionary. */
export interface ReportRows {
  readonly classes: readonly ReportRow[];
  /** Micro, macro and weighted averages; with several labels per sample also the average over samples. */
  readonly averages: readonly ReportRow[];
  /** Whether the first average is called "accuracy": with one label per sample, if all labels that occur have a row. */
  readonly hasAccuracy: boolean;
  /** Whether scikit-learn's supports are whole numbers, too. */
  readonly whole: boolean;
}

/** Computes the rows of a report and checks its options. */
export function reportRows(
  where: string,
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: ReportOptions,
): ReportRows {
  const problems = new Problems(where);
  const zeroDivision = readZeroDivision(problems, options.zeroDivision);
  problems.throwIfAny();
  const outcomes = readOutcomes(where, yTrue, yPred);
  const weights = readSampleWeight(where, options.sampleWeight, yTrue.length);
  const labels = options.labels ?? outcomes.labels;
  const counts = countOutcomes(where, outcomes, { labels, weights });
  const names = options.targetNames ?? labels.map(String);
  if (names.length !== labels.length) {
    throw new TsloraError(
      "bad-option",
      `${where}: targetNames must name ${labels.length} labels (${labels.join(", ")}); got ${names.length} names (${names.join(", ")}). Pass labels too, to select the labels.`,
    );
  }
  if (options.zeroDivision === "warn") warnOfZeroDivision(where, counts);
  const { precision, recall, fscore, support } = scoreLabels(counts, { zeroDivision });
  const classes = names.map((name, i) => ({
    name,
    precision: precision[i],
    recall: recall[i],
    fscore: fscore[i],
    support: support[i],
  }));
  const total = pairwiseSum(support);
  const hasAccuracy = outcomes.kind === "classes" && outcomes.labels.every((label) => labels.includes(label));
  const averages = (["micro", "macro", "weighted"] as const).map((average) => ({
    ...averageScores(counts, { average, zeroDivision }),
    name: average === "micro" && hasAccuracy ? "accuracy" : `${average} avg`,
    support: total,
  }));
  if (outcomes.kind === "classes") return { classes, averages, hasAccuracy, whole: counts.whole };
  const overSamples = averageScores(countSamples(where, outcomes, { labels, weights }), {
    average: "samples",
    zeroDivision,
    weights,
  });
  return {
    classes,
    averages: [...averages, { ...overSamples, name: "samples avg", support: total }],
    hasAccuracy,
    whole: counts.whole,
  };
}
