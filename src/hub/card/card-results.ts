import type { CardEvaluation, CardInterval, ModelCardInfo } from "./card-info";
import { macro } from "./card-metadata";
import { cardTable, cardText } from "./card-table";

const shown = (value: number | null | undefined): string =>
  typeof value === "number" && Number.isFinite(value) ? value.toFixed(3) : "";
const range = (interval: CardInterval | null | undefined): string =>
  interval === null || interval === undefined ? "" : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;

/** The results: metrics beside the baseline, each label, and the confusion matrix. */
export function resultLines(info: ModelCardInfo): string[] {
  const { after, metrics = [] } = info;
  if (after === undefined && metrics.length === 0)
    return ["## Results", "", "No evaluation on test texts is recorded."];
  if (after === undefined) return ["## Results", "", ...givenMetrics(metrics)];
  return [
    "## Results",
    "",
    `On the ${after.n} test texts. Intervals are Wilson's, at 95%.`,
    "",
    ...comparison(after, info),
    "",
    ...labelLines(after),
    ...(after.confusionMatrix === undefined ? [] : ["", ...matrixLines(after, after.confusionMatrix)]),
  ];
}

function givenMetrics(metrics: NonNullable<ModelCardInfo["metrics"]>): string[] {
  return cardTable([
    ["test metric", "value", "95% interval"],
    ...metrics.map(({ name, value, interval }) => [cardText(name), shown(value), range(interval)]),
  ]);
}

/** One column for each evaluation. */
function comparison(after: CardEvaluation, { before, baseline, validation }: ModelCardInfo): string[] {
  const columns = [
    ["this classifier", after],
    ["95% interval", after],
    ["TF-IDF with logistic regression", baseline],
    ["before training", before],
    ["on validation texts", validation],
  ] as const;
  const present = columns.filter(([name, one]) => one !== undefined && (name !== "95% interval" || hasInterval(after)));
  const rows: readonly (readonly [string, (one: CardEvaluation) => number | null | undefined])[] = [
    [after.hammingLoss === undefined ? "accuracy" : "accuracy (every label right)", ({ accuracy }) => accuracy],
    ["F1 (macro)", (one) => one.f1Macro ?? macro(one, "f1")],
    ["F1 (micro)", ({ f1Micro }) => f1Micro],
    ["Hamming loss", ({ hammingLoss }) => hammingLoss],
    ["ROC AUC", ({ rocAuc }) => rocAuc],
    ["average precision", ({ averagePrecision }) => averagePrecision],
  ];
  const used = rows.filter(([, value]) => shown(value(after)) !== "");
  return cardTable([
    ["", ...present.map(([name]) => name)],
    ...used.map(([metric, value]) => [
      metric,
      ...present.map(([name, one]) =>
        name === "95% interval"
          ? metric === "accuracy"
            ? range(after.accuracyInterval)
            : ""
          : shown(one === undefined ? undefined : value(one)),
      ),
    ]),
  ]);
}

function hasInterval({ accuracyInterval }: CardEvaluation): boolean {
  return accuracyInterval !== undefined;
}

function labelLines({ perLabel }: CardEvaluation): string[] {
  const intervals = perLabel.some(({ accuracyInterval }) => accuracyInterval != null);
  return cardTable([
    ["label", "precision", "recall", ...(intervals ? ["95% interval of recall"] : []), "F1", "texts"],
    ...perLabel.map(({ name, precision, recall, f1, support, accuracyInterval }) => [
      cardText(name),
      shown(precision),
      shown(recall),
      ...(intervals ? [range(accuracyInterval)] : []),
      shown(f1),
      String(support),
    ]),
  ]);
}

function matrixLines({ perLabel }: CardEvaluation, matrix: readonly (readonly number[])[]): string[] {
  return [
    "Confusion matrix (test texts):",
    "",
    ...cardTable([
      ["true label", ...perLabel.map(({ name }) => `predicted ${cardText(name)}`)],
      ...matrix.map((row, label) => [cardText(perLabel[label]?.name ?? ""), ...row.map(String)]),
    ]),
  ];
}
