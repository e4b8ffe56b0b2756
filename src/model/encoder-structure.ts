import type { Activation as SmoothActivation } from "../ops/ops";

/** The activation functions that encoders use. */
export type Activation = SmoothActivation | "relu" | "tanh";

/**
 * The task of a head, under transformers' names: exactly one class (softmax of a row), or any number of classes
 * (sigmoid of each score).
 */
export type ProblemType = "single_label_classification" | "multi_label_classification";

/** The representation of the order of tokens in an encoder. */
export type Positions =
  | {
      /** A learned embedding of each position, added to the word's. */
      readonly kind: "learned";
      /**
       * The pad token's id, if positions start at the number after it, and a pad token within a text does not count
       * (RoBERTa).
       */
      readonly countedFrom?: number;
      /**
       * Number of buckets of distances, if all layers share a table with an addend of the attention scores for each
       * bucket and head (MPNet).
       */
      readonly relativeBuckets?: number;
    }
  | {
      /** Queries and keys are rotated by their position; `layer(i).theta` is the base of the angles. */
      readonly kind: "rotary";
    }
  | {
      /** The embeddings hold no position; only disentangled attention uses positions. */
      readonly kind: "none";
    };

/** Disentangled attention (He et al., DeBERTa, 2021). */
export interface DisentangledStructure {
  /** Whether there are relative positions. Without them, the terms change only the scores' scale. */
  readonly isRelative: boolean;
  /** The terms of the scores in addition to content to content: content to position, position to content. */
  readonly terms: readonly ("c2p" | "p2c")[];
  /** Whether the projections of the content also project the positions. */
  readonly sharesProjections: boolean;
  /** Whether the positions' embeddings are normalised. */
  readonly hasNorm: boolean;
  /** Rows of the positions' embeddings for each direction. */
  readonly span: number;
  /** Buckets of distances for each direction; undefined if each distance has its own. */
  readonly buckets: number | undefined;
  /** The distance that the last bucket reaches. */
  readonly maxDistance: number;
}

/** The differences between the layers of one encoder. */
export interface LayerStructure {
  /** Greatest distance between tokens that attend to each other; undefined if all tokens of a text do. */
  readonly window?: number;
  /** Base of the rotary angles. */
  readonly theta?: number;
  /** Whether the layer normalizes the input of its attention; ModernBERT's first layer does not. @default true */
  readonly attentionNorm?: boolean;
}

/**
 * A head, from the last layer's result to the logits: dropout, dense layer, activation, norm if it has a name, dropout,
 * classifier.
 */
export interface HeadStructure {
  /** The vector of a document: its first token's, or the mean of all. @default "cls" */
  readonly pooling?: "cls" | "mean";
  readonly activation: Activation;
  /** The rate of dropout before the dense layer, if there is one. */
  readonly inputDropout?: Rate;
  /** Whether the dense layer has a bias. @default true */
  readonly bias?: boolean;
  /**
   * Standard deviations of new weights; weights beyond `cutoff` standard deviations are drawn again.
   * @default `initializerRange`, without a cutoff
   */
  readonly spread?: { readonly dense: number; readonly classifier: number; readonly cutoff: number };
}

