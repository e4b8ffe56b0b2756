import { weightedScorer, SCORE_NAMES, type ScoreName, type Scores } from "../evaluation/comparison/weighted-scores";
import { correctedResampledTTest } from "../evaluation/comparison/corrected-resampled-t-test";
import { bootstrapIntervals } from "../evaluation/intervals/bootstrap-interval";
import { DEFAULT_CONFIDENCE, type Interval } from "../evaluation/intervals/interval";
import { sampleDeviation } from "../evaluation/intervals/mean-interval";
import { mean } from "../evaluation/metrics/mean";
import { methodNames, partsOf } from "./run-groups";
import type { RunResult } from "./run-result";

/** Options of {@link summarizeRuns}: intervals. */
export interface SummarizeOptions {
  /** @default 0.95 */
  readonly confidence?: number;
  /** Bootstrap resamples of the texts. @default 2000 */
  readonly resamples?: number;
  /** Seed of the bootstrap. @default 42 */
  readonly seed?: number;
}

/** One score of a method over its runs. */
export interface ScoreSummary {
  /** The mean over the runs; null if a run has no such score. */
  readonly mean: number | null;
  /** The standard deviation between runs; null for a single run. */
  readonly deviation: number | null;
  /** Null where it cannot be computed: a score is missing, or there is one fold only. */
  readonly interval: Interval | null;
}

/** A method's scores over its runs of one part. */
export interface MethodSummary {
  readonly method: string;
  readonly runs: number;
  readonly scores: Readonly<Record<ScoreName, ScoreSummary>>;
  readonly trainableParameters: number;
  /** Mean time of a run. */
  readonly elapsedSeconds: number;
}

/** The summaries of an experiment, a list for each part; an empty list if the part was not run. */
export interface ExperimentSummaries {
  readonly holdout: readonly MethodSummary[];
  readonly folds: readonly MethodSummary[];
}

/**
 * Scores of each method, with intervals. On the fixed split: the mean over seeds, with a bootstrap of the test texts
 * that evaluates all seeds on the same draws. Over folds: the mean, with the interval of the corrected resampled t-test
 * (Nadeau and Bengio, 2003).
 */
export function summarizeRuns(results: readonly RunResult[], options: SummarizeOptions = {}): ExperimentSummaries {
  const { holdout, folds } = partsOf(results);
  return {
    holdout: methodNames(holdout).map((method) => summarizeHoldout(ofMethod(holdout, method), options)),
    folds: methodNames(folds).map((method) => summarizeFolds(ofMethod(folds, method), options)),
  };
}

const ofMethod = (results: readonly RunResult[], method: string): RunResult[] =>
  results.filter((result) => result.method === method);

/** The scores of one run. */
export function scoresOfRun(run: RunResult): Scores {
  return scorerOf(run)();
}

const scorerOf = ({ predictions, labels }: RunResult): ReturnType<typeof weightedScorer> =>
  weightedScorer(predictions, labels.length);

function summarizeHoldout(runs: readonly RunResult[], options: SummarizeOptions): MethodSummary {
  const n = runs[0].predictions.length;
  const scorers = runs.map(scorerOf);
  const weights = new Uint32Array(n);
  const intervals = bootstrapIntervals(
    (indices) => {
      weights.fill(0);
      for (const i of indices) weights[i]++;
      const drawn = scorers.map((scorer) => scorer(weights));
      return SCORE_NAMES.map((name) => mean(drawn.map((scores) => scores[name])));
    },
    { n, ...options },
  );
  return summary(runs, {
    scores: scorers.map((scorer) => scorer()),
    intervalOf: (name) => finite(intervals[SCORE_NAMES.indexOf(name)]),
  });
}

function summarizeFolds(
  runs: readonly RunResult[],
  { confidence = DEFAULT_CONFIDENCE }: SummarizeOptions,
): MethodSummary {
  const scores = runs.map(scoresOfRun);
  const intervalOf = (name: ScoreName): Interval | null => {
    const values = scores.map((one) => one[name]);
    if (values.length < 2 || values.some(Number.isNaN)) return null;
    return within(name, correctedResampledTTest(values, { ...sizesOf(runs[0]), confidence }).interval);
  };
  return summary(runs, { scores, intervalOf });
}

/** Clips an interval to the values that a score can have, since intervals of Student's t are not bounded. */
function within(name: ScoreName, interval: Interval): Interval {
  const greatest = name === "logLoss" || name === "brierScore" ? Infinity : 1;
  return { ...interval, low: Math.max(0, interval.low), high: Math.min(greatest, interval.high) };
}

/** Numbers of texts in a fold: of those that training used, including validation, and of the test texts. */
export function sizesOf({ texts }: RunResult): { trainSize: number; testSize: number } {
  return { trainSize: texts.train + texts.validation, testSize: texts.test };
}

function summary(
  runs: readonly RunResult[],
  { scores, intervalOf }: { scores: readonly Scores[]; intervalOf: (name: ScoreName) => Interval | null },
): MethodSummary {
  const summarized = SCORE_NAMES.map((name): [ScoreName, ScoreSummary] => {
    const values = scores.map((one) => one[name]);
    return [name, { mean: known(mean(values)), deviation: known(sampleDeviation(values)), interval: intervalOf(name) }];
  });
  return {
    method: runs[0].method,
    runs: runs.length,
    scores: Object.fromEntries(summarized) as Record<ScoreName, ScoreSummary>,
    trainableParameters: runs[0].trainableParameters,
    elapsedSeconds: mean(runs.map(({ elapsedSeconds }) => elapsedSeconds)),
  };
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

const finite = (interval: Interval): Interval | null =>
  Number.isFinite(interval.low) && Number.isFinite(interval.high) ? interval : null;
