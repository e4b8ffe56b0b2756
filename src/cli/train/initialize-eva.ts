import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { initializeLoraEvaWeights } from "../../training/initialize-lora-eva-weights";
import { countProgress } from "../terminal/show-progress";
import type { Terminal } from "../terminal/terminal";
import type { LoadedParts } from "./load-parts";
import type { TrainPlan } from "./plan-train";

/**
 * Initializes a new adapter by EVA with the training texts, in batches as training makes them. Returns a sentence about
 * the ranks; undefined if the adapter has another initialization.
 */
export async function initializeEva(
  classifier: SequenceClassifier,
  from: { plan: TrainPlan; parts: LoadedParts; terminal: Terminal; signal: AbortSignal },
): Promise<string | undefined> {
  if (classifier.adapter?.awaitsEva !== true) return undefined;
  const { plan, parts, terminal, signal } = from;
  const { perDeviceTrainBatchSize, trainSamplingStrategy, maxTokensPerPass } = plan.train;
  const progress = countProgress(terminal, "EVA: directions converged", "layers");
  const before = classifier.adapter.updates.size;
  try {
    const { updates } = await initializeLoraEvaWeights(classifier, parts.train, {
      perDeviceTrainBatchSize,
      trainSamplingStrategy,
      maxTokensPerPass,
      onProgress: progress.update,
      signal,
    });
    const ranks = [...updates.values()].map(({ a }) => a.shape[0]);
    const left =
      before === ranks.length ? "" : `; ${before - ranks.length} of ${before} layers have rank 0 and stay as they are`;
    return `EVA distributed the ranks over the layers: ${Math.min(...ranks)} to ${Math.max(...ranks)}${left}.`;
  } finally {
    progress.stop();
  }
}
