import { readEncoderConfig } from "./encoder-config";
import { openCheckpoint, type Checkpoint } from "./weights/open-checkpoint";
import { isOfOtherHead } from "./weights/weight-names";

/** The weights of a model's folder, and which of them no classifier uses. */
export interface SkippedWeights {
  /** Names of the tensors of pretraining heads, and of buffers. */
  readonly names: readonly string[];
  /** The weights, closed. */
  readonly file: Checkpoint;
}

/** Finds which tensors in a model's folder no classifier uses. Reads the headers alone. */
export async function skippedWeights(directory: string): Promise<SkippedWeights> {
  const config = await readEncoderConfig(directory);
  const file = await openCheckpoint(directory);
  await file.close();
  return { names: [...file.entries.keys()].filter((name) => isOfOtherHead(name, config)), file };
}
