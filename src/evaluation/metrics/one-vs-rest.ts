import { TsloraError } from "../../base/tslora-error";
import { checkIndicators, type LabelIndicators } from "./label-indicators";
import { pairwiseSum } from "../../base/pairwise-sum";
import { mean, weightedMean } from "./mean";
import { checkLabels, indexLabels, uniqueLabels, type Label, type Labels } from "./targets";

/** Average over the scores of classes, each against the rest; "samples" needs several labels per sample. */
export type ClassAverage = "micro" | "macro" | "weighted" | "samples";

/** A score for each class, or label, of each sample. */
export type ScoreRows = readonly ArrayLike<number>[];

/** Samples of several classes with a score for each class. */
export interface ClassScores {
  /** Index of the true class. */
  readonly trueClass: readonly number[];
  /** [samples, classes] */
  readonly rows: ScoreRows;
  readonly classes: readonly Label[];
}

/** The true labels of each sample, and a score for each label. Both [samples, labels]. */
export interface LabelScoreRows {
  readonly flags: LabelIndicators;
  readonly rows: ScoreRows;
}

/** Whether there is a row of scores for each sample, instead of one score. */
export function isMatrix(scores: ArrayLike<number> | ScoreRows): scores is ScoreRows {
  return scores.length > 0 && typeof scores[0] !== "number";
}

/** @throws TsloraError `bad-input` unless every sample has one score for each class. */
export function readClassScores(
  where: string,
  yTrue: Labels,
  rows: ScoreRows,
  options: { labels?: readonly Label[] },
): ClassScores {
  if (yTrue.length !== rows.length)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yScore must be equally long; got ${yTrue.length} and ${rows.length}.`,
    );
  checkLabels(where, "yTrue", yTrue);
  const classes = uniqueLabels(options.labels ?? yTrue);
  const classOf = indexLabels(classes);
  const trueClass = rows.map((row, i) => {
    if (row.length !== classes.length)
      throw new TsloraError(
        "bad-input",
        `${where}: yScore must have a score for each of the classes ${classes.join(", ")}; got ${row.length} at index ${i}.`,
      );
    const index = classOf.get(yTrue[i]);
    if (index === undefined)
      throw new TsloraError(
        "bad-input",
        `${where}: yTrue holds ${JSON.stringify(yTrue[i])} at index ${i}, which is none of labels (${classes.join(", ")}).`,
      );
    return index;
  });
  return { trueClass, rows, classes };
}

/** @throws TsloraError `bad-input` unless there is one score for each label of each sample. */
export function readLabelScores(
  where: string,
  flags: LabelIndicators,
  yScore: ArrayLike<number> | ScoreRows,
): LabelScoreRows {
  const width = checkIndicators(where, "yTrue", flags);
  if (yScore.length !== flags.length)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yScore must be equally long; got ${flags.length} and ${yScore.length}.`,
    );
  const rows = Array.from<number | ArrayLike<number>>(yScore).map((row, i) => {
    if (typeof row === "number" || row.length !== width)
      throw new TsloraError(
        "bad-input",
        `${where}: yScore must have a score for each of the ${width} labels; ` +
          `got ${typeof row === "number" ? 1 : row.length} at index ${i}.`,
      );
    return row;
  });
  return { flags, rows };
}

/** Converts classes to rows of 0 and 1: one label for each class. */
export function oneVsRest({ trueClass, rows, classes }: ClassScores): LabelScoreRows {
  return { flags: trueClass.map((own) => classes.map((_, c) => (c === own ? 1 : 0))), rows };
}

/** A metric of one label, from the samples that have it, their scores and their weights. */
export type BinaryMetric = (
  yTrue: readonly number[],
  yScore: readonly number[],
  sampleWeight: ArrayLike<number> | undefined,
) => number;

/** Averages a binary metric over labels, as scikit-learn's `_average_binary_score` does. */
export function averageLabels(
  where: string,
  { flags, rows }: LabelScoreRows,
  metric: BinaryMetric,
  { average, weights }: { average: ClassAverage | "none"; weights: Float64Array | undefined },
): number | number[] {
  const labels = Array.from({ length: rows[0].length }, (_, label) => label);
  const flat = (lists: readonly ArrayLike<number>[]): number[] => lists.flatMap((list) => Array.from(list));
  if (average === "micro")
    return metric(
      flat(flags),
      flat(rows),
      weights === undefined ? undefined : flags.flatMap((_, i) => labels.map(() => weights[i])),
    );
  if (average === "samples")
    return averageOf(
      where,
      flags.map((row, i) => metric(Array.from(row), Array.from(rows[i]), undefined)),
      weights,
    );
  const scores = labels.map((label) =>
    metric(
      flags.map((row) => row[label]),
      rows.map((row) => row[label]),
      weights,
    ),
  );
  if (average === "none") return scores;
  if (average === "macro") return mean(scores);
  const support = Float64Array.from(labels, (label) =>
    flags.reduce((sum, row, i) => sum + row[label] * (weights?.[i] ?? 1), 0),
  );
  return Math.abs(pairwiseSum(support)) <= 1e-8 ? 0 : averageOf(where, scores, support);
}

/** The weighted mean without the terms of weight 0, whose score may be NaN. */
function averageOf(where: string, scores: readonly number[], weights: Float64Array | undefined): number {
  return weightedMean(
    where,
    scores.map((score, i) => (weights?.[i] === 0 ? 0 : score)),
    weights,
  );
}
