import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { DropoutSource } from "../model/dropout";
import type { Gradients } from "../model/gradients";
import { packDocuments } from "../model/packed-batch";
import type { Precision } from "../model/pass";
import { splitByTokens } from "./batches";
import { classificationLoss, lossWeight, type ClassificationLoss, type ExampleLabel } from "./classification-loss";

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
  { model }: Pick<SequenceClassifier, "model">,
  options: { microBatches: readonly (readonly number[])[]; data: TrainingDocuments; loss: ClassificationLoss; dropout: DropoutSource | undefined; precision?: Precision; maxTokensPerPass: number; gradients: Gradients },
): Promise<number> {
  const { microBatches, data, loss, dropout, precision, maxTokensPerPass, gradients } = options;
  const { ops } = model;
  const labelsOf = (indices: readonly number[]): ExampleLabel[] => indices.map((index) => data.labels[index]);
  const divisor = lossWeight(labelsOf(microBatches.flat()), loss);
  let total = 0;
  for (const part of microBatches.flatMap((batch) => splitByTokens(batch, { lengths: data.lengths, maxTokens: maxTokensPerPass }))) {
    const packed = packDocuments(part.map((index) => data.documents[index]));
    const forward = model.forward({ kind: "training", ops, dropout, precision }, packed);
    const { loss: partLoss, dLogits } = classificationLoss(forward.logits, { ops, labels: labelsOf(packed.order.map((inPart) => part[inPart])), loss, divisor });
    model.backward({ ops, gradients, precision }, dLogits, forward);
    total += (await ops.read(partLoss))[0];
    forward.release();
    ops.dispose(partLoss, dLogits);
    await new Promise((resolve) => setImmediate(resolve)); // Jupyter's messages and interrupts get their turn
  }
  return total;
}
