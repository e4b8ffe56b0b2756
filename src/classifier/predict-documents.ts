import type { ClassificationModel } from "../model/classification-model";
import { packDocuments, type TokenDocument } from "../model/parts/packed-batch";
import { expectTokensPerPass, type PredictOptions } from "./predict-options";

/** Options of {@link predictDocuments}. */
type PassOptions = Pick<PredictOptions, "onProgress" | "signal" | "prefixCache"> &
  Required<Pick<PredictOptions, "maxTokensPerPass">> & {
    /** Whether to return what the head gets instead of logits. @default false */
    readonly features?: boolean;
  };

/**
 * Logits of documents, row by row in their order: [documents, labels], or features: [documents, width]. Documents of
 * similar length run together. The event loop runs between passes.
 *
 * @throws TsloraError `bad-option` if `maxTokensPerPass` is below 1 or no number.
 */
export async function predictDocuments(
  model: ClassificationModel,
  documents: readonly TokenDocument[],
  { maxTokensPerPass, onProgress, signal, prefixCache, features = false }: PassOptions,
): Promise<Float32Array> {
  expectTokensPerPass(maxTokensPerPass);
  const { ops } = model;
  const width = features ? model.config.hiddenSize : model.numLabels;
  const lengths = documents.map(({ ids }) => ids.length);
  const byLength = documents.map((_, index) => index).sort((a, b) => lengths[a] - lengths[b]);
  const logits = new Float32Array(documents.length * width);
  for (let done = 0; done < byLength.length;) {
    signal?.throwIfAborted();
    const part: number[] = [];
    for (let tokens = 0; done + part.length < byLength.length;) {
      const next = byLength[done + part.length];
      tokens += lengths[next];
      if (part.length > 0 && tokens > maxTokensPerPass) break;
      part.push(next);
    }
    const batch = packDocuments(part.map((index) => documents[index]));
    const inOrder = batch.order.map((inPart) => documents[part[inPart]]);
    const packed = model.predict(batch, { features, prefix: await prefixCache?.valuesOf(inOrder) });
    const values = await ops.read(packed).finally(() => ops.dispose(packed));
    batch.order.forEach((inPart, row) =>
      logits.set(values.subarray(row * width, (row + 1) * width), part[inPart] * width),
    );
    done += part.length;
    onProgress?.(done, byLength.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return logits;
}
