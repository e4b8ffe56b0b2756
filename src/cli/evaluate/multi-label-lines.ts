import { printableLine } from "../../base/printable";
import type { MultiLabelEvaluation } from "../../evaluation/evaluate-multi-label";
import { classificationReport } from "../../evaluation/metrics/classification-report";
import { factLines } from "../terminal/text-layout";
import { table, type Terminal } from "../terminal/terminal";
import { averageRows, rangeOf, reportLines, scoreWithInterval, type NamedAverage } from "./report-lines";

/** An evaluation of texts with several labels as text: scikit-learn's report, then further scores. */
export function multiLabelLines(
  evaluation: MultiLabelEvaluation,
  { terminal, average }: { terminal: Terminal; average?: NamedAverage },
): string[] {
  const { accuracy, hammingLoss, f1Micro, f1Macro, loss, n, perLabel } = evaluation;
  const { accuracyInterval, hammingLossInterval, f1MicroInterval, f1MacroInterval } = evaluation;
  const wrong = scoreWithInterval(hammingLoss, hammingLossInterval, 4);
  const rows: [string, string][] = [
    ["accuracy", `${scoreWithInterval(accuracy, accuracyInterval)}, every label right, of ${n} texts`],
    ["Hamming loss", `${wrong}, wrong labels, of ${n * perLabel.length}`],
    ["F1 micro", scoreWithInterval(f1Micro, f1MicroInterval)],
    ["F1 macro", scoreWithInterval(f1Macro, f1MacroInterval)],
  ];
  rows.push(...averageRows(average), ["log loss", loss.toFixed(4)]);
  const area = (value: number | null): string => value?.toFixed(4) ?? "-";
  const areas = table([
    ["label", `F1, ${100 * accuracyInterval.confidence}% interval`, "area under ROC", "average precision"],
    ...perLabel.map(({ name, f1Interval, rocAuc, averagePrecision }) => [
      printableLine(name),
      f1Interval === null ? "-" : rangeOf(f1Interval),
      area(rocAuc),
      area(averagePrecision),
    ]),
  ]);
  return [
    ...reportLines(evaluation, (targetNames) => reportOf(evaluation, targetNames)),
    "",
    ...factLines(rows, terminal),
    "",
    ...areas.map((line) => `  ${line}`),
  ];
}

function reportOf({ predictions }: MultiLabelEvaluation, targetNames: readonly string[]): string {
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  return classificationReport(yTrue, yPred, { targetNames });
}
