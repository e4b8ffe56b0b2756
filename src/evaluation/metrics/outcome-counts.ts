import { TsloraError } from "../../base/tslora-error";
import type { LabelIndicators } from "./label-indicators";
import type { Outcomes } from "./outcomes";
import { checkLabels, indexLabels, type Label, type Targets } from "./targets";

/**
 * For each label: the number of samples for which it was predicted correctly, was predicted, and is true. With the
 * average "samples", for each sample: the number of such labels.
 */
export interface OutcomeCounts {
  readonly truePositives: readonly number[];
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
  /**
   * Whether scikit-learn's counts are whole numbers. They are floats if samples have weights, or if no sample was
   * predicted correctly.
   */
  readonly whole: boolean;
}

export interface CountOptions {
  /** The labels to count, in order. @default those that occur, sorted */
  readonly labels?: readonly Label[];
  /** A weight for each sample. */
  readonly weights?: Float64Array;
}

/**
 * Counts outcomes for each of the requested labels.
 *
 * @throws TsloraError `bad-option` if `labels` is empty or cannot select among the samples' labels.
 */
export function countOutcomes(
  where: string,
  outcomes: Outcomes,
  { labels = outcomes.labels, weights }: CountOptions,
): OutcomeCounts {
  if (outcomes.kind === "indicators")
    return countColumns(outcomes, { columns: selectColumns(where, labels, outcomes), weights });
  checkSelection(where, labels, outcomes);
  const truePositives = new Array<number>(outcomes.labels.length).fill(0);
  const predicted = [...truePositives];
  const actual = [...truePositives];
  let anyRight = false;
  for (let i = 0; i < outcomes.yTrue.length; i++) {
    const weight = weights?.[i] ?? 1;
    actual[outcomes.yTrue[i]] += weight;
    predicted[outcomes.yPred[i]] += weight;
    if (outcomes.yTrue[i] !== outcomes.yPred[i]) continue;
    truePositives[outcomes.yTrue[i]] += weight;
    anyRight = true;
  }
  const indexOf = indexLabels(outcomes.labels);
  const select = (counts: readonly number[]): number[] => labels.map((label) => counts[indexOf.get(label) ?? -1] ?? 0);
  return throughDifferences({
    truePositives: select(truePositives),
    predicted: select(predicted),
    actual: select(actual),
    whole: weights === undefined && anyRight,
  });
}

/**
 * Counts, for each sample, the labels that were predicted correctly, were predicted, and are true.
 *
 * @throws TsloraError `bad-option` if the labels are one per sample.
 */
export function countSamples(
  where: string,
  outcomes: Outcomes,
  { labels = outcomes.labels, weights }: CountOptions,
): OutcomeCounts {
  if (outcomes.kind === "classes")
    throw new TsloraError(
      "bad-option",
      `${where}: the average "samples" is for several labels per sample, given as rows of 0 and 1; got one label per sample. Choose micro, macro or weighted.`,
    );
  const columns = selectColumns(where, labels, outcomes);
  const count = (holds: (sample: number, column: number) => boolean): number[] =>
    outcomes.yTrue.map((_, i) => columns.filter((column) => holds(i, column)).length * (weights?.[i] ?? 1));
  return throughDifferences({
    truePositives: count((i, column) => outcomes.yTrue[i][column] === 1 && outcomes.yPred[i][column] === 1),
    predicted: count((i, column) => outcomes.yPred[i][column] === 1),
    actual: count((i, column) => outcomes.yTrue[i][column] === 1),
    whole: weights === undefined,
  });
}

/** @throws TsloraError `bad-option` unless `labels` can select among the labels that occur. */
export function checkSelection(where: string, labels: readonly Label[], targets: Pick<Targets, "labels">): void {
  if (labels.length === 0)
    throw new TsloraError("bad-option", `${where}: labels must name at least one label; got none.`);
  checkLabels(where, "labels", labels);
  if (typeof labels[0] !== typeof targets.labels[0]) {
    throw new TsloraError(
      "bad-option",
      `${where}: labels must hold ${typeof targets.labels[0]}s as the samples do; got ${JSON.stringify(labels[0])}.`,
    );
  }
}

function selectColumns(where: string, labels: readonly Label[], outcomes: Pick<Outcomes, "labels">): number[] {
  checkSelection(where, labels, outcomes);
  return labels.map((label) => {
    if (typeof label === "number" && label >= 0 && label < outcomes.labels.length) return label;
    throw new TsloraError(
      "bad-option",
      `${where}: labels must hold columns from 0 to ${outcomes.labels.length - 1}; got ${JSON.stringify(label)}.`,
    );
  });
}

function countColumns(
  { yTrue, yPred }: { yTrue: LabelIndicators; yPred: LabelIndicators },
  { columns, weights }: { columns: readonly number[]; weights: Float64Array | undefined },
): OutcomeCounts {
  const count = (holds: (sample: number, column: number) => boolean): number[] =>
    columns.map((column) => yTrue.reduce((sum, _, i) => (holds(i, column) ? sum + (weights?.[i] ?? 1) : sum), 0));
  const isNone = (rows: LabelIndicators): boolean => rows.every((row) => columns.every((column) => row[column] === 0));
  const counts = {
    truePositives: count((i, column) => yTrue[i][column] === 1 && yPred[i][column] === 1),
    predicted: count((i, column) => yPred[i][column] === 1),
    actual: count((i, column) => yTrue[i][column] === 1),
  };
  return throughDifferences({
    ...counts,
    whole: weights === undefined || (weights.every(Number.isInteger) && isNone(yTrue) && isNone(yPred)),
  });
}

/**
 * Rounds as scikit-learn does: it stores false positives and false negatives, and adds the true positives again. With
 * weights the sums differ in the last bit.
 */
function throughDifferences({ truePositives, predicted, actual, whole }: OutcomeCounts): OutcomeCounts {
  const again = (counts: readonly number[]): number[] =>
    counts.map((count, i) => truePositives[i] + (count - truePositives[i]));
  return { truePositives, predicted: again(predicted), actual: again(actual), whole };
}
