import { TsloraError } from "../../base/tslora-error";
import { mean, pairwiseSum } from "./pairwise-sum";
import { checkLabels, indexLabels, uniqueLabels, type Label, type Labels } from "./targets";

/** How scores of classes, each against the rest, become one. */
export type ClassAverage = "micro" | "macro" | "weighted";

/** Samples of several classes with a score for each class. */
export interface ClassScores {
  /** Index of the true class. */
  readonly trueClass: readonly number[];
  /** [samples, classes] */
  readonly rows: readonly (readonly number[])[];
  readonly classes: readonly Label[];
}

/** @throws TsloraError `bad-input` unless every sample has one score for each class. */
export function readClassScores(where: string, yTrue: Labels, rows: readonly (readonly number[])[], options: { labels?: readonly Label[] }): ClassScores {
  if (yTrue.length !== rows.length) throw new TsloraError("bad-input", `${where}: yTrue and yScore are to be equally long; ${yTrue.length} and ${rows.length} came.`);
  checkLabels(where, "yTrue", yTrue);
  const classes = uniqueLabels(options.labels ?? yTrue);
  const classOf = indexLabels(classes);
  const trueClass = rows.map((row, i) => {
    if (row.length !== classes.length) throw new TsloraError("bad-input", `${where}: a score for each of the classes ${classes.join(", ")} was expected; index ${i} has ${row.length}.`);
    const index = classOf.get(yTrue[i]);
    if (index === undefined) throw new TsloraError("bad-input", `${where}: yTrue holds ${JSON.stringify(yTrue[i])} at index ${i}, which is none of labels (${classes.join(", ")}).`);
    return index;
  });
  return { trueClass, rows, classes };
}

/** A binary metric for each class against the rest, averaged. */
export function averageOneVsRest({ trueClass, rows, classes }: ClassScores, average: ClassAverage, metric: (yTrue: readonly number[], yScore: readonly number[]) => number): number {
  if (average === "micro") return metric(trueClass.flatMap((own) => classes.map((_, c) => (c === own ? 1 : 0))), rows.flat());
  const isClass = classes.map((_, c) => trueClass.map((own) => (own === c ? 1 : 0)));
  const support = isClass.map((flags) => flags.filter((flag) => flag === 1).length);
  const scores = isClass.map((flags, c) => metric(flags, rows.map((row) => row[c])));
  if (average === "macro") return mean(scores);
  // A class without samples weighs nothing, and its score, NaN then, must not spoil the sum.
  return pairwiseSum(scores.map((score, c) => (support[c] === 0 ? 0 : score * support[c]))) / pairwiseSum(support);
}
