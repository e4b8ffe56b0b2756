import { readEncoderConfig } from "./encoder-config";
import { openCheckpoint, type Checkpoint } from "./weights/open-checkpoint";
import { isOfOtherHead } from "./weights/weight-names";

/** The weights of a model's folder, with the names of those that the classifier does not use. */
export interface SkippedWeights {
  /** Names of the tensors of pretraining heads, and of buffers. */
  readonly names: readonly string[];
  /** The weights, closed. */
  readonly file: Checkpoint;
}

/** Finds the tensors in a model's folder that the classifier does not use. Reads only the headers. */
export async function skippedWeights(directory: string): Promise<SkippedWeights> {
  const config = await readEncoderConfig(directory);
  const file = await openCheckpoint(directory);
  await file.close();
  return { names: [...file.entries.keys()].filter((name) => isOfOtherHead(name, config)), file };
}
