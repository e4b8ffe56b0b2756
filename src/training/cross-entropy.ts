import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";

/**
 * Softmax cross entropy, summed over examples and multiplied by `weight` (1 / examples of the whole batch, so that
 * parts of a batch add up to its mean), and its gradient.
 *
 * @param logits - [examples, labels]
 * @param labels - the class of each example
 * @returns the loss, a tensor of one number, and dLogits [examples, labels]; the caller disposes of both
 */
export function crossEntropy(logits: Tensor, options: { ops: Ops; labels: readonly number[]; weight: number }): { loss: Tensor; dLogits: Tensor } {
  const { ops, labels, weight } = options;
  const [examples, classes] = logits.shape;
  const oneHot = new Float32Array(examples * classes);
  labels.forEach((label, row) => (oneHot[row * classes + label] = 1));
  return ops.tidy(() => {
    const target = ops.float(oneHot, [examples, classes]);
    const logProbabilities = ops.logSoftmax(logits);
    const loss = ops.reshape(ops.scale(ops.sum(ops.mul(target, logProbabilities), [0, 1]), -weight), [1]);
    return { loss, dLogits: ops.scale(ops.sub(ops.softmax(logits), target), weight) };
  });
}
