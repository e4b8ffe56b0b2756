import { dirname, join } from "node:path";

import { Problems } from "../base/problems";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { sizeOf } from "../device/tensor";
import { readCheckpointTensors, type CheckpointTensors } from "./checkpoints";
import type { FoundCheckpoint } from "./find-checkpoint";

/** A checkpoint with all that a run goes on from. */
export interface Resume {
  readonly checkpoint: FoundCheckpoint;
  /** The trained weights, by parameter. */
  readonly weights: CheckpointTensors;
  readonly moments: CheckpointTensors;
  /** Those of the best evaluation, where they are to be put back at the end. */
  readonly bestWeights: CheckpointTensors;
}

/**
 * Reads all of a checkpoint before anything is changed.
 *
 * @throws TsloraError `bad-input` that names every weight that is missing or of another size.
 */
export async function readResume(classifier: SequenceClassifier, options: { checkpoint: FoundCheckpoint; method: "lora" | "full" }): Promise<Resume> {
  const { checkpoint, method } = options;
  const { path, state } = checkpoint;
  const { weights, moments } = await readCheckpointTensors(path, { method });
  const problems = new Problems(`The checkpoint ${path} does not fit the classifier`);
  for (const { name, shape } of classifier.trainableParameters()) {
    problems.expect(weights.get(name)?.length === sizeOf(shape), `"${name}" is to have ${sizeOf(shape)} numbers; ${weights.get(name)?.length ?? "none"} came`);
  }
  problems.throwIfAny("bad-input");
  if (state.best === undefined || state.identity.options.loadBestModelAtEnd !== true) return { checkpoint, weights, moments, bestWeights: new Map() };
  if (state.best.step === state.step) return { checkpoint, weights, moments, bestWeights: weights };
  const best = await readCheckpointTensors(join(dirname(path), `checkpoint-${state.best.step}`), { method, only: "weights" });
  return { checkpoint, weights, moments, bestWeights: best.weights };
}
