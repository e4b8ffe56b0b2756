import type { EncoderSizes, EncoderStructure, HeadStructure, Positions } from "../encoder-structure";
import type { Architecture, WeightNames } from "./architecture";
import type { ConfigFields } from "./config-fields";

/** Sizes and rates under BERT's field names, which many types share. */
export function bertSizes(
  fields: ConfigFields,
  defaults: { vocabSize: number; padTokenId: number; padTokenNeeded?: boolean },
): EncoderSizes {
  return {
    vocabSize: fields.count("vocab_size", defaults.vocabSize),
    hiddenSize: fields.count("hidden_size", 768),
    numHiddenLayers: fields.count("num_hidden_layers", 12),
    numAttentionHeads: fields.count("num_attention_heads", 12),
    intermediateSize: fields.count("intermediate_size", 3072),
    maxPositionEmbeddings: fields.count("max_position_embeddings", 512),
    padTokenId: fields.padToken(defaults.padTokenId, { needed: defaults.padTokenNeeded }),
    typeVocabSize: fields.count("type_vocab_size", 2),
    hiddenDropout: fields.rate("hidden_dropout_prob", 0.1),
    attentionDropout: fields.rate("attention_probs_dropout_prob", 0.1),
    classifierDropout: fields.firstRate(["classifier_dropout", "hidden_dropout_prob"], 0.1),
    hiddenAct: fields.activation("hidden_act", "gelu"),
    layerNormEps: fields.epsilon("layer_norm_eps", 1e-12),
    initializerRange: fields.spread("initializer_range", 0.02),
  };
}

/** The structure of BERT. Many types have the same, except for positions and head. */
export function bertStructure({
  positions = { kind: "learned" },
  head,
}: {
  positions?: Positions;
  head: HeadStructure;
}): EncoderStructure {
  return {
    positions,
    norm: { placement: "post", bias: true },
    attention: { projections: "separate", bias: true, outputDropout: "hiddenDropout" },
    feedForward: { kind: "mlp", bias: true, dropout: "hiddenDropout" },
    embeddingDropout: "hiddenDropout",
    projectsEmbeddings: false,
    head,
    layer: () => ({}),
  };
}

/** BERT's names of the encoder's modules, which many types share. */
export const BERT_NAMES: Omit<WeightNames, "prefix" | "head"> = {
  embeddings: {
    words: "embeddings.word_embeddings",
    positions: "embeddings.position_embeddings",
    types: "embeddings.token_type_embeddings",
    norm: "embeddings.LayerNorm",
  },
  layers: "encoder.layer.#",
  layersField: '"num_hidden_layers"',
  layer: {
    attention: { query: "attention.self.query", key: "attention.self.key", value: "attention.self.value" },
    attentionOutput: "attention.output.dense",
    attentionNorm: "attention.output.LayerNorm",
    intermediate: "intermediate.dense",
    output: "output.dense",
    feedForwardNorm: "output.LayerNorm",
  },
};

/** BERT's modules without weights in each layer, which many types share. */
export const BERT_UNWEIGHTED_IN_LAYER = [
  "attention.self.dropout",
  "attention.output.dropout",
  "intermediate.intermediate_act_fn",
  "output.dropout",
] as const;

/** BERT (Devlin et al., 2018). */
export const bert: Architecture = {
  modelType: "bert",
  className: "BertForSequenceClassification",
  sizes: (fields) => bertSizes(fields, { vocabSize: 30522, padTokenId: 0 }),
  structure: () => bertStructure({ head: { activation: "tanh" } }),
  names: { prefix: "bert.", ...BERT_NAMES, head: { dense: "bert.pooler.dense", classifier: "classifier" } },
  unweighted: {
    model: ["dropout", "bert.pooler.activation", "bert.embeddings.dropout"],
    layer: BERT_UNWEIGHTED_IN_LAYER,
  },
  targetModules: { auto: ["query", "value"], allLinear: ["query", "key", "value", "dense"] },
};
