import { printableLine } from "../../base/printable";
import type { Evaluation } from "../../evaluation/evaluation";
import { classificationReport } from "../../evaluation/metrics/classification-report";
import type { AveragedScores } from "../../evaluation/metrics/precision-recall-fscore-support";
import type { Interval } from "../../evaluation/intervals/interval";
import { factLines } from "../terminal/text-layout";
import { table, type Terminal } from "../terminal/terminal";

/** An evaluation as text: scikit-learn's report, then further scores. */
export function evaluationLines(
  evaluation: Evaluation,
  { terminal, average }: { terminal: Terminal; average?: { readonly name: string; readonly scores: AveragedScores } },
): string[] {
  const { accuracy, accuracyInterval, perLabel, confusionMatrix, labels, loss, rocAuc, averagePrecision, n } =
    evaluation;
  const with_ = (value: number, interval: Interval | null): string =>
    interval === null
      ? "no text has the label"
      : `${value.toFixed(3)}  ${100 * interval.confidence}% interval ${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
  const rows: [string, string][] = [["accuracy", `${with_(accuracy, accuracyInterval)}, of ${n} texts`]];
  for (const { name, accuracy: share, accuracyInterval: interval } of perLabel)
    rows.push([`accuracy for ${name}`, with_(share, interval)]);
  if (average !== undefined) {
    const { precision, recall, fscore } = average.scores;
    rows.push([
      `${average.name} average`,
      `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${fscore.toFixed(3)}`,
    ]);
  }
  rows.push(["log loss", loss.toFixed(4)]);
  const area = (value: number | null): string => value?.toFixed(4) ?? "-  undefined, since a label has no text";
  rows.push(["area under ROC", area(rocAuc)], ["average precision", area(averagePrecision)]);
  const matrix = table([
    ["true \\ predicted", ...labels],
    ...labels.map((name, i) => [name, ...confusionMatrix[i].map(String)]),
  ]);
  return [
    ...reportOf(evaluation).trimEnd().split("\n"),
    "",
    ...factLines(rows, terminal),
    "",
    ...matrix.map((line) => `  ${line}`),
  ];
}

/** scikit-learn's report. Escapes control characters and line ends in labels, which would shift the columns. */
function reportOf({ report, labels, predictions }: Evaluation): string {
  const shown = labels.map(printableLine);
  if (shown.every((name, i) => name === labels[i])) return report;
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  return classificationReport(yTrue, yPred, { labels: labels.map((_, label) => label), targetNames: shown });
}
