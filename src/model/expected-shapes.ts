import { layerCounts, type EncoderConfig } from "./encoder-structure";
import {
  makeEmbeddings,
  makeFinalNorm,
  makeHead,
  makeLayer,
  makePositions,
  makeRelative,
  type PartMaker,
} from "./layout";

/** Every weight's shape by its full name, in the order of the model. */
export function expectedShapes(config: EncoderConfig, numLabels: number): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const maker = recorder(config, shapes);
  makeEmbeddings(config, maker);
  makeRelative(config, maker);
  makePositions(config, maker);
  for (let layer = 0; layer < layerCounts(config).own; layer++) makeLayer(config, layer, maker);
  makeFinalNorm(config, maker);
  makeHead(config, numLabels, maker);
  return shapes;
}

/** The shapes of the head's weights. */
export function headShapes(config: EncoderConfig, numLabels: number): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  makeHead(config, numLabels, recorder(config, shapes));
  return shapes;
}

/** Adds each part's shapes to a map. */
function recorder(config: EncoderConfig, shapes: Map<string, readonly number[]>): PartMaker<void, void, void> {
  return {
    linear: (name, { out, into, bias = true }) => {
      shapes.set(`${name}.weight`, [out, into]);
      if (bias) shapes.set(`${name}.bias`, [out]);
    },
    norm: (name, width) => {
      shapes.set(`${name}.weight`, [width]);
      if (config.structure.norm.bias) shapes.set(`${name}.bias`, [width]);
    },
    table: (name, shape) => void shapes.set(name, shape),
  };
}
