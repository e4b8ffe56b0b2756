import { printableLine } from "../../base/printable";
import type { Interval } from "../../evaluation/intervals/interval";
import type { AveragedScores } from "../../evaluation/metrics/precision-recall-fscore-support";

/** An average over the labels that was requested. */
export interface NamedAverage {
  readonly name: string;
  readonly scores: AveragedScores;
}

/**
 * scikit-learn's report. Escapes control characters and line ends in labels, which would shift the columns.
 *
 * @param withNames - makes the report with other names of the labels
 */
export function reportLines(
  { report, labels }: { readonly report: string; readonly labels: readonly string[] },
  withNames: (targetNames: readonly string[]) => string,
): string[] {
  const shown = labels.map(printableLine);
  const text = shown.every((name, i) => name === labels[i]) ? report : withNames(shown);
  return text.trimEnd().split("\n");
}

/** The row of an average; none if it was not requested. */
export function averageRows(average: NamedAverage | undefined): [string, string][] {
  if (average === undefined) return [];
  const { precision, recall, fscore } = average.scores;
  const scores = `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${fscore.toFixed(3)}`;
  return [[`${average.name} average`, scores]];
}

/** A score with its interval; null means that no text has the label. */
export function scoreWithInterval(value: number, interval: Interval | null, digits = 3): string {
  return interval === null
    ? "no text has the label"
    : `${value.toFixed(digits)}  ${100 * interval.confidence}% interval ${rangeOf(interval, digits)}`;
}

/** An interval in words. */
export function rangeOf({ low, high }: Interval, digits = 3): string {
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}