/** The structure of an encoder: everything that is not a size or a rate. */
export interface EncoderStructure {
  readonly positions: Positions;
  /** Norms after each residual sum ("post", as in BERT) or before each block ("pre"). */
  readonly norm: { readonly placement: "post" | "pre"; readonly bias: boolean };
  readonly attention: {
    /** Query, key and value as three linear layers, or as one that computes all of them. */
    readonly projections: "separate" | "fused";
    readonly bias: boolean;
    /** The rate of dropout after the last linear layer. */
    readonly outputDropout?: Rate;
  };
  readonly feedForward: {
    /**
     * Linear, activation, linear; or gated: linear to twice the size, activation of one half times the other, linear.
     */
    readonly kind: "mlp" | "gated";
    readonly bias: boolean;
    /** The rate of dropout after the block; in a gated block, before its last linear layer. */
    readonly dropout?: Rate;
  };
  /** Given for an encoder with disentangled attention. */
  readonly disentangled?: DisentangledStructure;
  /**
   * Whether a linear layer projects the embeddings to the encoder's size. ELECTRA has it if the sizes differ, ALBERT
   * always.
   */
  readonly projectsEmbeddings: boolean;
  /** The rate of dropout after the embeddings. */
  readonly embeddingDropout: Rate;
  /** Layers that share weights (ALBERT): groups, and layers in each group. Undefined if each layer has its own. */
  readonly sharing?: { readonly groups: number; readonly layersPerGroup: number };
  readonly head: HeadStructure;
  /** The differences between layers. Layers count in the order in which they run. */
  readonly layer: (index: number) => LayerStructure;
}

/** An encoder's sizes and rates: the values of `config.json` under one set of names (BERT's, in camelCase). */
export interface EncoderSizes {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Width of the embeddings. @default hiddenSize */
  readonly embeddingSize?: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly maxPositionEmbeddings: number;
  /** The pad token's id: PyTorch never trains its embedding. */
  readonly padTokenId: number | undefined;
  /** 0 if there are no token types (DistilBERT). */
  readonly typeVocabSize: number;
  readonly hiddenAct: Activation;
  readonly layerNormEps: number;
  /** Dropout of hidden states, such as the embeddings and the results of blocks. */
  readonly hiddenDropout: number;
  /** Dropout after the embeddings, where it has a rate of its own (ModernBERT). */
  readonly embeddingDropout?: number;
  /** Dropout before the head's dense layer, where it has a rate of its own (DeBERTa). */
  readonly poolerDropout?: number;
  /** Dropout on the attention weights. */
  readonly attentionDropout: number;
  /** Dropout before the classifier. */
  readonly classifierDropout: number;
  /** Standard deviation of new weights. */
  readonly initializerRange: number;
}

/** The dropout rates of an encoder. */
export type Rate = "hiddenDropout" | "embeddingDropout" | "poolerDropout" | "attentionDropout" | "classifierDropout";

/** An encoder: its type, sizes, rates and parts. */
export interface EncoderConfig extends EncoderSizes {
  /** The `model_type` of its config.json. */
  readonly modelType: string;
  /** Width of the embeddings; the encoder's own unless it projects them. */
  readonly embeddingSize: number;
  /** Most tokens of a text. Positions up to `countedFrom` of {@link Positions} are not used for tokens. */
  readonly maxTokens: number;
  readonly structure: EncoderStructure;
  /** Label names by class, if the checkpoint names them. */
  readonly id2label?: readonly string[];
  /** Problem type of the checkpoint's head, if config.json names one. */
  readonly problemType?: ProblemType | "regression";
  /** Whether the checkpoint was trained on pairs of texts, as `saveModel` notes it in `text_pair`. */
  readonly textPair?: true;
}

/** A dropout rate by its name; 0 without a name. */
export function rateOf(config: EncoderConfig, rate: Rate | undefined): number {
  return (rate && config[rate]) ?? 0;
}

/** The index of the layer that runs at a step. Only shared layers run more than once. */
export function layerAt({ numHiddenLayers, structure: { sharing } }: EncoderConfig, step: number): number {
  if (sharing === undefined) return step;
  const { groups, layersPerGroup } = sharing;
  const group = Math.trunc(Math.trunc(step / layersPerGroup) / (numHiddenLayers / groups));
  return group * layersPerGroup + (step % layersPerGroup);
}

/** Number of layers with weights of their own, and of layers that run. */
export function layerCounts({ numHiddenLayers, structure: { sharing } }: EncoderConfig): { own: number; run: number } {
  if (sharing === undefined) return { own: numHiddenLayers, run: numHiddenLayers };
  return { own: sharing.groups * sharing.layersPerGroup, run: numHiddenLayers * sharing.layersPerGroup };
}
