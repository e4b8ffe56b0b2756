import { lossWeight, type ClassificationLoss, type ExampleLabel } from "./classification-loss";

/**
 * The mean loss of logits in the host's memory, in 64-bit floats, for evaluation. The same loss as {@link
 * classificationLoss} computes on the device.
 *
 * @param logits - [examples, classes], row by row
 */
export function lossOfLogits(
  logits: Float32Array,
  options: { classes: number; labels: readonly ExampleLabel[]; loss: ClassificationLoss },
): number {
  const { classes, labels, loss } = options;
  let sum = 0;
  labels.forEach((label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (typeof label === "number") sum += ofOneClass(row, label, loss);
    else
      row.forEach(
        (logit, c) =>
          (sum += ofOneLabel(logit, {
            on: label[c] === 1,
            weight: loss.classWeights?.[c] ?? 1,
            gamma: loss.focalGamma,
          })),
      );
  });
  return sum / lossWeight(labels, loss);
}

function ofOneClass(
  row: Float32Array,
  label: number,
  { classWeights, labelSmoothing, focalGamma }: ClassificationLoss,
): number {
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  const weight = classWeights?.[label] ?? 1;
  const plain = weight * (logSum - row[label]);
  if (focalGamma > 0)
    return row.reduce((q, x, c) => (c === label ? q : q + Math.exp(x - logSum)), 0) ** focalGamma * plain;
  if (labelSmoothing === 0) return plain;
  const everywhere = row.reduce((total, x, c) => total + (classWeights?.[c] ?? 1) * (logSum - x), 0);
  return (1 - labelSmoothing) * plain + (labelSmoothing / row.length) * everywhere;
}

function ofOneLabel(logit: number, { on, weight, gamma }: { on: boolean; weight: number; gamma: number }): number {
  const x = on ? logit : -logit; // p = sigmoid(x) of the right answer
  const minusLogP = Math.max(0, -x) + Math.log1p(Math.exp(-Math.abs(x)));
  const q = x < 0 ? 1 / (1 + Math.exp(x)) : Math.exp(-x) / (1 + Math.exp(-x));
  return (on ? weight : 1) * (gamma > 0 ? q ** gamma : 1) * minusLogP;
}
