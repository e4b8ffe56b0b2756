import type { Architecture } from "./architecture";
import { BERT_NAMES, bertStructure } from "./bert";

/** Most layers that run: with shared weights, the weights do not bound them. */
const MOST_LAYERS = 1000;

/** ALBERT (Lan et al., 2020): narrow embeddings, and layers that share their weights. */
export const albert: Architecture = {
  modelType: "albert",
  className: "AlbertForSequenceClassification",
  sizes: (fields) => ({
    vocabSize: fields.count("vocab_size", 30000),
    hiddenSize: fields.count("hidden_size", 4096),
    embeddingSize: fields.count("embedding_size", 128),
    numHiddenLayers: fields.count("num_hidden_layers", 12),
    numAttentionHeads: fields.count("num_attention_heads", 64),
    intermediateSize: fields.count("intermediate_size", 16384),
    maxPositionEmbeddings: fields.count("max_position_embeddings", 512),
    padTokenId: fields.padToken(0),
    typeVocabSize: fields.count("type_vocab_size", 2),
    hiddenDropout: fields.rate("hidden_dropout_prob", 0),
    attentionDropout: fields.rate("attention_probs_dropout_prob", 0),
    classifierDropout: fields.rate("classifier_dropout_prob", 0.1),
    hiddenAct: fields.activation("hidden_act", "gelu_new"),
    layerNormEps: fields.epsilon("layer_norm_eps", 1e-12),
    initializerRange: fields.spread("initializer_range", 0.02),
  }),
  structure: (fields, { numHiddenLayers }) => {
    fields.problems.expect(
      numHiddenLayers <= MOST_LAYERS,
      `"num_hidden_layers" must be at most ${MOST_LAYERS}; got ${numHiddenLayers}`,
    );
    return {
      ...bertStructure({ head: { activation: "tanh" } }),
      feedForward: { kind: "mlp", bias: true }, // no dropout after the block
      projectsEmbeddings: true,
      sharing: {
        groups: fields.count("num_hidden_groups", 1),
        layersPerGroup: fields.count("inner_group_num", 1),
      },
    };
  },
  names: {
    prefix: "albert.",
    ...BERT_NAMES,
    embeddings: { ...BERT_NAMES.embeddings, projection: "encoder.embedding_hidden_mapping_in" },
    layers: "encoder.albert_layer_groups.#.albert_layers.#",
    layersField: '"num_hidden_groups" times "inner_group_num"',
    layer: {
      attention: { query: "attention.query", key: "attention.key", value: "attention.value" },
      attentionOutput: "attention.dense",
      attentionNorm: "attention.LayerNorm",
      intermediate: "ffn",
      output: "ffn_output",
      feedForwardNorm: "full_layer_layer_norm",
    },
    head: { dense: "albert.pooler", classifier: "classifier" },
  },
  unused: /^(predictions|sop_classifier)\./,
  unweighted: {
    model: ["albert.embeddings.dropout", "albert.pooler_activation", "dropout"],
    layer: ["attention.attention_dropout", "attention.output_dropout", "activation", "dropout"],
  },
  targetModules: {
    auto: ["query", "value"],
    allLinear: ["query", "key", "value", "dense", "ffn", "ffn_output", "embedding_hidden_mapping_in", "pooler"],
  },
};
