import type { EncoderConfig } from "./encoder-structure";
import { weightNames } from "./weights/weight-names";

/** Places of parameters between the embeddings and the head. */
export interface ParameterDepths {
  /** The depth of everything after the last layer: a final norm, the pooler, the head. */
  readonly highest: number;
  /**
   * The depth of a parameter, by its name in a checkpoint:
   *
   * - 0: the embeddings with their norm and projection; DeBERTa's and MPNet's relative positions
   * - i + 1: everything in layer i, counted from 0; layers of one group of shared weights (ALBERT) count as one
   * - `highest`: all others
   */
  readonly depthOf: (name: string) => number;
}

/** The depths of an encoder's parameters, which follow from its architecture's names. */
export function parameterDepths(config: EncoderConfig): ParameterDepths {
  const { prefix, embeddings, relative, relativeNorm, layers } = weightNames(config);
  const below = [...Object.values(embeddings as Record<string, string | undefined>), relative, relativeNorm].flatMap(
    (name) => (name === undefined ? [] : [`${prefix}${name}.`]),
  );
  const beforeNumber = `${prefix}${layers.slice(0, layers.indexOf("#"))}`;
  const highest = 1 + (config.structure.sharing?.groups ?? config.numHiddenLayers);
  return {
    highest,
    depthOf(name) {
      if (name.startsWith(beforeNumber)) return 1 + parseInt(name.slice(beforeNumber.length), 10);
      return below.some((start) => name.startsWith(start)) ? 0 : highest;
    },
  };
}
