import type { TokenDocument } from "../model/parts/packed-batch";
import type { OnnxClassifier } from "./onnx-classifier";

/** Texts of one call, and runs of each model; the first run is not counted. */
const TEXTS = 8;
const RUNS = 5;

/**
 * Texts per second of each model, in calls of 8 texts of equal length. The models take turns, so that other work on the
 * machine slows all of them; the fastest of 5 calls counts.
 */
export async function measureSpeed(
  classifiers: readonly OnnxClassifier[],
  { tokens }: { readonly tokens: number },
): Promise<number[]> {
  const documents = Array.from({ length: TEXTS }, (): TokenDocument => ({ ids: new Int32Array(tokens).fill(1) }));
  const best = classifiers.map(() => Infinity);
  for (let run = 0; run <= RUNS; run++)
    for (const [i, classifier] of classifiers.entries()) {
      const start = performance.now();
      await classifier.predictDocuments(documents, { maxTokensPerPass: TEXTS * tokens });
      if (run > 0) best[i] = Math.min(best[i], (performance.now() - start) / 1000);
    }
  return best.map((seconds) => TEXTS / seconds);
}
