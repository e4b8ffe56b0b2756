import { dirname, join } from "node:path";

import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { TrainingMethod } from "../../classifier/training-method";
import { DEFAULT_NAME } from "../../lora/adapter-set";
import { readCheckpointTensors, type CheckpointTensors } from "./checkpoint-tensors";
import type { FoundCheckpoint } from "./find-checkpoint";

/** A checkpoint, and the tensors that a run resumes with. */
export interface Resume {
  readonly checkpoint: FoundCheckpoint;
  /** The trained weights, by parameter. */
  readonly weights: CheckpointTensors;
  readonly moments: CheckpointTensors;
  /** The weights of the best evaluation, if they are restored at the end. */
  readonly bestWeights: CheckpointTensors;
}

/**
 * Reads all of a checkpoint before anything is changed.
 *
 * @throws TsloraError `bad-input` that names every weight and moment at fault.
 */
export async function readResume(
  classifier: SequenceClassifier,
  options: { checkpoint: FoundCheckpoint; method: TrainingMethod },
): Promise<Resume> {
  const { checkpoint, method } = options;
  const { path, state } = checkpoint;
  const { activeAdapter = DEFAULT_NAME } = classifier;
  const reading = {
    method,
    parameters: classifier.trainableParameters(),
    frozen: classifier.model.parameters().flatMap(({ name, trainable }) => (trainable ? [] : [name])),
    adapterFolder: activeAdapter === DEFAULT_NAME ? "." : activeAdapter,
  };
  const { weights, moments } = await readCheckpointTensors(path, reading);
  if (state.best === undefined || state.identity.options.loadBestModelAtEnd !== true)
    return { checkpoint, weights, moments, bestWeights: new Map() };
  if (state.best.step === state.step) return { checkpoint, weights, moments, bestWeights: weights };
  const best = await readCheckpointTensors(join(dirname(path), `checkpoint-${state.best.step}`), reading);
  return { checkpoint, weights, moments, bestWeights: best.weights };
}
