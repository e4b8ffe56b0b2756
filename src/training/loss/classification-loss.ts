import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { ProblemType } from "../../model/encoder-config";

/** A text's class, or a 1 or 0 for each class that it has or lacks. */
export type ExampleLabel = number | readonly number[];

/** The loss that training minimises. */
export interface ClassificationLoss {
  readonly problemType: ProblemType;
  /**
   * One weight per class: torch's `CrossEntropyLoss(weight=…)`, or `BCEWithLogitsLoss(pos_weight=…)` with several
   * labels per text.
   */
  readonly classWeights?: readonly number[];
  /** torch's `CrossEntropyLoss(label_smoothing=…)`. */
  readonly labelSmoothing: number;
  /** Gamma of the focal loss; 0 is the plain cross entropy. */
  readonly focalGamma: number;
}

/**
 * The divisor of the summed loss of examples, as in torch's mean: the sum of the examples' class weights, or the number
 * of labels if a text can have several.
 */
export function lossWeight(labels: readonly ExampleLabel[], { problemType, classWeights }: ClassificationLoss): number {
  if (problemType === "multi_label_classification")
    return labels.reduce<number>((sum, label) => sum + (typeof label === "number" ? 0 : label.length), 0);
  return classWeights === undefined
    ? labels.length
    : labels.reduce<number>((sum, label) => sum + (typeof label === "number" ? classWeights[label] : 0), 0);
}

/**
 * The loss of examples and its gradient, on the device. The target of class c for an example with label y is T = w (1 -
 * e) [c = y] + w e / C, with class weights w and label smoothing e:
 *
 * loss = -sum(T log p) / divisor,    dLogits = (sum(T) p - T) / divisor
 *
 * The focal loss (Lin et al., "Focal Loss for Dense Object Detection", 2017) is -w (1 - p)^gamma log p of the label's
 * probability p. With several labels per text, each label is a softmax over 0 and its logit, so p is the logit's
 * sigmoid.
 *
 * @param logits - [examples, labels]
 * @param options.divisor - {@link lossWeight} of the whole optimizer batch; the losses of its parts then add up to its
 *   mean
 * @returns the loss, a tensor of one number, and dLogits [examples, labels]; the caller disposes of both
 */
export function classificationLoss(
  logits: Tensor,
  options: { ops: Ops; labels: readonly ExampleLabel[]; loss: ClassificationLoss; divisor: number },
): { loss: Tensor; dLogits: Tensor } {
  const { ops, labels, loss, divisor } = options;
  const [examples, classes] = logits.shape;
  if (loss.problemType === "single_label_classification") {
    const rows = singleTargets(labels, { classes, loss });
    return ops.tidy(() => lossOfRows(logits, { ops, rows, classes, loss, divisor }));
  }
  const rows = binaryTargets(labels, loss);
  return ops.tidy(() => {
    const column = ops.reshape(logits, [examples * classes, 1]);
    // [examples * classes, 2]: 0 and the logit
    const pairs = ops.matMul(column, ops.float(Float32Array.of(0, 1), [1, 2]));
    const { loss: sum, dLogits } = lossOfRows(pairs, { ops, rows, classes: 2, loss, divisor });
    return {
      loss: sum,
      dLogits: ops.reshape(ops.matMul(dLogits, ops.float(Float32Array.of(0, 1), [2, 1])), [examples, classes]),
    };
  });
}

/** Rows of logits with their targets: each row's class, its weight, and the target of each class. */
interface TargetRows {
  readonly hot: readonly number[];
  readonly weights: readonly number[];
  /** The part of the target that every class gets; undefined without smoothing. */
  readonly spread?: readonly number[];
}

function singleTargets(
  labels: readonly ExampleLabel[],
  from: { classes: number; loss: ClassificationLoss },
): TargetRows {
  const { classWeights, labelSmoothing } = from.loss;
  const hot = labels.map((label) => (typeof label === "number" ? label : label.indexOf(1)));
  const weights = hot.map((label) => (1 - labelSmoothing) * (classWeights?.[label] ?? 1));
  const spread =
    labelSmoothing === 0
      ? undefined
      : Array.from({ length: from.classes }, (_, c) => ((classWeights?.[c] ?? 1) * labelSmoothing) / from.classes);
  return { hot, weights, spread };
}

function binaryTargets(labels: readonly ExampleLabel[], { classWeights }: ClassificationLoss): TargetRows {
  const flat = labels.flatMap((label) =>
    typeof label === "number" ? [] : label.map((on, c) => ({ on, weight: on === 1 ? (classWeights?.[c] ?? 1) : 1 })),
  );
  return { hot: flat.map(({ on }) => on), weights: flat.map(({ weight }) => weight) };
}

function lossOfRows(
  logits: Tensor,
  options: { ops: Ops; rows: TargetRows; classes: number; loss: ClassificationLoss; divisor: number },
): { loss: Tensor; dLogits: Tensor } {
  const { ops, rows, classes, loss, divisor } = options;
  const { hot, weights, spread } = rows;
  const focal = loss.focalGamma > 0;
  const plain = spread === undefined && weights.every((weight) => weight === 1);
  const targets = new Float32Array(hot.length * classes);
  if (spread !== undefined) for (let i = 0; i < targets.length; i++) targets[i] = spread[i % classes];
  hot.forEach((label, row) => (targets[row * classes + label] += focal ? 1 : weights[row]));
  const target = ops.float(targets, [hot.length, classes]);
  const logProbabilities = ops.logSoftmax(logits);
  const probabilities = ops.softmax(logits);
  if (focal)
    return focalLoss({ ops, gamma: loss.focalGamma, weights, target, logProbabilities, probabilities, divisor });
  const sum = ops.reshape(ops.scale(ops.sum(ops.mul(target, logProbabilities), [0, 1]), -1 / divisor), [1]);
  const mass = plain ? probabilities : ops.mul(probabilities, ops.sum(target, [1], { keepDims: true }));
  return { loss: sum, dLogits: ops.scale(ops.sub(mass, target), 1 / divisor) };
}

/** -w q^g log p with q = 1 - p, and its gradient w (q^g - g q^(g-1) p log p) (p_c - [c = y]). */
function focalLoss(from: {
  ops: Ops;
  gamma: number;
  weights: readonly number[];
  target: Tensor;
  logProbabilities: Tensor;
  probabilities: Tensor;
  divisor: number;
}): { loss: Tensor; dLogits: Tensor } {
  const { ops, gamma, weights, target, logProbabilities, probabilities, divisor } = from;
  const ofLabel = (x: Tensor): Tensor => ops.sum(ops.mul(target, x), [1], { keepDims: true }); // [rows, 1]
  const weight = ops.float(Float32Array.from(weights), [weights.length, 1]);
  const p = ofLabel(probabilities);
  const logP = ofLabel(logProbabilities);
  // not 1 - p, which loses all digits near p = 1
  const q = ops.sum(ops.mul(ops.shift(ops.scale(target, -1), 1), probabilities), [1], { keepDims: true });
  const focus = ops.mul(weight, ops.pow(q, gamma));
  const sum = ops.reshape(ops.scale(ops.sum(ops.mul(focus, logP), [0, 1]), -1 / divisor), [1]);
  const slope = ops.scale(ops.div(ops.mul(p, logP), ops.shift(q, 1e-30)), -gamma); // -g p log p / q, which tends to g
  const factor = ops.mul(focus, ops.shift(slope, 1));
  return { loss: sum, dLogits: ops.scale(ops.mul(factor, ops.sub(probabilities, target)), 1 / divisor) };
}
