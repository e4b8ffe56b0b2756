import { readEncoderConfig } from "./encoder-config";
import { headShapes } from "./expected-shapes";
import { openCheckpoint } from "./weights/open-checkpoint";
import { weightNames } from "./weights/weight-names";

/** Names of the head's weights that a model folder lacks. Loading initializes them. Reads only the headers. */
export async function missingHead(directory: string): Promise<string[]> {
  const config = await readEncoderConfig(directory);
  const { prefix } = weightNames(config);
  const file = await openCheckpoint(directory);
  await file.close();
  const isThere = (name: string): boolean =>
    file.entries.has(name) || (name.startsWith(prefix) && file.entries.has(name.slice(prefix.length)));
  return [...headShapes(config, 1).keys()].filter((name) => !isThere(name));
}
