import type { DataAbout } from "../../corpus/describe-data";
import type { Comparison, ComparisonRow } from "./compare-evaluations";
import type { Interval } from "../intervals/interval";
import type { McNemarResult } from "../intervals/mcnemar-test";

/** Options of {@link conclusions}. */
export interface ConclusionsOptions {
  /** The kind of data, from `describeData`. @default "data": the user's own */
  readonly about?: DataAbout;
}

/** Findings and limits of a comparison, in sentences. */
export interface ComparisonConclusions {
  /** Conclusions that the figures allow. */
  readonly findings: readonly string[];
  /** Conclusions that they do not allow. */
  readonly limits: readonly string[];
}

/** Returns a few sentences of Markdown about what a comparison shows, and what it does not show. */
export function conclusions(comparison: Comparison, options: ConclusionsOptions = {}): string {
  const { findings, limits } = concludeComparison(comparison, options);
  return [...findings, ...limits].map((line) => `- ${line}`).join("\n");
}

/** The sentences of {@link conclusions}, as two lists. */
export function concludeComparison(comparison: Comparison, options: ConclusionsOptions = {}): ComparisonConclusions {
  const { about = "data" } = options;
  const [accuracy] = comparison.rows;
  const { baseline, n } = comparison;
  const findings = [changeLine(accuracy, { n, mcnemar: comparison.mcnemar })];
  if (accuracy.afterInterval !== null) {
    findings.push(
      `On as many other texts of this kind, an accuracy from ${range(accuracy.afterInterval)} would be expected after training.`,
    );
  }
  if (baseline !== null) {
    const difference = signed(accuracy.after - baseline.accuracy);
    findings.push(
      `Against TF-IDF with logistic regression (${baseline.accuracy.toFixed(3)}) the difference is ${difference}. ${testSentence(baseline.mcnemar)}`,
    );
  }
  return {
    findings,
    limits: [
      "One seed and one split were run. How much another seed would change is not known from this table.",
      ...LIMITS[about],
    ],
  };
}

/** Limits of the conclusions, by the kind of data. */
const LIMITS: Readonly<Record<DataAbout, readonly string[]>> = {
  study: [
    "The published figures are of another model, trained whole for one epoch, with a prediction that read one text for every row: its 0.565 is not a bar for this run.",
    "The two classes are abstracts that a search sorted; the figures say nothing about patients, nor about texts of another kind.",
  ],
  sample: [
    "The texts were invented for this project: the figures show that everything works, and nothing about any subject.",
  ],
  data: ["The figures are about texts like those of this data set. Texts of another source may differ."],
};

function changeLine(
  { before, after, change, changeInterval }: ComparisonRow,
  { n, mcnemar }: { n: number; mcnemar: McNemarResult },
): string {
  const percent = `${Math.round(100 * changeInterval.confidence)}%`;
  const zero = changeInterval.low > 0 || changeInterval.high < 0 ? "does not hold 0" : "holds 0";
  const interval = `the ${percent} interval ${range(changeInterval)}, which ${zero}`;
  const texts = `${n} test ${n === 1 ? "text" : "texts"}`;
  return `Accuracy went from ${before.toFixed(3)} to ${after.toFixed(3)} on ${texts}. The change of ${signed(change)} has ${interval}. ${testSentence(mcnemar)}`;
}

/** States the result of McNemar's exact test. */
function testSentence({ pValue, onlyBefore, onlyAfter }: McNemarResult): string {
  const differing = onlyBefore + onlyAfter;
  if (differing === 0) return "No text is right with one of the two alone: there is nothing to test.";
  const p = pValue < 0.001 ? "below 0.001" : pValue.toFixed(3);
  const counts = `Of ${differing} ${differing === 1 ? "text" : "texts"} that only one of the two gets right, the trained model has ${onlyAfter}`;
  const meaning = `were both right equally often, counts at least as uneven would come with probability ${p} (McNemar's exact test)`;
  const test =
    pValue < 0.05
      ? "The test separates the two at the 5% level."
      : "The test does not separate the two, which does not show that they are equal.";
  return `${counts}; ${meaning}. ${test}`;
}

function range({ low, high }: Interval): string {
  return `${low.toFixed(3)} to ${high.toFixed(3)}`;
}

function signed(change: number): string {
  return `${change >= 0 ? "+" : ""}${change.toFixed(3)}`;
}
