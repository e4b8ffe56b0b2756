import { shownValue } from "../../base/shown-value";
import type { EncoderSizes, EncoderStructure, LayerStructure } from "../encoder-structure";
import type { Architecture } from "./architecture";
import type { ConfigFields } from "./config-fields";

const LAYER_TYPES = ["full_attention", "sliding_attention"] as const;
type LayerType = (typeof LAYER_TYPES)[number];

/** ModernBERT (Warner et al., 2024): pre-norm, GeGLU, rotary positions, and layers whose attention is local. */
export const modernbert: Architecture = {
  modelType: "modernbert",
  className: "ModernBertForSequenceClassification",
  sizes: (fields) => ({
    vocabSize: fields.count("vocab_size", 50368),
    hiddenSize: fields.count("hidden_size", 768),
    numHiddenLayers: fields.count("num_hidden_layers", 22),
    numAttentionHeads: fields.count("num_attention_heads", 12),
    intermediateSize: fields.count("intermediate_size", 1152),
    maxPositionEmbeddings: fields.count("max_position_embeddings", 8192),
    padTokenId: fields.padToken(50283),
    typeVocabSize: 0,
    hiddenDropout: fields.rate("mlp_dropout", 0),
    embeddingDropout: fields.rate("embedding_dropout", 0),
    attentionDropout: fields.rate("attention_dropout", 0),
    classifierDropout: fields.rate("classifier_dropout", 0),
    hiddenAct: fields.activation("hidden_activation", "gelu"),
    layerNormEps: fields.epsilon("norm_eps", 1e-5),
    initializerRange: fields.spread("initializer_range", 0.02),
  }),
  structure: modernStructure,
  names: {
    prefix: "model.",
    embeddings: { words: "embeddings.tok_embeddings", norm: "embeddings.norm" },
    layers: "layers.#",
    layersField: '"num_hidden_layers"',
    layer: {
      attention: { fused: "attn.Wqkv" },
      attentionOutput: "attn.Wo",
      attentionNorm: "attn_norm",
      intermediate: "mlp.Wi",
      output: "mlp.Wo",
      feedForwardNorm: "mlp_norm",
    },
    finalNorm: "final_norm",
    head: { dense: "head.dense", norm: "head.norm", classifier: "classifier" },
  },
  unused: /^decoder\./,
  unweighted: {
    model: ["model.embeddings.drop", "model.rotary_emb", "head.act", "drop"],
    layer: ["attn_norm", "attn.out_drop", "mlp.act", "mlp.drop"], // attn_norm: the first layer has none
  },
  targetModules: { auto: ["Wqkv"], allLinear: ["Wqkv", "Wo", "Wi", "dense"] },
};

function modernStructure(fields: ConfigFields, sizes: EncoderSizes): EncoderStructure {
  const { problems } = fields;
  problems.expect(
    sizes.hiddenAct !== "relu" && sizes.hiddenAct !== "tanh",
    `"hidden_activation" must be a kind of GELU or SiLU; got ${shownValue(sizes.hiddenAct)}`,
  );
  problems.expect(
    sizes.hiddenSize % (2 * sizes.numAttentionHeads) === 0,
    `"hidden_size" must be a multiple of twice the ${sizes.numAttentionHeads} heads, since pairs of numbers are rotated; got ${sizes.hiddenSize}`,
  );
  return {
    positions: { kind: "rotary" },
    norm: { placement: "pre", bias: fields.flag("norm_bias", false) },
    attention: {
      projections: "fused",
      bias: fields.flag("attention_bias", false),
      outputDropout: "attentionDropout",
    },
    feedForward: { kind: "gated", bias: fields.flag("mlp_bias", false), dropout: "hiddenDropout" },
    projectsEmbeddings: false,
    embeddingDropout: "embeddingDropout",
    head: {
      pooling: fields.choice<"cls" | "mean">("classifier_pooling", ["cls", "mean"], "cls"),
      activation: fields.activation("classifier_activation", "gelu"),
      bias: fields.flag("classifier_bias", false),
      spread: {
        dense: sizes.initializerRange / Math.sqrt(2 * sizes.numHiddenLayers),
        classifier: sizes.hiddenSize ** -0.5,
        cutoff: fields.positive("initializer_cutoff_factor", fields.given("initializer_cutoff_factor", 2) ?? 3),
      },
    },
    layer: layers(fields, sizes),
  };
}

/** Reads which layers have local attention, the width of their window, and the bases of the rotation. */
function layers(fields: ConfigFields, { numHiddenLayers }: EncoderSizes): (index: number) => LayerStructure {
  const { problems, json } = fields;
  const every = fields.count("global_attn_every_n_layers", 3);
  const window = Math.floor(fields.count("local_attention", 128) / 2);
  const thetas: Record<LayerType, number> = {
    full_attention: theta(fields, { type: "full_attention", older: "global_rope_theta", fallback: 160_000 }),
    sliding_attention: theta(fields, { type: "sliding_attention", older: "local_rope_theta", fallback: 10_000 }),
  };
  problems.expect(
    (json.rope_scaling ?? null) === null,
    `"rope_scaling" must be null: tslora has no scaled rotary positions; got ${shownValue(json.rope_scaling)}`,
  );
  const types = json.layer_types ?? undefined;
  const isRight =
    types === undefined ||
    (Array.isArray(types) &&
      types.length === numHiddenLayers &&
      types.every((type) => LAYER_TYPES.includes(type as LayerType)));
  problems.expect(
    isRight,
    `"layer_types" must name ${LAYER_TYPES.map((type) => `"${type}"`).join(" or ")} for each of the ${numHiddenLayers} layers; got ${shownValue(types)}`,
  );
  const typeOf = (index: number): LayerType => {
    if (isRight && Array.isArray(types)) return types[index] as LayerType;
    return index % every === 0 ? "full_attention" : "sliding_attention";
  };
  return (index) => {
    const type = typeOf(index);
    return {
      window: type === "sliding_attention" ? window : undefined,
      theta: thetas[type],
      attentionNorm: index > 0,
    };
  };
}

/**
 * The base of the rotation in layers of a type: from `rope_parameters`, or from the separate field that transformers 4
 * wrote.
 */
function theta(
  fields: ConfigFields,
  { type, older, fallback }: { type: LayerType; older: string; fallback: number },
): number {
  const { problems, json } = fields;
  const all = json.rope_parameters ?? {};
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const own = (isRecord(all) ? all[type] : undefined) ?? {};
  if (
    !problems.expect(
      isRecord(all) && isRecord(own),
      `"rope_parameters" must hold a record for each type of layer; got ${shownValue(all)}`,
    )
  )
    return fallback;
  const kind = (own as Record<string, unknown>).rope_type ?? "default";
  problems.expect(
    kind === "default",
    `"rope_parameters": the rope_type of ${type} must be "default"; got ${shownValue(kind)}`,
  );
  const inside = (own as Record<string, unknown>).rope_theta;
  return inside === undefined
    ? fields.positive(older, fields.given(older, fallback))
    : fields.positive("rope_parameters", inside);
}
