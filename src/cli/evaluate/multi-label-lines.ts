import { printableLine } from "../../base/printable";
import type { MultiLabelEvaluation } from "../../evaluation/evaluate-multi-label";
import { classificationReport } from "../../evaluation/metrics/classification-report";
import type { AveragedScores } from "../../evaluation/metrics/precision-recall-fscore-support";
import { factLines } from "../terminal/text-layout";
import { table, type Terminal } from "../terminal/terminal";

/** An evaluation of texts with several labels as text: scikit-learn's report, then further scores. */
export function multiLabelLines(
  evaluation: MultiLabelEvaluation,
  { terminal, average }: { terminal: Terminal; average?: { readonly name: string; readonly scores: AveragedScores } },
): string[] {
  const { accuracy, hammingLoss, f1Micro, f1Macro, loss, n, perLabel } = evaluation;
  const rows: [string, string][] = [
    ["accuracy", `${accuracy.toFixed(3)}  every label right, of ${n} texts`],
    ["Hamming loss", `${hammingLoss.toFixed(4)}  wrong labels, of ${n * perLabel.length}`],
    ["F1", `${f1Micro.toFixed(3)} micro, ${f1Macro.toFixed(3)} macro`],
  ];
  if (average !== undefined) {
    const { precision, recall, fscore } = average.scores;
    rows.push([
      `${average.name} average`,
      `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${fscore.toFixed(3)}`,
    ]);
  }
  rows.push(["log loss", loss.toFixed(4)]);
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
    ...reportOf(evaluation).trimEnd().split("\n"),
    "",
    ...factLines(rows, terminal),
    "",
    ...areas.map((line) => `  ${line}`),
  ];
}

/** scikit-learn's report. Escapes control characters and line ends in labels, which would shift the columns. */
function reportOf({ report, labels, predictions }: MultiLabelEvaluation): string {
  const shown = labels.map(printableLine);
  if (shown.every((name, i) => name === labels[i])) return report;
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  return classificationReport(yTrue, yPred, { targetNames: shown });
}
