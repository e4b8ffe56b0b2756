import type { Architecture } from "./architecture";
import { BERT_NAMES, BERT_UNWEIGHTED_IN_LAYER, bertSizes, bertStructure } from "./bert";

/** RoBERTa (Liu et al., 2019), and the types that differ from it in vocabulary alone. */
function robertaLike(own: { modelType: string; className: string; vocabSize: number }): Architecture {
  return {
    modelType: own.modelType,
    className: own.className,
    sizes: (fields) => bertSizes(fields, { vocabSize: own.vocabSize, padTokenId: 1, padTokenNeeded: true }),
    structure: (_fields, { padTokenId }) =>
      bertStructure({
        positions: { kind: "learned", countedFrom: padTokenId },
        head: { activation: "tanh", inputDropout: "classifierDropout" },
      }),
    names: {
      prefix: "roberta.",
      ...BERT_NAMES,
      head: { dense: "classifier.dense", classifier: "classifier.out_proj" },
    },
    namesTypes: false,
    unused: /^(roberta\.)?pooler\./, // the classifier does not use the pooler
    unweighted: { model: ["classifier.dropout", "roberta.embeddings.dropout"], layer: BERT_UNWEIGHTED_IN_LAYER },
    targetModules: { auto: ["query", "value"], allLinear: ["query", "key", "value", "dense"] },
  };
}

export const roberta = robertaLike({
  modelType: "roberta",
  className: "RobertaForSequenceClassification",
  vocabSize: 50265,
});

/** XLM-RoBERTa (Conneau et al., 2020): 100 languages. */
export const xlmRoberta = robertaLike({
  modelType: "xlm-roberta",
  className: "XLMRobertaForSequenceClassification",
  vocabSize: 30522,
});

/** CamemBERT (Martin et al., 2020): French. */
export const camembert = robertaLike({
  modelType: "camembert",
  className: "CamembertForSequenceClassification",
  vocabSize: 30522,
});
