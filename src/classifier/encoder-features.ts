import { cellSignal } from "../base/cell-signal";
import type { TextInput } from "../base/text-input";
import { predictDocuments } from "./predict-documents";
import { DEFAULT_TOKENS_PER_PASS, type PredictOptions } from "./predict-options";
import type { SequenceClassifier } from "./sequence-classifier";

/**
 * Features of each text: the input of the classifier's head. Depending on the model, this is the last layer's output
 * for the first token, or its mean over all tokens. The adapter in use is applied. Serves as `embeddings` of `audit`.
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
