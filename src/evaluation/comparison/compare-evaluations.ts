import { checkSameTexts, countPairs, studyMetrics, type ComparisonGroup, type Matrix } from "./comparison-metrics";
import type { Evaluation } from "../evaluation";
import { bootstrapIntervals } from "../intervals/bootstrap-interval";
import type { Interval } from "../intervals/interval";
import { mcnemarTest, type McNemarResult } from "../intervals/mcnemar-test";
import { wilsonInterval } from "../intervals/wilson-interval";
import { publishedStudy, type PublishedRow } from "./published-study";
import { rightOnes } from "./right-ones";

export interface CompareOptions {
  /** A simpler classifier's evaluation on the same texts, for comparison. */
  readonly baseline?: Evaluation;
  /** Seed of the bootstrap. @default 42 */
  readonly seed?: number;
  /** Number of bootstrap resamples. @default 2000 */
  readonly resamples?: number;
  /** Confidence level of all intervals. @default 0.95 */
  readonly confidence?: number;
  /**
   * Adds the study's published figures, and names the rows as its table does. Only for evaluations on the study's own
   * texts, which {@link describeData} recognizes. @default false: row names have the labels' names
   */
  readonly published?: boolean;
}

/** One metric before and after. */
export interface ComparisonRow {
  readonly group: ComparisonGroup;
  /** "Accuracy", "Recall (NAME)"; with published figures the label's number replaces NAME, as in the study's table. */
  readonly metric: string;
  /** The class of the metric, counted from 0; null if it is about all classes. */
  readonly label: number | null;
  /** Decimals that the study's table prints. */
  readonly digits: number;
  readonly before: number;
  readonly after: number;
  /** after - before */
  readonly change: number;
  /** Wilson's interval for shares, the bootstrap's for F1; null for a share of no texts. */
  readonly beforeInterval: Interval | null;
  readonly afterInterval: Interval | null;
  /** The paired bootstrap's interval: the same texts before and after. */
  readonly changeInterval: Interval;
  /** McNemar's exact test, for accuracies; null for other metrics. */
  readonly pValue: number | null;
  /** The baseline's value; null without one. */
  readonly baseline: number | null;
  /** The published figure; null if the study has none, or its figures were not requested. */
  readonly published: PublishedRow | null;
}

/** A comparison of two evaluations on the same texts. Plain values that can be saved as JSON. */
export interface Comparison {
  readonly n: number;
  readonly labels: readonly string[];
  /** The rows of the study's table, in its order. */
  readonly rows: readonly ComparisonRow[];
  /** Before against after. */
  readonly mcnemar: McNemarResult;
  /** The baseline against after; null without one. */
  readonly baseline: {
    readonly accuracy: number;
    readonly accuracyInterval: Interval;
    readonly mcnemar: McNemarResult;
  } | null;
}

/**
 * The study's comparative table: accuracy, accuracy for each label, and precision, recall and F1 of each label, before
 * and after, with intervals and tests. With `published` the table also has the published figures.
 *
 * @throws TsloraError `bad-input` if the evaluations are not about the same texts and labels.
 */
export function compareEvaluations(before: Evaluation, after: Evaluation, options: CompareOptions = {}): Comparison {
  const { baseline, seed, resamples, published = false, confidence = before.accuracyInterval.confidence } = options;
  checkSameTexts("compareEvaluations", { name: "before", evaluation: before }, [
    { name: "after", evaluation: after },
    ...(baseline === undefined ? [] : [{ name: "baseline", evaluation: baseline }]),
  ]);
  const metrics = studyMetrics(published ? before.labels.length : before.labels);
  const measure = (pair: readonly Matrix[]): number[] =>
    metrics.flatMap(({ value }) => [value(pair[0]), value(pair[1]), value(pair[1]) - value(pair[0])]);
  const intervals = bootstrapIntervals(
    (indices) => measure([countPairs(before, indices), countPairs(after, indices)]),
    { n: before.n, seed, resamples, confidence },
  );
  const right = (evaluation: Evaluation, label: number | null): boolean[] =>
    rightOnes(evaluation.predictions.filter(({ yTrue }) => label === null || yTrue === label));
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
      published:
        (published && before.labels.length === 2 && publishedStudy.rows.find((row) => row.metric === name)) || null,
    };
  });
  return {
    n: before.n,
    labels: before.labels,
    rows,
    mcnemar: mcnemarTest(right(before, null), right(after, null)),
    baseline:
      baseline === undefined
        ? null
        : {
            accuracy: baseline.accuracy,
            accuracyInterval: baseline.accuracyInterval,
            mcnemar: mcnemarTest(right(baseline, null), right(after, null)),
          },
  };
}
