import type { Json } from "./json";

/** The model of a tokenizer, which splits words into tokens. */
export type ModelKind = "WordPiece" | "BPE" | "Unigram";

/** The special tokens that transformers names, in the order in which it gives ids to those that lack one. */
export const SPECIAL_KEYS = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
] as const;
export type SpecialKey = (typeof SPECIAL_KEYS)[number];

/** Parts of a tokenizer in the form of tokenizer.json. */
export interface PartDescriptions {
  readonly normalizer: Json | undefined;
  readonly preTokenizer: Json | undefined;
}

/**
 * A class of transformers that builds its tokenizer from the vocabulary and tokenizer_config.json, ignoring the
 * normalizer and pre-tokenizer of tokenizer.json.
 */
export interface TokenizerClass {
  readonly kind: ModelKind;
  /** Default special tokens. */
  readonly special: Readonly<Partial<Record<SpecialKey, string>>>;
  /** Flags of special tokens for which the files give only the text. */
  readonly flags?: Readonly<Partial<Record<SpecialKey, Readonly<Record<string, boolean>>>>>;
  /** More special tokens, unless the files list some. */
  readonly extra?: readonly string[];
  /** The special tokens before and after a text. */
  readonly ends: readonly [SpecialKey, SpecialKey];
  /** The form of a pair of texts. */
  readonly pairs: "bert" | "roberta";
  /** Whether the post-processor of tokenizer.json replaces the class's own. */
  readonly keepsProcessor?: true;
  /** The sentencepiece model that is read if tokenizer.json is missing. */
  readonly modelFile?: string;
  /** The vocabulary from the pieces of that model; by default the pieces themselves. */
  readonly fromPieces?: (pieces: readonly Piece[], names: (key: SpecialKey) => string) => readonly Piece[];
  /** The id of the unknown piece. */
  readonly unknownId?: (given: UnknownIdSource) => unknown;
  readonly parts: (config: Json, charsmap: unknown) => PartDescriptions;
}

/** A piece of a Unigram vocabulary with its score. */
export type Piece = readonly [text: string, score: number];

/** Data from which a class determines the id of the unknown piece. */
export interface UnknownIdSource {
  readonly vocab: ReadonlyMap<string, number>;
  readonly scores: Float64Array;
  readonly unknown: string;
  /** The id that the files state. */
  readonly stated: unknown;
}

const BERT = { unk_token: "[UNK]", sep_token: "[SEP]", pad_token: "[PAD]", cls_token: "[CLS]", mask_token: "[MASK]" };
const ROBERTA = {
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  sep_token: "</s>",
  pad_token: "<pad>",
  cls_token: "<s>",
  mask_token: "<mask>",
};

const bert: TokenizerClass = {
  kind: "WordPiece",
  special: BERT,
  ends: ["cls_token", "sep_token"],
  pairs: "bert",
  parts: (config) => ({
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars,
      strip_accents: config.strip_accents,
      lowercase: config.do_lower_case,
    },
    preTokenizer: { type: "BertPreTokenizer" },
  }),
};

const roberta: TokenizerClass = {
  kind: "BPE",
  special: ROBERTA,
  ends: ["cls_token", "sep_token"],
  pairs: "roberta",
  parts: (config) => ({
    normalizer: undefined,
    preTokenizer: { type: "ByteLevel", add_prefix_space: config.add_prefix_space ?? false },
  }),
};

const xlmRoberta: TokenizerClass = {
  kind: "Unigram",
  special: ROBERTA,
  ends: ["bos_token", "eos_token"],
  pairs: "roberta",
  modelFile: "sentencepiece.bpe.model",
  fromPieces: (pieces, name) => [
    [name("bos_token"), 0],
    [name("pad_token"), 0],
    [name("eos_token"), 0],
    [name("unk_token"), 0],
    ...pieces.slice(3), // the model's own <unk>, <s> and </s> have other ids in fairseq
    [name("mask_token"), 0],
  ],
  unknownId: () => 3,
  parts: (config, charsmap) => ({ normalizer: precompiled(charsmap)[0], preTokenizer: wordsAndSpaces(config) }),
};

