import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { Tensor } from "../ops/tensor";
import type { DropoutSource } from "../model/parts/dropout";
import type { Gradients } from "../model/parts/gradients";
import { packDocuments } from "../model/parts/packed-batch";
import type { Precision } from "../model/parts/pass";
import { splitByTokens } from "./batches";
import { classificationLoss, lossWeight, type ClassificationLoss, type ExampleLabel } from "./loss/classification-loss";

/** Tokenized examples. */
export interface TrainingDocuments {
  readonly documents: readonly Int32Array[];
  readonly lengths: readonly number[];
  readonly labels: readonly ExampleLabel[];
}

/**
 * Forward and backward over the micro-batches of one optimizer step. Their losses are divided by the whole step's
 * weight, so that gradients and loss are those of one batch of all examples, however it is cut.
 *
 * @param options.microBatches - indices of examples
 * @param options.gradients - where the gradients are summed
 * @returns the step's mean loss
 */
export async function batchGradients(
  classifier: Pick<SequenceClassifier, "model">,
  options: BatchOptions,
): Promise<number> {
  const { ops } = classifier.model;
  let total = 0;
  await eachPart(classifier, options, async (loss) => {
    total += (await ops.read(loss))[0];
    ops.dispose(loss);
  });
  return total;
}

/** {@link batchGradients} without waiting for the device: the loss is a tensor [1], the caller's. */
export async function batchGradientsUnread(
  classifier: Pick<SequenceClassifier, "model">,
  options: BatchOptions,
): Promise<Tensor> {
  const { ops } = classifier.model;
  let total: Tensor | undefined;
  await eachPart(classifier, options, (loss) => {
    const before = total;
    total = before === undefined ? loss : ops.add(before, loss);
    if (before !== undefined) ops.dispose(before, loss);
  });
  return total ?? ops.float(Float32Array.of(0), [1]);
}

/** Inputs of a step's gradients. */
export type BatchOptions = {
  microBatches: readonly (readonly number[])[];
  data: TrainingDocuments;
  loss: ClassificationLoss;
  dropout: DropoutSource | undefined;
  precision?: Precision;
  maxTokensPerPass: number;
  gradients: Gradients;
};

/** Forward and backward, part by part; `take` takes over each part's loss. */
async function eachPart(
  { model }: Pick<SequenceClassifier, "model">,
  options: BatchOptions,
  take: (loss: Tensor) => Promise<void> | void,
): Promise<void> {
  const { microBatches, data, loss, dropout, precision, maxTokensPerPass, gradients } = options;
  const { ops } = model;
  const labelsOf = (indices: readonly number[]): ExampleLabel[] => indices.map((index) => data.labels[index]);
  const divisor = lossWeight(labelsOf(microBatches.flat()), loss);
  for (const part of microBatches.flatMap((batch) =>
    splitByTokens(batch, { lengths: data.lengths, maxTokens: maxTokensPerPass }),
  )) {
    const packed = packDocuments(part.map((index) => data.documents[index]));
    const forward = model.forward({ kind: "training", ops, dropout, precision }, packed);
    const { loss: partLoss, dLogits } = classificationLoss(forward.logits, {
      ops,
      labels: labelsOf(packed.order.map((inPart) => part[inPart])),
      loss,
      divisor,
    });
    model.backward({ ops, gradients, precision }, dLogits, forward);
    await take(partLoss);
    forward.release();
    ops.dispose(dLogits);
    await new Promise((resolve) => setImmediate(resolve)); // Jupyter's messages and interrupts get their turn
  }
}
