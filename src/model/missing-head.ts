import { readEncoderConfig } from "./encoder-config";
import { openCheckpoint } from "./weights/open-checkpoint";
import { weightNames } from "./weights/weight-names";

/** The names of the head's weights that a model's folder does not hold, by the headers alone: loading draws them. */
export async function missingHead(directory: string): Promise<string[]> {
  const { dense, classifier, prefix } = weightNames(await readEncoderConfig(directory));
  const file = await openCheckpoint(directory);
  await file.close();
  const isThere = (name: string): boolean =>
    file.entries.has(name) || (name.startsWith(prefix) && file.entries.has(name.slice(prefix.length)));
  return [dense, classifier]
    .flatMap((module) => [`${module}.weight`, `${module}.bias`])
    .filter((name) => !isThere(name));
}