/** The classes that build their tokenizer themselves, by name without "Fast". */
export const CLASSES: Readonly<Record<string, TokenizerClass>> = {
  BertTokenizer: bert,
  DistilBertTokenizer: bert,
  ElectraTokenizer: bert,
  MPNetTokenizer: {
    ...bert,
    special: { ...ROBERTA, unk_token: "[UNK]" },
    flags: { mask_token: { lstrip: true } },
    pairs: "roberta",
  },
  RobertaTokenizer: roberta,
  XLMRobertaTokenizer: xlmRoberta,
  CamembertTokenizer: {
    ...xlmRoberta,
    flags: { mask_token: { lstrip: true } },
    extra: ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"],
    fromPieces: (pieces, name) => [
      ["<s>NOTUSED", 0],
      [name("pad_token"), 0],
      ["</s>NOTUSED", 0],
      [name("unk_token"), 0],
      ["<unk>NOTUSED", -100],
      ...pieces.slice(1),
      [name("mask_token"), 0],
    ],
    unknownId: ({ vocab, unknown }) => vocab.get(unknown) ?? 0,
  },
  AlbertTokenizer: {
    kind: "Unigram",
    special: { ...BERT, bos_token: "[CLS]", eos_token: "[SEP]", unk_token: "<unk>", pad_token: "<pad>" },
    ends: ["cls_token", "sep_token"],
    pairs: "bert",
    keepsProcessor: true,
    modelFile: "spiece.model",
    unknownId: () => 1,
    parts: (config, charsmap) => ({
      normalizer: sequence([
        { type: "Replace", pattern: { String: "``" }, content: '"' },
        { type: "Replace", pattern: { String: "''" }, content: '"' },
        ...(config.keep_accents === true ? [] : [{ type: "NFKD" }, { type: "StripAccents" }]),
        ...(config.do_lower_case === false ? [] : [{ type: "Lowercase" }]),
        ...precompiled(charsmap),
      ]),
      preTokenizer: wordsAndSpaces(config),
    }),
  },
  DebertaV2Tokenizer: {
    kind: "Unigram",
    special: { ...BERT, bos_token: "[CLS]", eos_token: "[SEP]" },
    ends: ["cls_token", "sep_token"],
    pairs: "bert",
    modelFile: "spm.model",
    unknownId: ({ vocab, scores, unknown, stated }) => {
      const id = vocab.get(unknown);
      return id !== undefined && scores[id] === 0 ? id : stated;
    },
    parts: (config) => ({
      normalizer: sequence([
        ...(config.do_lower_case === true ? [{ type: "Lowercase" }] : []),
        { type: "Replace", pattern: { Regex: "\\s{2,}|[\\n\\r\\t]" }, content: " " },
        { type: "NFC" },
        { type: "Strip", strip_left: false, strip_right: true },
      ]),
      preTokenizer: {
        type: "Sequence",
        pretokenizers: [
          ...(config.split_by_punct === true ? [{ type: "Punctuation", behavior: "Isolated" }] : []),
          metaspace(config.add_prefix_space === false ? "first" : "always"),
        ],
      },
    }),
  },
};

/** The tokenizer class of a model type, as in transformers' AutoTokenizer. */
export const CLASS_OF: Readonly<Record<string, string>> = {
  bert: "BertTokenizer",
  distilbert: "DistilBertTokenizer",
  electra: "ElectraTokenizer",
  mpnet: "MPNetTokenizer",
  roberta: "RobertaTokenizer",
  "xlm-roberta": "XLMRobertaTokenizer",
  camembert: "CamembertTokenizer",
  albert: "AlbertTokenizer",
  "deberta-v2": "DebertaV2Tokenizer",
  modernbert: "TokenizersBackend",
};

/**
 * Model types whose tokenizer is always tokenizer.json as it is, whatever class tokenizer_config.json names, as in
 * transformers.
 */
export const AS_IT_IS: readonly string[] = ["modernbert"];

/** Classes of transformers that build the same tokenizer as another one, by name without "Fast". */
const SAME_AS: Readonly<Record<string, string>> = {
  MobileBertTokenizer: "BertTokenizer",
  SqueezeBertTokenizer: "BertTokenizer",
  ConvBertTokenizer: "BertTokenizer",
  LayoutLMTokenizer: "BertTokenizer",
  LxmertTokenizer: "BertTokenizer",
  RetriBertTokenizer: "BertTokenizer",
  RealmTokenizer: "BertTokenizer",
  DPRContextEncoderTokenizer: "BertTokenizer",
  DPRQuestionEncoderTokenizer: "BertTokenizer",
  BartTokenizer: "RobertaTokenizer",
  LongformerTokenizer: "RobertaTokenizer",
  LEDTokenizer: "RobertaTokenizer",
  MvpTokenizer: "RobertaTokenizer",
};

/** Classes of transformers for any tokenizer: their names do not say how a text is split. */
const OF_ANY_KIND: readonly string[] = ["PreTrainedTokenizer", "PythonBackend", "TokenizersBackend"];

/** The class of this name, if it builds its tokenizer itself. */
export function classNamed(name: string): TokenizerClass | undefined {
  return Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
}

/** The class that builds the tokenizer of a folder without tokenizer.json; undefined for a name that is not known. */
export function classWithoutJson(name: string, kind: ModelKind): TokenizerClass | undefined {
  if (OF_ANY_KIND.includes(name)) return classOfKind(kind);
  return classNamed(Object.hasOwn(SAME_AS, name) ? SAME_AS[name] : name);
}

/**
 * The class whose special tokens are the default if the files name no class that builds its tokenizer itself. Without
 * tokenizer.json, it also builds the tokenizer.
 */
export function classOfKind(kind: ModelKind): TokenizerClass {
  return kind === "WordPiece" ? bert : kind === "BPE" ? roberta : xlmRoberta;
}

/**
 * The class's name for files that name none, not even by the model's type. A Unigram tokenizer.json is then taken as it
 * is; the others are rebuilt.
 */
export const NAME_OF_KIND: Readonly<Record<ModelKind, string>> = {
  WordPiece: "BertTokenizer",
  BPE: "RobertaTokenizer",
  Unigram: "TokenizersBackend",
};

function sequence(normalizers: readonly Json[]): Json {
  return { type: "Sequence", normalizers };
}

function precompiled(charsmap: unknown): Json[] {
  return charsmap === undefined ? [] : [{ type: "Precompiled", precompiled_charsmap: charsmap }];
}

function metaspace(scheme: "always" | "first" | "never"): Json {
  return { type: "Metaspace", replacement: "▁", prepend_scheme: scheme, split: true };
}

function wordsAndSpaces(config: Json): Json {
  const scheme = config.add_prefix_space === false ? "never" : "always";
  return { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace(scheme)] };
}
