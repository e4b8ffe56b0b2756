import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { ClassificationModel } from "../model/classification-model";
import type { TrainingForward } from "../model/model-passes";
import { Gradients } from "../model/parts/gradients";
import { packDocuments, type TokenDocument } from "../model/parts/packed-batch";

/** One input in several versions, which differ in their word embeddings. */
export interface Versions {
  readonly document: TokenDocument;
  /** Number of versions. */
  readonly count: number;
  /** Word embeddings of all versions: [versions, tokens, width], row by row. */
  readonly words: Float32Array;
}

/** The word embeddings of an input: [tokens, width]. */
export async function readWords(model: ClassificationModel, ids: Int32Array): Promise<Float32Array> {
  const tensor = model.wordEmbeddings(ids);
  try {
    return await model.ops.read(tensor);
  } finally {
    model.ops.dispose(tensor);
  }
}

/** The logits of every version: [versions, labels]. */
export async function logitsOfVersions(model: ClassificationModel, versions: Versions): Promise<Float32Array> {
  const { ops } = model;
  const { batch, shape } = packed(versions);
  const logits = ops.escape(() => model.predict(batch, { words: ops.float(versions.words, shape) }));
  try {
    return await ops.read(logits);
  } finally {
    ops.dispose(logits);
  }
}

/**
 * The gradient of one label's logit with respect to the word embeddings of every version: [versions, tokens, width].
 */
export async function gradientsOfVersions(
  classifier: SequenceClassifier,
  versions: Versions,
  label: number,
): Promise<Float32Array> {
  const { model } = classifier;
  const { ops, numLabels } = model;
  const dWords = withoutTraining(classifier, () => {
    const forward = forwardOf(model, versions);
    try {
      const isLabel = (_: unknown, i: number): number => Number(i % numLabels === label);
      const oneHot = Float32Array.from({ length: versions.count * numLabels }, isLabel);
      const gradients = new Gradients(ops); // stays empty: no weight is trainable here
      return ops.escape(() =>
        model.backward({ ops, gradients }, ops.float(oneHot, [versions.count, numLabels]), forward),
      );
    } finally {
      forward.release();
    }
  });
  if (dWords === undefined) throw new TypeError("A backward pass must return the gradient of given embeddings.");
  try {
    return await ops.read(dWords);
  } finally {
    ops.dispose(dWords);
  }
}

/** The forward half of a pass over every version. The result owns the versions' embeddings. */
function forwardOf(model: ClassificationModel, versions: Versions): TrainingForward {
  const { ops } = model;
  const { batch, shape } = packed(versions);
  const words = ops.escape(() => ops.float(versions.words, shape));
  try {
    return model.forward({ kind: "training", ops, dropout: undefined }, batch, { words });
  } catch (error) {
    ops.dispose(words);
    throw error;
  }
}

/** The versions as a batch. All have the same length, so packing keeps their order. */
function packed({ document, count, words }: Versions): {
  batch: ReturnType<typeof packDocuments>;
  shape: readonly [rows: number, width: number];
} {
  const rows = count * document.ids.length;
  return { batch: packDocuments(Array.from({ length: count }, () => document)), shape: [rows, words.length / rows] };
}

/** Calls `compute` while no weight is trainable, so that a backward pass computes no gradient of a weight. */
function withoutTraining<T>(classifier: SequenceClassifier, compute: () => T): T {
  const { model, adapter } = classifier;
  const trainable = [...model.parameters(), ...(adapter?.parameters() ?? [])].filter((weight) => weight.trainable);
  for (const weight of trainable) weight.trainable = false;
  try {
    return compute();
  } finally {
    for (const weight of trainable) weight.trainable = true;
  }
}
