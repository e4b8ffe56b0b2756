import { Problems } from "../base/problems";
import type { Evaluation } from "./evaluation";
import { bootstrapIntervals } from "./intervals/bootstrap-interval";
import type { Interval } from "./intervals/interval";
import { mcnemarTest, type McNemarResult } from "./intervals/mcnemar-test";
import { wilsonInterval } from "./intervals/wilson-interval";
import { publishedStudy, type PublishedRow } from "./published-study";

export interface CompareOptions {
  /** A simpler classifier's evaluation on the same texts, to stand beside. */
  readonly baseline?: Evaluation;
  /** Of the bootstrap's draws. @default 42 */
  readonly seed?: number;
  /** How often the bootstrap draws. @default 2000 */
  readonly resamples?: number;
  /** Of all intervals. @default 0.95 */
  readonly confidence?: number;
}

/** The headings of the study's table. */
export type ComparisonGroup = "Overall Performance" | "Class-Specific Accuracy" | "Classification Report";

/** One metric before and after. */
export interface ComparisonRow {
  readonly group: ComparisonGroup;
  /** As the study's table calls it. */
  readonly metric: string;
  /** The class it is about, counted from 0; null where it is about all. */
  readonly label: number | null;
  /** Decimals that the study's table prints. */
  readonly digits: number;
  readonly before: number;
  readonly after: number;
  /** after - before */
  readonly change: number;
  /** Wilson's for shares, the bootstrap's for F1; null for a share of nothing. */
  readonly beforeInterval: Interval | null;
  readonly afterInterval: Interval | null;
  /** The bootstrap's, over pairs: the same texts before and after. */
  readonly changeInterval: Interval;
  /** McNemar's exact test, for accuracies; null for other metrics. */
  readonly pValue: number | null;
  /** The baseline's value; null without one. */
  readonly baseline: number | null;
  /** What the study published; null for what it did not. */
  readonly published: PublishedRow | null;
}

/** Two evaluations on the same texts, side by side. Plain values that survive JSON. */
export interface Comparison {
  readonly n: number;
  readonly labels: readonly string[];
  /** The rows of the study's table, in its order. */
  readonly rows: readonly ComparisonRow[];
  /** Before against after. */
  readonly mcnemar: McNemarResult;
  /** The baseline against after; null without one. */
  readonly baseline: { readonly accuracy: number; readonly accuracyInterval: Interval; readonly mcnemar: McNemarResult } | null;
}

/** A metric of the table: how it follows from counts. */
interface Metric {
  readonly group: ComparisonGroup;
  readonly name: string;
  readonly label: number | null;
  readonly digits: number;
  /** What a share is a share of; without it the metric is no share. */
  readonly share?: (matrix: Matrix) => readonly [part: number, whole: number];
  readonly value: (matrix: Matrix) => number;
  readonly isAccuracy: boolean;
}

type Matrix = readonly (readonly number[])[];

/**
 * The study's comparative table: accuracy, accuracy for each label, and precision, recall and F1 of each label, before
 * and after, with intervals, tests, and the published figures.
 *
 * @throws TsloraError `bad-input` when the evaluations are not about the same texts and labels.
 */
