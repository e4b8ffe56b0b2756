import { printableLine } from "../../base/printable";
import type { MultiLabelEvaluation } from "../../evaluation/evaluate-multi-label";
import { classificationReport } from "../../evaluation/metrics/classification-report";
import { factLines } from "../terminal/text-layout";
import { table, type Terminal } from "../terminal/terminal";
import { averageRows, reportLines, type NamedAverage } from "./report-lines";

/** An evaluation of texts with several labels as text: scikit-learn's report, then further scores. */
export function multiLabelLines(
  evaluation: MultiLabelEvaluation,
  { terminal, average }: { terminal: Terminal; average?: NamedAverage },
): string[] {
  const { accuracy, hammingLoss, f1Micro, f1Macro, loss, n, perLabel } = evaluation;
  const rows: [string, string][] = [
    ["accuracy", `${accuracy.toFixed(3)}  every label right, of ${n} texts`],
    ["Hamming loss", `${hammingLoss.toFixed(4)}  wrong labels, of ${n * perLabel.length}`],
    ["F1", `${f1Micro.toFixed(3)} micro, ${f1Macro.toFixed(3)} macro`],
  ];
  rows.push(...averageRows(average), ["log loss", loss.toFixed(4)]);
  const area = (value: number | null): string => value?.toFixed(4) ?? "-";
  const areas = table([
    ["label", "area under ROC", "average precision"],
    ...perLabel.map(({ name, rocAuc, averagePrecision }) => [
      printableLine(name),
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
