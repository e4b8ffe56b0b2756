import type { PrefixSource } from "../../classifier/predict-options";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Tensor } from "../../ops/tensor";
import type { DropoutSource } from "../../model/parts/dropout";
import type { Gradients } from "../../model/parts/gradients";
import { packDocuments, type TokenDocument } from "../../model/parts/packed-batch";
import type { Precision } from "../../model/parts/pass";
import { splitByTokens } from "../data/batches";
import {
  classificationLoss,
  lossWeight,
  type ClassificationLoss,
  type ExampleLabel,
} from "../loss/classification-loss";

/** Most calls of recorded operations that the passes of a step are divided into. */
const MOST_CALLS = 4;

/** Tokenized examples. */
export interface TrainingDocuments {
  readonly documents: readonly TokenDocument[];
  readonly lengths: readonly number[];
  readonly labels: readonly ExampleLabel[];
}

/** Inputs of a step's gradients. */
export interface BatchOptions {
  /** Indices of examples. */
  readonly microBatches: readonly (readonly number[])[];
  readonly data: TrainingDocuments;
  readonly loss: ClassificationLoss;
  readonly dropout: DropoutSource | undefined;
  readonly precision?: Precision;
  /** Whether dropout also applies to frozen layers below the first trained one. @default true */
  readonly frozenDropout?: boolean;
  /** Results of those layers, which are then not computed. */
  readonly prefixCache?: PrefixSource | undefined;
  readonly maxTokensPerPass: number;
  /** Receives the gradients. */
  readonly gradients: Gradients;
}

/**
 * Runs forward and backward passes over the micro-batches of one optimizer step, with at most `maxTokensPerPass` tokens
 * per pass. Each loss is divided by the weight of the whole step, so gradients and loss are those of one batch of all
 * examples, however it is divided. Does not wait for the device.
 *
 * @returns the loss of each pass, tensors [1] that the caller owns; their sum is the step's mean loss
 */
export async function batchGradients(
  { model }: Pick<SequenceClassifier, "model">,
  options: BatchOptions,
): Promise<readonly Tensor[]> {
  const { microBatches, data, loss, dropout, precision, frozenDropout, prefixCache, maxTokensPerPass, gradients } =
    options;
  const { ops } = model;
  const labelsOf = (indices: readonly number[]): ExampleLabel[] => indices.map((index) => data.labels[index]);
  const divisor = lossWeight(labelsOf(microBatches.flat()), loss);
  const parts = microBatches.flatMap((batch) =>
    splitByTokens(batch, { lengths: data.lengths, maxTokens: maxTokensPerPass }),
  );
  const losses: Tensor[] = [];
  const together = Math.ceil(parts.length / MOST_CALLS);
  try {
    for (const [i, part] of parts.entries()) {
      const packed = packDocuments(part.map((index) => data.documents[index]));
      const prefix = await prefixCache?.valuesOf(packed.order.map((inPart) => data.documents[part[inPart]]));
      const forward = model.forward({ kind: "training", ops, dropout, precision, frozenDropout }, packed, { prefix });
      const { loss: partLoss, dLogits } = classificationLoss(forward.logits, {
        ops,
        labels: labelsOf(packed.order.map((inPart) => part[inPart])),
        loss,
        divisor,
      });
      losses.push(partLoss);
      model.backward({ ops, gradients, precision }, dLogits, forward);
      forward.release();
      ops.dispose(dLogits);
      if ((i + 1) % together === 0) ops.recording?.flush();
      await new Promise((resolve) => setImmediate(resolve)); // lets Jupyter send messages and interrupts
    }
  } catch (error) {
    ops.dispose(...losses);
    throw error;
  }
  return losses;
}
