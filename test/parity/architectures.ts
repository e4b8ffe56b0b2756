import type { Random } from "../../src/base/random";
import { ARCHITECTURES as READ } from "../../src/model/architectures/index";

/** Sizes of a random model, under one set of names. */
export interface Sizes {
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly vocabSize: number;
  /** Most tokens of a document. */
  readonly longest: number;
  readonly types: number;
  readonly epsilon: number;
  readonly activation: "gelu" | "relu";
  /** Standard deviation of the weights. */
  readonly spread: number;
  readonly padTokenId: number;
}

/** A random configuration, in the names of config.json. */
export interface DrawnConfig {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fields that replace those of the saved config.json, as older versions wrote it; null removes one. */
  readonly saved?: Readonly<Record<string, unknown>>;
}

/** Drawing and adapting of a model type. A new type is one entry of {@link ARCHITECTURES}. */
export interface Architecture {
  /** Its tiny models in `test/fixtures`, without `tiny-`. */
  readonly fixtures: readonly string[];
  /** The pad token's id. @default 0 */
  readonly padTokenId?: number;
  readonly draw: (random: Random, sizes: Sizes) => DrawnConfig;
  /** Ends of the names of linear layers, as a user's `targetModules` has them. */
  readonly parts: readonly string[];
  /** Patterns of whole names for `targetModules`. */
  readonly patterns: readonly string[];
  /** Modules other than the head for `modulesToSave`. */
  readonly saved: readonly string[];
  /** Parts of the head that a checkpoint may lack; either side draws them when it loads it. */
  readonly lacking: readonly RegExp[];
}

const HEAD_OF_TWO = [/^classifier\./, /^classifier\.dense\./];
const BERT_PARTS = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"];
const BERT_PATTERNS = [".*(query|key)", ".*\\.layer\\.[02]\\..*dense", ".*attention.*(value|dense)"];
const BERT_SAVED = [
  "word_embeddings",
  "token_type_embeddings",
  "position_embeddings",
  "LayerNorm",
  "attention.output",
  "intermediate.dense",
  "layer.0.output.dense",
];

const ROBERTA: Architecture = {
  fixtures: ["roberta"],
  padTokenId: 1,
  draw: (random, sizes) => ({ fields: bertFields(random, sizes, { offset: sizes.padTokenId + 1 }) }),
  parts: BERT_PARTS,
  patterns: BERT_PATTERNS,
  saved: BERT_SAVED,
  lacking: HEAD_OF_TWO,
};

