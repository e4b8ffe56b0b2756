import { cellSignal } from "../base/cell-signal";
import type { TextInput } from "../base/text-input";
import { predictDocuments } from "./predict-documents";
import { DEFAULT_TOKENS_PER_PASS, type PredictOptions } from "./predict-options";
import type { SequenceClassifier } from "./sequence-classifier";

/**
 * Features of each text by a classifier's encoder, before the head: the last layer's first token, or the mean of all
 * tokens, as the model's head takes it. Adapters in use count. For the audit's `embeddings`, for example.
 *
 * @returns [texts][width]
 */
export async function encoderFeatures(
  classifier: SequenceClassifier,
  texts: readonly TextInput[],
  options: PredictOptions = {},
): Promise<Float32Array[]> {
  const { maxTokensPerPass = DEFAULT_TOKENS_PER_PASS, onProgress, signal = cellSignal() } = options;
  const documents = classifier.encode(texts);
  const features = await predictDocuments(classifier.model, documents, {
    maxTokensPerPass,
    onProgress,
    signal,
    features: true,
  });
  const width = features.length / Math.max(1, texts.length);
  return texts.map((_, row) => features.subarray(row * width, (row + 1) * width));
}
