import { bytes } from "../terminal/text-layout";
import { table } from "../terminal/terminal";
import type { Comparison } from "./compare-exports";
import type { QuantizationCost } from "../../export/quantization-cost";

/** A comparison of the exported models as text. */
export function comparisonLines({ models, tokens, n, cost }: Comparison): string[] {
  const hasAccuracy = n !== undefined;
  const rows = models.map(({ path, bytes: size, textsPerSecond, accuracy, accuracyInterval: interval }) => [
    path,
    bytes(size),
    textsPerSecond.toFixed(1),
    ...(hasAccuracy
      ? [
          accuracy?.toFixed(3) ?? "",
          interval === undefined ? "" : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`,
        ]
      : []),
  ]);
  const head = ["model", "size", "texts/s", ...(hasAccuracy ? ["accuracy", "95% interval"] : [])];
  return [
    ...table([head, ...rows]),
    `Speed: 8 texts of ${tokens} tokens at a time in onnxruntime, on the processor.`,
    ...(cost === undefined ? [] : [costLine(cost)]),
  ];
}

/** The difference of the accuracies in a sentence. */
export function costLine({ n, change, changeInterval, mcnemar }: QuantizationCost): string {
  const points = (share: number): string => `${share < 0 ? "-" : "+"}${Math.abs(100 * share).toFixed(1)}`;
  const percent = Math.round(100 * changeInterval.confidence);
  return (
    `Accuracy with 8-bit weights: ${points(change)} points on ${n} texts, ${percent}% interval ` +
    `${points(changeInterval.low)} to ${points(changeInterval.high)} (paired bootstrap); ` +
    `McNemar's p ${mcnemar.pValue.toFixed(3)}.`
  );
}

/** The warning about a quantized model that loses more than one point. */
export function costWarning({ change, n }: QuantizationCost): string {
  return `Warning: 8-bit weights cost ${(-100 * change).toFixed(1)} points of accuracy on these ${n} texts. Use onnx/model.onnx where accuracy matters; in transformers.js, give { quantized: false }.`;
}
