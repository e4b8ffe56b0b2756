import type { EncoderSizes, EncoderStructure } from "../encoder-structure";
import type { ConfigFields } from "./config-fields";

/**
 * All differences of one `model_type` of transformers from the others. `index.ts` lists all architectures. To add one,
 * write such a record; only a part that no other encoder has needs code elsewhere.
 */
export interface Architecture {
  /** As in config.json. */
  readonly modelType: string;
  /** transformers' class for sequence classification, written to a saved config.json. */
  readonly className: string;
  /** Reads sizes and rates under this type's field names, with transformers' defaults. */
  sizes(fields: ConfigFields): EncoderSizes;
  /** The parts that the encoder is made of. */
  structure(fields: ConfigFields, sizes: EncoderSizes): EncoderStructure;
  readonly names: WeightNames;
  /**
   * Whether transformers' tokenizers of this type give token types, so that exported models take them.
   * @default true, if there are token types
   */
  readonly namesTypes?: false;
  /**
   * Tensors of a checkpoint that this type's classifier does not use, in addition to those of other heads and buffers
   * that `weights/weight-names.ts` lists for all types.
   */
  readonly unused?: RegExp;
  /** Modules without weights (dropouts and activations), which peft's patterns can still match. */
  readonly unweighted: {
    /** Under their full names. */
    readonly model: readonly string[];
    /** Under each layer. */
    readonly layer: readonly string[];
  };
  /** The modules to which the words "auto" and "all-linear" of LoRA's `targetModules` refer. */
  readonly targetModules: {
    /** peft's default for the type; where peft has none, the queries and values of the attention. */
    readonly auto: readonly string[];
    /** Ends of the names of all linear layers except those of the head, which is fully trained. */
    readonly allLinear: readonly string[];
  };
}

/**
 * transformers' names of a model's modules. The weights of a linear layer or norm are `NAME.weight` and `NAME.bias`,
 * that of an embedding is `NAME.weight`.
 */
export interface WeightNames {
  /** The prefix of the encoder in a checkpoint with a head; a bare encoder's checkpoint lacks it. */
  readonly prefix: string;
  /** After the prefix. */
  readonly embeddings: {
    readonly words: string;
    readonly positions?: string;
    readonly types?: string;
    readonly norm: string;
    /** The linear layer from the embeddings' width to the encoder's. */
    readonly projection?: string;
  };
  /** A layer, after the prefix, with a # for its number; with two, for its group and its number in the group. */
  readonly layers: string;
  /** The config.json's field of the number of layers in the weights, as a message names it. */
  readonly layersField: string;
  /** The parts of a layer, after its name. */
  readonly layer: {
    readonly attention: ProjectionNames;
    readonly attentionOutput: string;
    readonly attentionNorm: string;
    /** The first linear layer of the feed-forward block. */
    readonly intermediate: string;
    /** The last linear layer of the feed-forward block. */
    readonly output: string;
    readonly feedForwardNorm: string;
  };
  /** The embedding of distances, after the prefix. */
  readonly relative?: string;
  /** The norm of that embedding, after the prefix. */
  readonly relativeNorm?: string;
  /** The norm after the last layer, after the prefix. */
  readonly finalNorm?: string;
  /** The parts of the head, under their full names. */
  readonly head: {
    readonly dense: string;
    readonly norm?: string;
    readonly classifier: string;
  };
}

/** Names of the attention's projections: three linear layers, or one for all. */
export type ProjectionNames =
  | {
      readonly query: string;
      readonly key: string;
      readonly value: string;
      /** Layers for relative positions alone. */
      readonly positionKey?: string;
      readonly positionQuery?: string;
    }
  | { readonly fused: string };