export function compareEvaluations(before: Evaluation, after: Evaluation, options: CompareOptions = {}): Comparison {
  const { baseline, seed, resamples, confidence = before.accuracyInterval.confidence } = options;
  checkSameTexts(before, after, baseline);
  const metrics = metricsOf(before.labels.length);
  const measure = (pair: readonly Matrix[]): number[] => metrics.flatMap(({ value }) => [value(pair[0]), value(pair[1]), value(pair[1]) - value(pair[0])]);
  const intervals = bootstrapIntervals((indices) => measure([countPairs(before, indices), countPairs(after, indices)]), { n: before.n, seed, resamples, confidence });
  const right = (evaluation: Evaluation, label: number | null): boolean[] => evaluation.predictions.filter((p) => label === null || p.yTrue === label).map((p) => p.yTrue === p.yPred);
  const values = measure([before.confusionMatrix, after.confusionMatrix]);
  const rows = metrics.map(({ name, value, share, isAccuracy, ...metric }, i): ComparisonRow => {
    const interval = (evaluation: Evaluation, bootstrapped: Interval): Interval | null => {
      if (share === undefined) return bootstrapped;
      const [part, whole] = share(evaluation.confusionMatrix);
      return whole === 0 ? null : wilsonInterval(part, whole, { confidence });
    };
    return {
      ...metric,
      metric: name,
      before: values[3 * i],
      after: values[3 * i + 1],
      change: values[3 * i + 2],
      beforeInterval: interval(before, intervals[3 * i]),
      afterInterval: interval(after, intervals[3 * i + 1]),
      changeInterval: intervals[3 * i + 2],
      pValue: isAccuracy ? mcnemarTest(right(before, metric.label), right(after, metric.label)).pValue : null,
      baseline: baseline === undefined ? null : value(baseline.confusionMatrix),
      published: (before.labels.length === 2 && publishedStudy.rows.find((row) => row.metric === name)) || null,
    };
  });
  return {
    n: before.n,
    labels: before.labels,
    rows,
    mcnemar: mcnemarTest(right(before, null), right(after, null)),
    baseline: baseline === undefined ? null : { accuracy: baseline.accuracy, accuracyInterval: baseline.accuracyInterval, mcnemar: mcnemarTest(right(baseline, null), right(after, null)) },
  };
}

function checkSameTexts(before: Evaluation, after: Evaluation, baseline: Evaluation | undefined): void {
  const problems = new Problems("compareEvaluations");
  const compare = (name: string, other: Evaluation): void => {
    const same = problems.expect(other.n === before.n, `${name} is to be about the same texts as before; they are ${other.n} and ${before.n}`);
    const differs = other.predictions.findIndex((p, i) => p.yTrue !== before.predictions[i]?.yTrue);
    if (same) problems.expect(differs < 0, `${name} is to be about the same texts as before; their true labels differ first at index ${differs}`);
    problems.expect(other.labels.length === before.labels.length, `${name} is to have the labels of before (${before.labels.join(", ")}); it has ${other.labels.join(", ")}`);
  };
  compare("after", after);
  if (baseline !== undefined) compare("baseline", baseline);
  problems.throwIfAny("bad-input");
}

function metricsOf(labels: number): Metric[] {
  const all = Array.from({ length: labels }, (_, label) => label);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const divide = ([part, whole]: readonly [number, number]): number => (whole === 0 ? 0 : part / whole);
  const ofShare = (metric: Omit<Metric, "value"> & Required<Pick<Metric, "share">>): Metric => ({ ...metric, value: (matrix) => divide(metric.share(matrix)) });
  const predicted = (matrix: Matrix, label: number): number => sum(matrix.map((row) => row[label]));
  const recall = (label: number) => (matrix: Matrix) => [matrix[label][label], sum(matrix[label])] as const;
  const report = { group: "Classification Report", digits: 2, isAccuracy: false } as const;
  return [
    ofShare({ group: "Overall Performance", name: "Accuracy", label: null, digits: 3, isAccuracy: true, share: (matrix) => [sum(matrix.map((row, i) => row[i])), sum(matrix.flat())] }),
    ...all.map((label) => ofShare({ group: "Class-Specific Accuracy", name: `Accuracy for Label ${label}`, label, digits: 3, isAccuracy: true, share: recall(label) })),
    ...all.flatMap((label) => [
      ofShare({ ...report, name: `Precision (Label ${label})`, label, share: (matrix) => [matrix[label][label], predicted(matrix, label)] }),
      ofShare({ ...report, name: `Recall (Label ${label})`, label, share: recall(label) }),
      { ...report, name: `F1-Score (Label ${label})`, label, value: (matrix: Matrix) => divide([2 * matrix[label][label], sum(matrix[label]) + predicted(matrix, label)]) },
    ]),
  ];
}

function countPairs({ predictions, labels }: Evaluation, indices: Uint32Array): Matrix {
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const i of indices) matrix[predictions[i].yTrue][predictions[i].yPred]++;
  return matrix;
}