/** Every model type that is compared with transformers, by its name in config.json; one that is read has an entry. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  bert: {
    fixtures: ["bert"],
    draw: (random, sizes) => ({ fields: bertFields(random, sizes) }),
    parts: [...BERT_PARTS, "pooler.dense", "dense"],
    patterns: BERT_PATTERNS,
    saved: [...BERT_SAVED, "pooler.dense"],
    lacking: [/^bert\.pooler\./, /^(bert\.pooler|classifier)\./, /pooler\.dense\.bias$/],
  },
  distilbert: {
    fixtures: ["distilbert"],
    draw: (random, sizes) => ({ fields: distilbertFields(random, sizes) }),
    parts: ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
    patterns: [".*\\.(q|k)_lin", ".*lin[12]", ".*layer\\.1\\..*_lin"],
    saved: ["sa_layer_norm", "ffn", "lin2", "layer.0.attention", "word_embeddings", "position_embeddings"],
    lacking: [/^pre_classifier\./, /classifier/],
  },
  roberta: ROBERTA,
  "xlm-roberta": { ...ROBERTA, fixtures: ["xlm-roberta"] },
  camembert: { ...ROBERTA, fixtures: ["camembert"] },
  electra: {
    fixtures: ["electra"],
    draw: (random, sizes) => ({
      fields: { ...bertFields(random, sizes), embedding_size: pick(random, [sizes.width, ...narrow(random)]) },
    }),
    parts: [...BERT_PARTS, "embeddings_project", "dense"],
    patterns: BERT_PATTERNS,
    saved: [...BERT_SAVED, "embeddings_project"],
    lacking: HEAD_OF_TWO,
  },
  mpnet: {
    fixtures: ["mpnet"],
    padTokenId: 1, // for any pad_token_id of config.json, transformers' positions begin after 1
    draw: (random, sizes) => ({ fields: bertFields(random, sizes, { offset: 2 }) }),
    parts: ["q", "k", "v", "o", "intermediate.dense", "output.dense", "dense"],
    patterns: [".*attn\\.(q|k)", ".*\\.layer\\.[02]\\..*dense", ".*attn\\.(v|o)"],
    saved: ["LayerNorm", "intermediate.dense", "layer.0.output.dense", "attn", "word_embeddings"],
    lacking: HEAD_OF_TWO,
  },
  albert: {
    fixtures: ["albert", "albert-inner"],
    draw: (random, sizes) => ({ fields: albertFields(random, sizes) }),
    parts: ["query", "key", "value", "attention.dense", "dense", "ffn", "ffn_output", "pooler"],
    patterns: [".*(query|key)", ".*albert_layers\\.0\\..*dense", ".*ffn(_output)?", ".*mapping_in"],
    saved: ["LayerNorm", "full_layer_layer_norm", "ffn", "pooler", "word_embeddings"],
    lacking: [/^classifier\./, /^albert\.pooler\./],
  },
  modernbert: {
    fixtures: ["modernbert", "modernbert-mean"],
    draw: modernbertFields,
    parts: ["Wqkv", "Wo", "attn.Wo", "mlp.Wo", "Wi", "head.dense"],
    patterns: [".*attn\\.W.*", ".*\\.layers\\.[02]\\..*W[io]", ".*mlp\\.Wi|head\\.dense"],
    saved: ["mlp_norm", "final_norm", "head.norm", "mlp.Wi", "layers.0.attn", "tok_embeddings"],
    lacking: [/^classifier\./, /^head\./],
  },
  "deberta-v2": {
    fixtures: ["deberta-v2", "deberta-v2-own-keys"],
    draw: debertaFields,
    parts: ["query_proj", "key_proj", "value_proj", "attention.output.dense", "intermediate.dense", "dense"],
    patterns: [".*(query|key)_proj", ".*\\.layer\\.[02]\\..*dense", ".*attention.*(value_proj|dense)"],
    saved: ["LayerNorm", "pooler.dense", "intermediate.dense", "layer.0.output.dense", "word_embeddings"],
    lacking: [/^classifier\./, /^pooler\./],
  },
};

/** The model types that can be read. */
export const MODEL_TYPES: readonly string[] = READ.map(({ modelType }) => modelType);

/** The model type of a tiny model. */
export function typeOf(fixture: string): string {
  const found = Object.entries(ARCHITECTURES).find(([, { fixtures }]) => fixtures.includes(fixture));
  if (found === undefined) throw new RangeError(`no architecture has the fixture ${fixture}`);
  return found[0];
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)];
}

/** A width of embeddings of its own. */
function narrow(random: Random): readonly number[] {
  return [4 + random.below(12), 4 + random.below(40)];
}

function bertFields(random: Random, sizes: Sizes, { offset = 0 }: { offset?: number } = {}): Record<string, unknown> {
  return {
    vocab_size: sizes.vocabSize,
    hidden_size: sizes.width,
    num_hidden_layers: sizes.depth,
    num_attention_heads: sizes.heads,
    intermediate_size: sizes.inner,
    hidden_act: sizes.activation,
    max_position_embeddings: sizes.longest + offset + random.below(3),
    type_vocab_size: sizes.types,
    layer_norm_eps: sizes.epsilon,
    initializer_range: sizes.spread,
    pad_token_id: sizes.padTokenId,
  };
}

