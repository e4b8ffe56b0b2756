import { Problems } from "../../base/problems";
import { shortened } from "../../base/shortened";
import type { Evaluation } from "../evaluation";

/** The headings of the study's table. */
export type ComparisonGroup = "Overall Performance" | "Class-Specific Accuracy" | "Classification Report";

/** A metric of the table, computed from counts. */
export interface ComparisonMetric {
  readonly group: ComparisonGroup;
  readonly name: string;
  readonly label: number | null;
  readonly digits: number;
  /** The denominator of a share; missing if the metric is not a share. */
  readonly share?: (matrix: Matrix) => readonly [part: number, whole: number];
  readonly value: (matrix: Matrix) => number;
  readonly isAccuracy: boolean;
}

/** Counts, [true label, predicted label]. */
export type Matrix = readonly (readonly number[])[];

/** An evaluation and its name. */
export interface NamedEvaluation {
  readonly name: string;
  readonly evaluation: Evaluation;
}

/** @throws TsloraError `bad-input` if an evaluation is not about the texts and labels of the first. */
export function checkSameTexts(where: string, first: NamedEvaluation, others: readonly NamedEvaluation[]): void {
  const problems = new Problems(where);
  const { name: known, evaluation: reference } = first;
  for (const { name, evaluation } of others) {
    const same = problems.expect(
      evaluation.n === reference.n,
      `${name} must be about the same texts as ${known}; they are ${evaluation.n} and ${reference.n}`,
    );
    const differs = evaluation.predictions.findIndex((p, i) => p.yTrue !== reference.predictions[i]?.yTrue);
    if (same)
      problems.expect(
        differs < 0,
        `${name} must be about the same texts as ${known}; their true labels differ first at index ${differs}`,
      );
    problems.expect(
      evaluation.labels.length === reference.labels.length,
      `${name} must have the labels of ${known} (${reference.labels.join(", ")}); it has ${evaluation.labels.join(", ")}`,
    );
  }
  problems.throwIfAny("bad-input");
}

/**
 * The rows of the study's table, in its order.
 *
 * @param labels - the labels' names for the rows; or the number of labels, to use label numbers as the study does
 */
export function studyMetrics(labels: number | readonly string[]): ComparisonMetric[] {
  const all = Array.from({ length: typeof labels === "number" ? labels : labels.length }, (_, label) => label);
  const nameOf = (label: number): string =>
    typeof labels === "number" ? `Label ${label}` : shortened(labels[label], LABEL);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const divide = ([part, whole]: readonly [number, number]): number => (whole === 0 ? 0 : part / whole);
  const ofShare = (
    metric: Omit<ComparisonMetric, "value"> & Required<Pick<ComparisonMetric, "share">>,
  ): ComparisonMetric => ({ ...metric, value: (matrix) => divide(metric.share(matrix)) });
  const predicted = (matrix: Matrix, label: number): number => sum(matrix.map((row) => row[label]));
  const recall = (label: number) => (matrix: Matrix) => [matrix[label][label], sum(matrix[label])] as const;
  const report = { group: "Classification Report", digits: 2, isAccuracy: false } as const;
  return [
    ofShare({
      group: "Overall Performance",
      name: "Accuracy",
      label: null,
      digits: 3,
      isAccuracy: true,
      share: (matrix) => [sum(matrix.map((row, i) => row[i])), sum(matrix.flat())],
    }),
    ...all.map((label) =>
      ofShare({
        group: "Class-Specific Accuracy",
        name: `Accuracy for ${nameOf(label)}`,
        label,
        digits: 3,
        isAccuracy: true,
        share: recall(label),
      }),
    ),
    ...all.flatMap((label) => [
      ofShare({
        ...report,
        name: `Precision (${nameOf(label)})`,
        label,
        share: (matrix) => [matrix[label][label], predicted(matrix, label)],
      }),
      ofShare({ ...report, name: `Recall (${nameOf(label)})`, label, share: recall(label) }),
      {
        ...report,
        name: `F1-Score (${nameOf(label)})`,
        label,
        value: (matrix: Matrix) => divide([2 * matrix[label][label], sum(matrix[label]) + predicted(matrix, label)]),
      },
    ]),
  ];
}

const LABEL = 40; // characters of a label's name in the name of a metric

/** The confusion matrix of some texts, each of which may occur several times. */
export function countPairs({ predictions, labels }: Evaluation, indices: Uint32Array): Matrix {
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const i of indices) matrix[predictions[i].yTrue][predictions[i].yPred]++;
  return matrix;
}

/** The mean of the labels' recalls, which is the accuracy if all labels were equally frequent. */
export function balancedAccuracyMetric(): ComparisonMetric {
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const value = (matrix: Matrix): number => {
    const recalls = matrix.flatMap((row, label) => (sum(row) === 0 ? [] : [row[label] / sum(row)]));
    return recalls.length === 0 ? 0 : sum(recalls) / recalls.length;
  };
  return { group: "Overall Performance", name: "Balanced accuracy", label: null, digits: 3, isAccuracy: false, value };
}

/** @throws TsloraError `bad-input` if two evaluations of different texts have different labels. */
export function checkSameLabels(where: string, one: Evaluation, other: Evaluation): void {
  const problems = new Problems(where);
  problems.expect(
    JSON.stringify(one.labels) === JSON.stringify(other.labels),
    `both evaluations must have the same labels; they have ${one.labels.join(", ")} and ${other.labels.join(", ")}`,
  );
  problems.throwIfAny("bad-input");
}
