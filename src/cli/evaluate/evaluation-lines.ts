import type { Evaluation } from "../../evaluation/evaluation";
import { classificationReport } from "../../evaluation/metrics/classification-report";
import { factLines } from "../terminal/text-layout";
import { table, type Terminal } from "../terminal/terminal";
import { averageRows, reportLines, scoreWithInterval, type NamedAverage } from "./report-lines";

/** An evaluation as text: scikit-learn's report, then further scores. */
export function evaluationLines(
  evaluation: Evaluation,
  { terminal, average }: { terminal: Terminal; average?: NamedAverage },
): string[] {
  const { accuracy, accuracyInterval, perLabel, confusionMatrix, labels, loss, rocAuc, averagePrecision, n } =
    evaluation;
  const rows: [string, string][] = [["accuracy", `${scoreWithInterval(accuracy, accuracyInterval)}, of ${n} texts`]];
  for (const { name, accuracy: share, accuracyInterval: interval } of perLabel)
    rows.push([`accuracy for ${name}`, scoreWithInterval(share, interval)]);
  rows.push(...averageRows(average), ["log loss", loss.toFixed(4)]);
  const area = (value: number | null): string => value?.toFixed(4) ?? "-  undefined, since a label has no text";
  rows.push(["area under ROC", area(rocAuc)], ["average precision", area(averagePrecision)]);
  const matrix = table([
    ["true \\ predicted", ...labels],
    ...labels.map((name, i) => [name, ...confusionMatrix[i].map(String)]),
  ]);
  return [
    ...reportLines(evaluation, (targetNames) => reportOf(evaluation, targetNames)),
    "",
    ...factLines(rows, terminal),
    "",
    ...matrix.map((line) => `  ${line}`),
  ];
}

function reportOf({ predictions, labels }: Evaluation, targetNames: readonly string[]): string {
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  return classificationReport(yTrue, yPred, { labels: labels.map((_, label) => label), targetNames });
}
