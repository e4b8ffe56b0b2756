import type { Architecture } from "./architecture";
import { bertStructure } from "./bert";

/** DistilBERT (Sanh et al., 2019). */
export const distilbert: Architecture = {
  modelType: "distilbert",
  className: "DistilBertForSequenceClassification",
  sizes: (fields) => ({
    vocabSize: fields.count("vocab_size", 30522),
    hiddenSize: fields.count("dim", 768),
    numHiddenLayers: fields.count("n_layers", 6),
    numAttentionHeads: fields.count("n_heads", 12),
    intermediateSize: fields.count("hidden_dim", 3072),
    maxPositionEmbeddings: fields.count("max_position_embeddings", 512),
    padTokenId: fields.padToken(0),
    typeVocabSize: 0,
    hiddenDropout: fields.rate("dropout", 0.1),
    attentionDropout: fields.rate("attention_dropout", 0.1),
    classifierDropout: fields.rate("seq_classif_dropout", 0.2),
    hiddenAct: fields.activation("activation", "gelu"),
    layerNormEps: 1e-12,
    initializerRange: fields.spread("initializer_range", 0.02),
  }),
  structure: () => ({
    ...bertStructure({ head: { activation: "relu" } }),
    attention: { projections: "separate", bias: true }, // no dropout after the attention
  }),
  names: {
    prefix: "distilbert.",
    embeddings: {
      words: "embeddings.word_embeddings",
      positions: "embeddings.position_embeddings",
      norm: "embeddings.LayerNorm",
    },
    layers: "transformer.layer.#",
    layersField: '"n_layers"',
    layer: {
      attention: { query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin" },
      attentionOutput: "attention.out_lin",
      attentionNorm: "sa_layer_norm",
      intermediate: "ffn.lin1",
      output: "ffn.lin2",
      feedForwardNorm: "output_layer_norm",
    },
    head: { dense: "pre_classifier", classifier: "classifier" },
  },
  unweighted: {
    model: ["dropout", "distilbert.embeddings.dropout"],
    layer: ["attention.dropout", "ffn.dropout", "ffn.activation"],
  },
  targetModules: {
    auto: ["q_lin", "v_lin"],
    allLinear: ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
  },
};