function distilbertFields(random: Random, sizes: Sizes): Record<string, unknown> {
  return {
    vocab_size: sizes.vocabSize,
    dim: sizes.width,
    n_layers: sizes.depth,
    n_heads: sizes.heads,
    hidden_dim: sizes.inner,
    activation: sizes.activation,
    max_position_embeddings: sizes.longest + random.below(3),
    initializer_range: sizes.spread,
    pad_token_id: sizes.padTokenId,
  };
}

function albertFields(random: Random, sizes: Sizes): Record<string, unknown> {
  return {
    ...bertFields(random, sizes),
    embedding_size: pick(random, [sizes.width, ...narrow(random)]),
    num_hidden_groups: 1 + random.below(sizes.depth),
    inner_group_num: 1 + random.below(2),
    hidden_act: sizes.activation === "relu" ? "relu" : pick(random, ["gelu", "gelu_new"]),
  };
}

/** Local and global layers in several patterns, in the form of transformers 5 or, as saved, of transformers 4. */
function modernbertFields(random: Random, sizes: Sizes): DrawnConfig {
  const { hidden_act, layer_norm_eps, ...rest } = bertFields(random, sizes);
  const old = random.below(2) === 0;
  const every = 1 + random.below(4);
  const [globalTheta, localTheta] = [pick(random, [160_000, 500, 10_000]), pick(random, [10_000, 100])];
  const flag = (): boolean => random.below(3) === 0;
  const layerTypes = Array.from({ length: sizes.depth }, (_, i) =>
    (old ? i % every === 0 : random.below(2) === 0) ? "full_attention" : "sliding_attention",
  );
  const rope = (theta: number): object => ({ rope_type: "default", rope_theta: theta });
  const fields = {
    ...rest, // type_vocab_size too, which ModernBERT has no use for
    hidden_activation: hidden_act === "relu" ? pick(random, ["silu", "gelu_new"]) : hidden_act,
    norm_eps: layer_norm_eps,
    local_attention: pick(random, [4, 8, 16, 128]),
    classifier_pooling: pick(random, ["cls", "mean"]),
    attention_bias: flag(),
    mlp_bias: flag(),
    norm_bias: flag(),
    classifier_bias: flag(),
    layer_types: layerTypes,
    rope_parameters: { full_attention: rope(globalTheta), sliding_attention: rope(localTheta) },
    ...Object.fromEntries(["bos", "eos", "cls", "sep"].map((token, i) => [`${token}_token_id`, i])),
  };
  const saved = {
    layer_types: null,
    rope_parameters: null,
    global_attn_every_n_layers: every,
    global_rope_theta: globalTheta,
    local_rope_theta: localTheta,
  };
  return { fields, ...(old ? { saved } : {}) };
}

function debertaFields(random: Random, sizes: Sizes): DrawnConfig {
  const flag = (): boolean => random.below(2) === 0;
  const posAttType = pick(random, [["c2p", "p2c"], ["p2c", "c2p"], ["c2p"], ["p2c"]]);
  const buckets = pick(
    random,
    [-1, 8, 32, 256].filter((size) => size < sizes.longest),
  );
  const positions = sizes.longest + random.below(3);
  const fields = {
    ...bertFields(random, sizes),
    max_position_embeddings: positions,
    type_vocab_size: random.below(3),
    relative_attention: true,
    pos_att_type: posAttType,
    share_att_key: flag(),
    position_buckets: buckets,
    max_relative_positions: buckets > 0 ? -1 : pick(random, [-1, 3 + random.below(sizes.longest)]),
    norm_rel_ebd: pick(random, ["none", "layer_norm"]),
    position_biased_input: flag(),
    pooler_hidden_size: sizes.width,
    pooler_dropout: 0,
  };
  return { fields, ...(flag() ? { saved: { pos_att_type: posAttType.join("|") } } : {}) };
}
