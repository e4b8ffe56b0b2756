import type { EncoderConfig, ModelType } from "../encoder-config";

/**
 * transformers' names of the parts of a model. The weights of a linear layer or norm are `NAME.weight` and `NAME.bias`.
 */
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

/** BERT's names under a prefix; RoBERTa's are the same. */
function bertNames(prefix: string): Omit<WeightNames, "dense" | "classifier"> {
  return {
    prefix,
    words: `${prefix}embeddings.word_embeddings.weight`,
    positions: `${prefix}embeddings.position_embeddings.weight`,
    types: `${prefix}embeddings.token_type_embeddings.weight`,
    embeddingsNorm: `${prefix}embeddings.LayerNorm`,
    layer: (i) => ({
      query: `${prefix}encoder.layer.${i}.attention.self.query`,
      key: `${prefix}encoder.layer.${i}.attention.self.key`,
      value: `${prefix}encoder.layer.${i}.attention.self.value`,
      attentionOutput: `${prefix}encoder.layer.${i}.attention.output.dense`,
      attentionNorm: `${prefix}encoder.layer.${i}.attention.output.LayerNorm`,
      intermediate: `${prefix}encoder.layer.${i}.intermediate.dense`,
      output: `${prefix}encoder.layer.${i}.output.dense`,
      outputNorm: `${prefix}encoder.layer.${i}.output.LayerNorm`,
    }),
  };
}

const NAMES: Record<ModelType, WeightNames> = {
  bert: { ...bertNames("bert."), dense: "bert.pooler.dense", classifier: "classifier" },
  roberta: { ...bertNames("roberta."), dense: "classifier.dense", classifier: "classifier.out_proj" },
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

const OTHER_HEADS =
  /^(cls\.|vocab_(transform|layer_norm|projector)\.|qa_outputs\.|lm_head\.)|(^|\.)embeddings\.(position_ids|token_type_ids)$/;
const POOLER = /^(roberta\.)?pooler\./;

/**
 * Whether a checkpoint's tensor belongs to another head or is a buffer. The model does not use it; transformers drops
 * it too.
 */
export function isOfOtherHead(name: string, { modelType }: Pick<EncoderConfig, "modelType">): boolean {
  // RoBERTa's classifier does not use the pooler
  return OTHER_HEADS.test(name) || (modelType === "roberta" && POOLER.test(name));
}
