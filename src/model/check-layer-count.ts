import { TsloraError } from "../base/tslora-error";
import { shownPath } from "../base/shown-path";
import type { EncoderConfig } from "./encoder-config";
import type { Checkpoint } from "./weights/open-checkpoint";

/**
 * Compares the number of layers in config.json with the weights' header, before anything is allocated for them.
 *
 * @throws TsloraError `bad-input` if they differ.
 */
export function checkLayerCount(file: Checkpoint, config: EncoderConfig): void {
  const inFile = new Set<number>();
  for (const name of file.entries.keys()) {
    const [, layer] = /^(?:\w+\.)?(?:encoder|transformer)\.layer\.(\d{1,9})\./.exec(name) ?? [];
    if (layer !== undefined) inFile.add(Number(layer));
  }
  const { numHiddenLayers: claimed } = config;
  const key = config.modelType === "distilbert" ? "n_layers" : "num_hidden_layers";
  if (claimed === inFile.size) return;
  throw new TsloraError(
    "bad-input",
    `The weights ${shownPath(file.path)} do not fit their config.json: "${key}" must be the number of layers in the weights, ${inFile.size}; got ${claimed}.`,
    {
      details: { layers: inFile.size, [key]: claimed },
    },
  );
}
