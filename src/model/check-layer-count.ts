import { TsloraError } from "../base/tslora-error";
import { shownPath } from "../base/shown-path";
import { layerCounts, type EncoderConfig } from "./encoder-structure";
import type { Checkpoint } from "./weights/open-checkpoint";
import { weightNames } from "./weights/weight-names";

/**
 * Compares the number of layers in config.json with the weights' header, before anything is allocated for them.
 *
 * @throws TsloraError `bad-input` if they differ.
 */
export function checkLayerCount(file: Checkpoint, config: EncoderConfig): void {
  const { layers, layersField } = weightNames(config);
  const pattern = new RegExp(`^(?:\\w+\\.)?(${layers.replaceAll(".", "\\.").replaceAll("#", "\\d{1,9}")})\\.`);
  const inFile = new Set<string>();
  for (const name of file.entries.keys()) {
    const [, layer] = pattern.exec(name) ?? [];
    if (layer !== undefined) inFile.add(layer);
  }
  const { own: claimed } = layerCounts(config);
  if (claimed === inFile.size) return;
  throw new TsloraError(
    "bad-input",
    `The weights ${shownPath(file.path)} do not fit their config.json: ${layersField} must be the number of layers in the weights, ${inFile.size}; got ${claimed}.`,
    { details: { layers: inFile.size, claimed } },
  );
}
