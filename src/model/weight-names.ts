import type { EncoderConfig, ModelType } from "./encoder-config";

/** What transformers calls the parts of a model; a linear layer or norm has `.weight` and `.bias` under its name. */
export interface WeightNames {
  /** The prefix of the encoder in a checkpoint with a head; a bare encoder's checkpoint lacks it. */
  readonly prefix: string;
  readonly words: string;
  readonly positions: string;
  readonly types?: string;
  readonly embeddingsNorm: string;
  layer(index: number): {
    readonly query: string;
    readonly key: string;
    readonly value: string;
    readonly attentionOutput: string;
    readonly attentionNorm: string;
    readonly intermediate: string;
    readonly output: string;
    readonly outputNorm: string;
  };
  /** The head's first dense layer. */
  readonly dense: string;
  readonly classifier: string;
}

const NAMES: Record<ModelType, WeightNames> = {
  bert: {
    prefix: "bert.",
    words: "bert.embeddings.word_embeddings.weight",
    positions: "bert.embeddings.position_embeddings.weight",
    types: "bert.embeddings.token_type_embeddings.weight",
    embeddingsNorm: "bert.embeddings.LayerNorm",
    layer: (i) => ({
      query: `bert.encoder.layer.${i}.attention.self.query`,
      key: `bert.encoder.layer.${i}.attention.self.key`,
      value: `bert.encoder.layer.${i}.attention.self.value`,
      attentionOutput: `bert.encoder.layer.${i}.attention.output.dense`,
      attentionNorm: `bert.encoder.layer.${i}.attention.output.LayerNorm`,
      intermediate: `bert.encoder.layer.${i}.intermediate.dense`,
      output: `bert.encoder.layer.${i}.output.dense`,
      outputNorm: `bert.encoder.layer.${i}.output.LayerNorm`,
    }),
    dense: "bert.pooler.dense",
    classifier: "classifier",
  },
  distilbert: {
    prefix: "distilbert.",
    words: "distilbert.embeddings.word_embeddings.weight",
    positions: "distilbert.embeddings.position_embeddings.weight",
    embeddingsNorm: "distilbert.embeddings.LayerNorm",
    layer: (i) => ({
      query: `distilbert.transformer.layer.${i}.attention.q_lin`,
      key: `distilbert.transformer.layer.${i}.attention.k_lin`,
      value: `distilbert.transformer.layer.${i}.attention.v_lin`,
      attentionOutput: `distilbert.transformer.layer.${i}.attention.out_lin`,
      attentionNorm: `distilbert.transformer.layer.${i}.sa_layer_norm`,
      intermediate: `distilbert.transformer.layer.${i}.ffn.lin1`,
      output: `distilbert.transformer.layer.${i}.ffn.lin2`,
      outputNorm: `distilbert.transformer.layer.${i}.output_layer_norm`,
    }),
    dense: "pre_classifier",
    classifier: "classifier",
  },
};

/** The names of a model type's weights. */
export function weightNames(config: Pick<EncoderConfig, "modelType">): WeightNames {
  return NAMES[config.modelType];
}

/** Weights of other heads, and buffers, that a checkpoint may hold beside the encoder's; transformers drops them too. */
export const OTHER_HEADS = /^(cls\.|vocab_(transform|layer_norm|projector)\.|qa_outputs\.)|(^|\.)embeddings\.position_ids$/;
