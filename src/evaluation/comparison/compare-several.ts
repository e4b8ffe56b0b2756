import { Problems } from "../../base/problems";
import {
  balancedAccuracyMetric,
  checkSameTexts,
  countPairs,
  studyMetrics,
  type ComparisonGroup,
  type ComparisonMetric,
  type Matrix,
  type NamedEvaluation,
} from "./comparison-metrics";
import type { Evaluation } from "../evaluation";
import { bootstrapIntervals } from "../intervals/bootstrap-interval";
import type { Interval } from "../intervals/interval";
import { mcnemarTest, type McNemarResult } from "../intervals/mcnemar-test";
import { wilsonInterval } from "../intervals/wilson-interval";
import { rightOnes } from "./right-ones";

/** Options of {@link compareSeveral}: intervals and bootstrap. */
export interface CompareSeveralOptions {
  /** Seed of the bootstrap. @default 42 */
  readonly seed?: number;
  /** Number of bootstrap resamples. @default 2000 */
  readonly resamples?: number;
  /** Confidence level of all intervals. @default 0.95 */
  readonly confidence?: number;
  /** Names rows by the labels' numbers, as the study's table does. @default false: by the labels' names */
  readonly numbered?: boolean;
}

/** One metric of every evaluation. */
export interface SeveralRow {
  readonly group: ComparisonGroup;
  readonly metric: string;
  /** The class of the metric, counted from 0; null if it is about all classes. */
  readonly label: number | null;
  /** In the order of the names. */
  readonly values: readonly number[];
  /** Wilson's interval for shares, the bootstrap's for others; null for a share of no texts. */
  readonly intervals: readonly (Interval | null)[];
}

/** A comparison of several evaluations on the same texts. Plain values that can be saved as JSON. */
export interface SeveralComparison {
  readonly n: number;
  readonly labels: readonly string[];
  readonly names: readonly string[];
  /** The rows of the study's table, balanced accuracy after accuracy. */
  readonly rows: readonly SeveralRow[];
  /** The comparison of each evaluation with the one before it in the list. */
  readonly mcnemar: readonly (McNemarResult & { readonly from: string; readonly to: string })[];
}

/**
 * The study's table with a column for each of several evaluations: before, after, and further steps.
 *
 * @throws TsloraError `bad-input` if there are fewer than two, or they are not about the same texts and labels.
 */
export function compareSeveral(
  evaluations: readonly NamedEvaluation[],
  options: CompareSeveralOptions = {},
): SeveralComparison {
  const problems = new Problems("compareSeveral");
  problems.expect(evaluations.length >= 2, `there must be two evaluations or more; got ${evaluations.length}`);
  problems.throwIfAny("bad-input");
  const [first, ...others] = evaluations;
  checkSameTexts("compareSeveral", first, others);
  const { n, labels, accuracyInterval } = first.evaluation;
  const { seed, resamples, numbered = false, confidence = accuracyInterval.confidence } = options;
  const [accuracy, ...rest] = studyMetrics(numbered ? labels.length : labels);
  const metrics = [accuracy, balancedAccuracyMetric(), ...rest];
  const measure = (matrices: readonly Matrix[]): number[] => metrics.flatMap(({ value }) => matrices.map(value));
  const bootstrapped = bootstrapIntervals(
    (indices) => measure(evaluations.map(({ evaluation }) => countPairs(evaluation, indices))),
    { n, seed, resamples, confidence },
  );
  const values = measure(evaluations.map(({ evaluation }) => evaluation.confusionMatrix));
  const rows = metrics.map(({ group, name, label, share }, i): SeveralRow => {
    const at = i * evaluations.length;
    const intervals = evaluations.map(({ evaluation }, k) =>
      share === undefined ? bootstrapped[at + k] : intervalOf(share, evaluation, confidence),
    );
    return { group, metric: name, label, values: values.slice(at, at + evaluations.length), intervals };
  });
  const mcnemar = others.map(({ name, evaluation }, i) => ({
    from: evaluations[i].name,
    to: name,
    ...mcnemarTest(rightOnes(evaluations[i].evaluation.predictions), rightOnes(evaluation.predictions)),
  }));
  return { n, labels, names: evaluations.map(({ name }) => name), rows, mcnemar };
}

function intervalOf(
  share: NonNullable<ComparisonMetric["share"]>,
  { confusionMatrix }: Evaluation,
  confidence: number,
): Interval | null {
  const [part, whole] = share(confusionMatrix);
  return whole === 0 ? null : wilsonInterval(part, whole, { confidence });
}
