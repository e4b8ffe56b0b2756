import { shownValue } from "../../base/shown-value";
import type { DisentangledStructure } from "../encoder-structure";
import type { Architecture } from "./architecture";
import { BERT_NAMES, bertStructure } from "./bert";
import type { ConfigFields } from "./config-fields";

/** DeBERTa-v2 and v3 (He et al., 2021): disentangled attention over relative positions. */
export const debertaV2: Architecture = {
  modelType: "deberta-v2",
  className: "DebertaV2ForSequenceClassification",
  sizes: (fields) => ({
    vocabSize: fields.count("vocab_size", 128100),
    hiddenSize: fields.count("hidden_size", 1536),
    numHiddenLayers: fields.count("num_hidden_layers", 24),
    numAttentionHeads: fields.count("num_attention_heads", 24),
    intermediateSize: fields.count("intermediate_size", 6144),
    maxPositionEmbeddings: fields.count("max_position_embeddings", 512),
    padTokenId: fields.padToken(0),
    typeVocabSize: fields.given("type_vocab_size", 0) === 0 ? 0 : fields.count("type_vocab_size", 1),
    hiddenAct: fields.activation("hidden_act", "gelu"),
    layerNormEps: fields.epsilon("layer_norm_eps", 1e-7),
    hiddenDropout: fields.rate("hidden_dropout_prob", 0.1),
    attentionDropout: fields.rate("attention_probs_dropout_prob", 0.1),
    classifierDropout: fields.firstRate(["cls_dropout", "hidden_dropout_prob"], 0.1),
    poolerDropout: fields.rate("pooler_dropout", 0),
    initializerRange: fields.spread("initializer_range", 0.02),
  }),
  structure: (fields, { hiddenSize, maxPositionEmbeddings }) => {
    expectSupported(fields, hiddenSize);
    const isBiased = fields.flag("position_biased_input", true);
    return {
      ...bertStructure({
        positions: isBiased ? { kind: "learned" } : { kind: "none" },
        head: {
          activation: fields.activation("pooler_hidden_act", "gelu"),
          inputDropout: "poolerDropout",
        },
      }),
      disentangled: disentangledOf(fields, maxPositionEmbeddings),
    };
  },
  names: {
    prefix: "deberta.",
    ...BERT_NAMES,
    layer: {
      ...BERT_NAMES.layer,
      attention: {
        query: "attention.self.query_proj",
        key: "attention.self.key_proj",
        value: "attention.self.value_proj",
        positionKey: "attention.self.pos_key_proj",
        positionQuery: "attention.self.pos_query_proj",
      },
    },
    relative: "encoder.rel_embeddings",
    relativeNorm: "encoder.LayerNorm",
    head: { dense: "pooler.dense", classifier: "classifier" },
  },
  unused: /^(lm_predictions|mask_predictions)\.|^(deberta\.)?embeddings\.position_embeddings\./,
  unweighted: {
    model: ["dropout", "pooler.dropout", "deberta.embeddings.dropout"],
    layer: [
      "attention.self.dropout",
      "attention.self.pos_dropout",
      "attention.output.dropout",
      "intermediate.intermediate_act_fn",
      "output.dropout",
    ],
  },
  targetModules: {
    auto: ["query_proj", "value_proj"],
    allLinear: ["query_proj", "key_proj", "value_proj", "pos_key_proj", "pos_query_proj", "dense"],
  },
};

/** Reports features of DeBERTa that tslora does not support. */
function expectSupported(fields: ConfigFields, hiddenSize: number): void {
  const { problems } = fields;
  const kernel = fields.given("conv_kernel_size", 0);
  problems.expect(
    kernel === 0 || kernel === null,
    `"conv_kernel_size" must be 0, since tslora has no convolution after the first layer; got ${String(kernel)}. ` +
      "Choose a model without one, such as DeBERTa-v3",
  );
  for (const name of ["embedding_size", "pooler_hidden_size", "attention_head_size"]) {
    const wanted = name === "attention_head_size" ? hiddenSize / fields.count("num_attention_heads", 24) : hiddenSize;
    const value = fields.given(name, wanted);
    problems.expect(
      value === wanted,
      `"${name}" must be ${wanted} for a hidden size of ${hiddenSize}; got ${String(value)}`,
    );
  }
}

/** Reads the terms of the scores, and how distances become positions. */
function disentangledOf(fields: ConfigFields, maxPositions: number): DisentangledStructure {
  const whole = (name: string): number => {
    const value = fields.given(name, -1);
    fields.problems.expect(
      typeof value === "number" && Number.isInteger(value),
      `"${name}" must be a whole number; got ${String(value)}`,
    );
    return typeof value === "number" ? value : -1;
  };
  const given = whole("max_relative_positions");
  const maxDistance = given < 1 ? maxPositions : given;
  const buckets = whole("position_buckets");
  const terms = wordsOf(fields, "pos_att_type", ["c2p", "p2c"]);
  return {
    isRelative: fields.flag("relative_attention", false),
    terms: (["c2p", "p2c"] as const).filter((term) => terms.includes(term)),
    sharesProjections: fields.flag("share_att_key", false),
    hasNorm: wordsOf(fields, "norm_rel_ebd", ["none", "layer_norm"]).includes("layer_norm"),
    span: buckets > 0 ? buckets : maxDistance,
    buckets: buckets > 0 ? buckets : undefined,
    maxDistance,
  };
}

/** Reads words from a list, or from a text with a bar between them, as transformers does. */
function wordsOf(fields: ConfigFields, name: string, known: readonly string[]): readonly string[] {
  const value = fields.given(name, null) ?? [];
  const words = typeof value === "string" ? value.split("|") : Array.isArray(value) ? value.map(String) : undefined;
  const found = words?.map((word) => word.trim().toLowerCase()).filter((word) => word !== "");
  fields.problems.expect(
    found?.every((word) => known.includes(word)) === true,
    `"${name}" must consist of ${known.map((word) => `"${word}"`).join(" and ")}; got ${shownValue(value)}`,
  );
  return found ?? [];
}
