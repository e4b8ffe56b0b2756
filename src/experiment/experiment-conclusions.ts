import { pText } from "../evaluation/comparison/p-text";
import { pairedBootstrapTest } from "../evaluation/comparison/paired-bootstrap-test";
import { publishedOutcomes } from "../evaluation/comparison/published-change";
import type { Interval } from "../evaluation/intervals/interval";
import { mcnemarTest } from "../evaluation/intervals/mcnemar-test";
import type { MethodPair } from "./compare-methods";
import type { ExperimentSummaries, MethodSummary } from "./summarize-runs";

/** Options of {@link experimentConclusions}. */
export interface ExperimentConclusionsOptions {
  /** The method with which the others are compared, as in `compareMethods`. */
  readonly reference: string;
  /** Adds the published study's change with its interval. @default false */
  readonly published?: boolean;
}

const LEVEL = 0.05; // of corrected p-values

/**
 * The conclusions that an experiment allows, as a list in Markdown: the spread between seeds, the tests against the
 * reference, and the published change with its own interval.
 *
 * @param pairs - of `compareMethods` with the same reference
 */
export function experimentConclusions(
  summaries: ExperimentSummaries,
  pairs: readonly MethodPair[],
  { reference, published = false }: ExperimentConclusionsOptions,
): string {
  const own = summaries.holdout.find(({ method }) => method === reference);
  const sentences = [
    ...(own === undefined ? [] : spreadSentences(own)),
    ...pairs.map((pair) => pairSentence(pair)),
    ...(published ? [publishedSentence()] : []),
  ];
  return sentences.map((sentence) => `- ${sentence}`).join("\n");
}

function spreadSentences({ method, runs, scores }: MethodSummary): string[] {
  const { mean, deviation, interval } = scores.accuracy;
  if (mean === null) return [];
  const first = `${method}: accuracy ${mean.toFixed(3)}${inBrackets(interval)} on the fixed split.`;
  if (deviation === null) return [`${first} One seed alone does not show how much of it is luck.`];
  return [
    `${first} Between ${runs} seeds the standard deviation is ${deviation.toFixed(3)}: the seed alone explains a difference of ${(2 * deviation).toFixed(3)}.`,
  ];
}

function pairSentence({ from, to, bootstrap, folds }: MethodPair): string {
  const tests = [
    ...(bootstrap === null ? [] : [{ where: "on the fixed split", ...bootstrap }]),
    ...(folds === null ? [] : [{ where: "over the folds", ...folds }]),
  ];
  if (tests.length === 0) return `${to} and ${from} have no runs in common that a test could use.`;
  const shown = tests
    .map(
      ({ where, difference, interval, adjustedPValue }) =>
        `${signed(difference)}${inBrackets(interval)} ${where} (p ${pText(adjustedPValue)})`,
    )
    .join(", ");
  const clear = tests.filter(({ adjustedPValue }) => adjustedPValue <= LEVEL);
  const better = clear.every(({ difference }) => difference > 0);
  const worse = clear.every(({ difference }) => difference < 0);
  const verdict =
    clear.length < tests.length || !(better || worse)
      ? `No clear difference between ${to} and ${from}`
      : `${to} is ${better ? "better" : "worse"} than ${from}`;
  return `${verdict}: ${shown}.`;
}

function publishedSentence(): string {
  const { before, after } = publishedOutcomes();
  const { difference, interval } = pairedBootstrapTest(before.map(Number), after.map(Number));
  const { pValue } = mcnemarTest(before, after);
  return `The published study's change was ${signed(difference)}${inBrackets(interval)} on its 200 texts (McNemar's exact p ${pText(pValue)}); its confusion matrices give both. ${interval.low > 0 ? "The interval is above 0." : "The interval includes 0: chance alone could explain it."}`;
}

function signed(value: number): string {
  const digits = Math.abs(value).toFixed(3);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? "−" : "+"}${digits}`;
}

const inBrackets = (interval: Interval | null): string =>
  interval === null ? "" : ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`.replaceAll("-", "−");
