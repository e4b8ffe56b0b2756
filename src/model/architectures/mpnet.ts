import type { Architecture } from "./architecture";
import { BERT_NAMES, bertSizes, bertStructure } from "./bert";

/** transformers uses these values and ignores config.json's. */
const PAD = 1;
const LEAST_BUCKETS = 32;

/** MPNet (Song et al., 2020): RoBERTa's positions, and an addend of the attention scores by distance. */
export const mpnet: Architecture = {
  modelType: "mpnet",
  className: "MPNetForSequenceClassification",
  sizes: (fields) => ({
    ...bertSizes(fields, { vocabSize: 30527, padTokenId: PAD }),
    padTokenId: PAD,
    typeVocabSize: 0,
    classifierDropout: fields.rate("hidden_dropout_prob", 0.1),
  }),
  structure: (fields) => {
    const relativeBuckets = fields.count("relative_attention_num_buckets", LEAST_BUCKETS);
    fields.problems.expect(
      relativeBuckets >= LEAST_BUCKETS,
      `"relative_attention_num_buckets" must be at least ${LEAST_BUCKETS}, the buckets that MPNet uses; got ${relativeBuckets}`,
    );
    return bertStructure({
      positions: { kind: "learned", countedFrom: PAD, relativeBuckets },
      head: { activation: "tanh", inputDropout: "classifierDropout" },
    });
  },
  names: {
    prefix: "mpnet.",
    ...BERT_NAMES,
    embeddings: {
      words: "embeddings.word_embeddings",
      positions: "embeddings.position_embeddings",
      norm: "embeddings.LayerNorm",
    },
    layer: {
      ...BERT_NAMES.layer,
      attention: { query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v" },
      attentionOutput: "attention.attn.o",
      attentionNorm: "attention.LayerNorm",
    },
    relative: "encoder.relative_attention_bias",
    head: { dense: "classifier.dense", classifier: "classifier.out_proj" },
  },
  unused: /^(mpnet\.)?pooler\./, // the classifier does not use the pooler
  unweighted: {
    model: ["mpnet.embeddings.dropout", "classifier.dropout"],
    layer: ["attention.attn.dropout", "attention.dropout", "intermediate.intermediate_act_fn", "output.dropout"],
  },
  targetModules: { auto: ["q", "v"], allLinear: ["q", "k", "v", "o", "dense"] },
};
