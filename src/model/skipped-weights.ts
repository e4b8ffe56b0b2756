import { readEncoderConfig } from "./encoder-config";
import { openCheckpoint } from "./weights/open-checkpoint";
import { isOfOtherHead } from "./weights/weight-names";

/**
 * Names of the tensors in a model's folder that no classifier uses: pretraining heads and buffers. Reads the headers
 * alone.
 */
export async function skippedWeights(directory: string): Promise<{ names: readonly string[]; notice?: string }> {
  const config = await readEncoderConfig(directory);
  const file = await openCheckpoint(directory);
  await file.close();
  return { names: [...file.entries.keys()].filter((name) => isOfOtherHead(name, config)), notice: file.notice };
}
