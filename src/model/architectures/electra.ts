import type { Architecture } from "./architecture";
import { BERT_NAMES, BERT_UNWEIGHTED_IN_LAYER, bertSizes, bertStructure } from "./bert";

/** ELECTRA's discriminator (Clark et al., 2020): embeddings may be narrower than the encoder. */
export const electra: Architecture = {
  modelType: "electra",
  className: "ElectraForSequenceClassification",
  sizes: (fields) => ({
    ...bertSizes(fields, { vocabSize: 30522, padTokenId: 0 }),
    embeddingSize: fields.count("embedding_size", 128),
    hiddenSize: fields.count("hidden_size", 256),
    numAttentionHeads: fields.count("num_attention_heads", 4),
    intermediateSize: fields.count("intermediate_size", 1024),
  }),
  structure: (_fields, { embeddingSize, hiddenSize }) => ({
    ...bertStructure({ head: { activation: "gelu", inputDropout: "classifierDropout" } }),
    projectsEmbeddings: embeddingSize !== hiddenSize,
  }),
  names: {
    prefix: "electra.",
    ...BERT_NAMES,
    embeddings: { ...BERT_NAMES.embeddings, projection: "embeddings_project" },
    head: { dense: "classifier.dense", classifier: "classifier.out_proj" },
  },
  unused: /^(discriminator_predictions|generator_predictions|generator_lm_head|sequence_summary)\./,
  unweighted: {
    model: ["electra.embeddings.dropout", "classifier.activation", "classifier.dropout"],
    layer: BERT_UNWEIGHTED_IN_LAYER,
  },
  targetModules: { auto: ["query", "value"], allLinear: ["query", "key", "value", "dense", "embeddings_project"] },
};
