import { Problems } from "../../base/problems";
import {
  balancedAccuracyMetric,
  checkSameTexts,
  countPairs,
  studyMetrics,
  type ComparisonMetric,
  type NamedEvaluation,
} from "./comparison-metrics";
import type { CompareSeveralOptions } from "./compare-several";
import { bootstrapInterval } from "../intervals/bootstrap-interval";
import type { Interval } from "../intervals/interval";
import { mcnemarTest, type McNemarResult } from "../intervals/mcnemar-test";
import { rightOnes } from "./right-ones";

/** Whether a change is significant, and its direction. */
export type Verdict = "better" | "worse" | "undecided";

/** Effect of a change on one metric. */
export interface ChangeJudgement {
  readonly metric: string;
  readonly from: number;
  readonly to: number;
  /** to - from */
  readonly change: number;
  /** The paired bootstrap's interval: the same texts with both. */
  readonly changeInterval: Interval;
  /** McNemar's test of the texts that only one of the two got right. */
  readonly mcnemar: McNemarResult;
  readonly verdict: Verdict;
  /** A summary in a sentence or two. */
  readonly text: string;
}

/** Options of {@link judgeChange}: the metric and its interval. */
export interface JudgeOptions extends CompareSeveralOptions {
  /**
   * A row of the study's table, such as "Accuracy" or "F1-Score (Label 1)" or "F1-Score (NAME)", or "Balanced
   * accuracy".
   * @default "Balanced accuracy"
   */
  readonly metric?: string;
}

/**
 * Whether one evaluation is better than another on the same texts, by a metric. It is better or worse if the whole
 * interval of the change is on one side of 0, and for accuracy if McNemar's test also agrees at the same level.
 * Otherwise it is undecided.
 *
 * @throws TsloraError `bad-input` if the two are not about the same texts and labels, `bad-option` for an unknown
 *   metric.
 */
export function judgeChange(from: NamedEvaluation, to: NamedEvaluation, options: JudgeOptions = {}): ChangeJudgement {
  checkSameTexts("judgeChange", from, [to]);
  const {
    metric = "Balanced accuracy",
    seed,
    resamples,
    confidence = from.evaluation.accuracyInterval.confidence,
  } = options;
  const { value, isAccuracy, label } = findMetric(metric, from.evaluation.labels);
  const change = bootstrapInterval(
    (indices) => value(countPairs(to.evaluation, indices)) - value(countPairs(from.evaluation, indices)),
    { n: from.evaluation.n, seed, resamples, confidence },
  );
  const right = ({ evaluation }: NamedEvaluation): boolean[] =>
    rightOnes(evaluation.predictions.filter(({ yTrue }) => label === null || !isAccuracy || yTrue === label));
  const mcnemar = mcnemarTest(right(from), right(to));
  const agrees = !isAccuracy || mcnemar.pValue < 1 - confidence;
  const verdict = agrees && change.low > 0 ? "better" : agrees && change.high < 0 ? "worse" : "undecided";
  const [was, is] = [value(from.evaluation.confusionMatrix), value(to.evaluation.confusionMatrix)];
  const judged = { metric, from: was, to: is, change: is - was, changeInterval: change, mcnemar, verdict } as const;
  return { ...judged, text: describe(judged, { from: from.name, to: to.name, n: from.evaluation.n }) };
}

function findMetric(metric: string, labels: readonly string[]): ComparisonMetric {
  const known = [...studyMetrics(labels), balancedAccuracyMetric()];
  // Names before numbers: a label may be called "Label 1" and have another number.
  const found = [...known, ...studyMetrics(labels.length)].find(({ name }) => name === metric);
  const problems = new Problems("judgeChange");
  problems.expect(
    found !== undefined,
    `metric must be one of ${known.map(({ name }) => name).join(", ")}; got ${metric}`,
  );
  problems.throwIfAny();
  return found ?? known[0];
}

function describe(
  { metric, from, to, change, changeInterval, mcnemar, verdict }: Omit<ChangeJudgement, "text">,
  names: { from: string; to: string; n: number },
): string {
  const signed = (x: number): string => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)}`;
  const percent = `${Math.round(100 * changeInterval.confidence)}%`;
  const p = mcnemar.pValue < 0.001 ? "below 0.001" : mcnemar.pValue.toFixed(3);
  const same = mcnemar.onlyBefore === 0 && mcnemar.onlyAfter === 0;
  const chance = same ? "It changes nothing here." : `${names.n} texts do not separate it from no change.`;
  const conclusion = {
    better: "Better on these texts: the whole interval is above 0.",
    worse: "Worse on these texts: the whole interval is below 0.",
    undecided: chance,
  }[verdict];
  const doubt =
    verdict !== "undecided" && mcnemar.pValue >= 1 - changeInterval.confidence
      ? " McNemar's test, over single texts, does not separate the two."
      : "";
  const texts = same
    ? "Both are right about the same texts"
    : `Of the texts that only one of the two gets right, ${mcnemar.onlyAfter} fall to ${names.to} and ${mcnemar.onlyBefore} to ${names.from}`;
  return `${metric}, ${names.from} to ${names.to}: ${from.toFixed(3)} to ${to.toFixed(3)}, a change of ${signed(change)} with the ${percent} interval ${signed(changeInterval.low)} to ${signed(changeInterval.high)}. ${texts} (McNemar's p ${p}). ${conclusion}${doubt}`;
}
