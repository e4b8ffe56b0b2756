import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownNames, shownText, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { AddedToken } from "./added-tokens";
import type { BertNormalizerOptions } from "./bert-normalizer";
import { BYTE_CHARS } from "./byte-level-words";
import { checkTokens } from "./check-tokens";
import {
  checkTypes,
  contentOf,
  FLAG,
  isObject,
  objectOf,
  partOf,
  TEXT,
  TEXTS,
  TOKEN,
  TOKENS,
  type TypeCheck,
} from "./check-types";
import { addedTokens, SPECIAL } from "./list-added-tokens";
import { mergeFaults } from "./parse-merges";
import type { Json, TokenizerFiles } from "./read-tokenizer-files";
import { bertTemplates, robertaTemplates, templatesOf, withIds, type Templates } from "./template";

/** Checked settings of a tokenizer: how it splits words, and its special tokens. */
export interface TokenizerParts {
  readonly words:
    | { readonly kind: "bert"; readonly normalizer: BertNormalizerOptions | undefined }
    | { readonly kind: "byte-level"; readonly addPrefixSpace: boolean };
  readonly added: readonly AddedToken[];
  /** The pieces of an encoded text, and of a pair. */
  readonly templates: Templates;
  /** Whether transformers passes token types to the model; otherwise all count as 0. */
  readonly givesTypes: boolean;
  readonly pad: number;
  /** The model of a tokenizer.json. */
  readonly model: Json;
}

/**
 * Classes that transformers builds from the vocabulary and tokenizer_config.json alone, ignoring other parts of
 * tokenizer.json.
 */
const REBUILT: Readonly<Record<string, TokenizerFiles["kind"]>> = {
  BertTokenizer: "WordPiece",
  DistilBertTokenizer: "WordPiece",
  RobertaTokenizer: "BPE",
};

/** Classes that pass token types to the model unless tokenizer_config.json lists other inputs. */
const WITH_TYPES: readonly string[] = [
  "BertTokenizer",
  "ElectraTokenizer",
  "MobileBertTokenizer",
  "DebertaV2Tokenizer",
];

/**
 * Reads a tokenizer's files as transformers does.
 *
 * @throws TsloraError `unsupported` for an unknown part, `bad-input` for a vocabulary that lacks required tokens.
 */
export function tokenizerParts(files: TokenizerFiles): TokenizerParts {
  const { kind, config, json, vocab, className } = files;
  const directory = shownPath(files.directory);
  const rebuilt = json === undefined || Object.hasOwn(REBUILT, className);
  const problems = new Problems(`The tokenizer in ${directory}`);
  if (Object.hasOwn(REBUILT, className))
    problems.expect(
      REBUILT[className] === kind,
      `tokenizer_class is "${className}", which is ${REBUILT[className]}, and its vocabulary is of ${kind}`,
    );
  checkTypes(config, CONFIG_TYPES, { problems, where: "tokenizer_config.json" });
  problems.expect((config.split_special_tokens ?? false) === false, '"split_special_tokens" must be false');
  const side = config.truncation_side ?? objectOf(json?.truncation).direction ?? "right";
  problems.expect(
    side === "right" || side === "Right",
    "texts must be cut at their end; its truncation side is the left one",
  );
  const words =
    kind === "WordPiece" ? bertParts(files, { rebuilt, problems }) : byteLevelParts(files, { rebuilt, problems });
  problems.throwIfAny("unsupported");

  const damage = new Problems(`The tokenizer in ${directory}`);
  const added = addedTokens(files, damage);
  damage.throwIfAny("bad-input"); // the next checks rely on these ids
  checkTokens(files, { added, problems: damage });
  if (kind === "BPE")
    for (const fault of mergeFaults(files.merges, { vocab, added: new Set(added.map(({ content }) => content)) }))
      damage.expect(false, fault);
  const idOf = (token: string): number | undefined =>
    vocab.get(token) ?? added.find(({ content }) => content === token)?.id;
  checkProcessor(json, { idOf, problems: damage });
  damage.throwIfAny("bad-input");
  const named = (key: "cls_token" | "sep_token" | "pad_token" | "unk_token"): string =>
    contentOf(config[key]) ?? SPECIAL[kind][key];
  const idInVocab = (token: string): number => idOf(token) ?? lacking(token, directory);
  const own = kind === "BPE" ? robertaTemplates : bertTemplates;
  const { single, pair } = rebuilt ? own(named("cls_token"), named("sep_token")) : templatesOf(json, files.directory);
  return {
    words,
    added,
    templates: { single: withIds(single, idInVocab), pair: pair && withIds(pair, idInVocab) },
    givesTypes: Array.isArray(config.model_input_names)
      ? config.model_input_names.includes("token_type_ids")
      : WITH_TYPES.includes(className),
    pad: idInVocab(named("pad_token")),
    model:
      kind === "BPE"
        ? { type: "BPE", vocab: Object.fromEntries(vocab), merges: files.merges }
        : wordPieceModel(files, { stated: rebuilt ? {} : objectOf(json.model), unk: named("unk_token") }),
  };
}

/** The model of a tokenizer.json for WordPiece, with transformers' defaults. */
function wordPieceModel(files: TokenizerFiles, { stated, unk }: { stated: Json; unk: string }): Json {
  const unknown = contentOf(stated.unk_token) ?? unk;
  if (!files.vocab.has(unknown)) lacking(unknown, shownPath(files.directory));
  return {
    type: "WordPiece",
    vocab: Object.fromEntries(files.vocab),
    unk_token: unknown,
    continuing_subword_prefix: stated.continuing_subword_prefix ?? "##",
    max_input_chars_per_word: stated.max_input_chars_per_word ?? 100,
  };
}

function lacking(token: string, directory: string): never {
  throw new TsloraError("bad-input", `The vocabulary in ${directory} lacks ${shownText(token, 80)}.`);
}

/**
 * Limit of a word's length. WordPiece tries every end of a word from every start, and would take hours for longer
 * words.
 */
const LONGEST_WORD = 1000;
const WORD_LENGTH: TypeCheck = [
  `a whole number from 0 to ${LONGEST_WORD}`,
  (value) => typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LONGEST_WORD,
];

/** Types of the values that are used, unless they are missing or null. */
const CONFIG_TYPES: Readonly<Record<string, TypeCheck>> = {
  ...Object.fromEntries(
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"].map((key) => [
      key,
      TOKEN,
    ]),
  ),
  ...Object.fromEntries(
    ["do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "split_special_tokens"].map(
      (key) => [key, FLAG],
    ),
  ),
  truncation_side: TEXT,
  additional_special_tokens: TOKENS,
  model_input_names: TEXTS,
  added_tokens_decoder: [
    "an object of ids to tokens",
    (value) => isObject(value) && Object.values(value).every(isObject),
  ],
};
const MODEL_TYPES: Readonly<Record<string, TypeCheck>> = {
  unk_token: TEXT,
  continuing_subword_prefix: TEXT,
  max_input_chars_per_word: WORD_LENGTH,
};
const NORMALIZER_TYPES: Readonly<Record<string, TypeCheck>> = {
  clean_text: FLAG,
  handle_chinese_chars: FLAG,
  strip_accents: FLAG,
  lowercase: FLAG,
};
const SPLITTER_TYPES: Readonly<Record<string, TypeCheck>> = {
  add_prefix_space: FLAG,
  trim_offsets: FLAG,
  use_regex: FLAG,
};

function bertParts(
  { json, config }: TokenizerFiles,
  { rebuilt, problems }: { rebuilt: boolean; problems: Problems },
): TokenizerParts["words"] {
  const [given, splitter] = [partOf(json, "normalizer", problems), partOf(json, "pre_tokenizer", problems)];
  const normalizer: Json | undefined = rebuilt
    ? {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: config.tokenize_chinese_chars,
        strip_accents: config.strip_accents,
        lowercase: config.do_lower_case,
      }
    : given;
  if (!rebuilt) {
    problems.expect(
      given === undefined || given.type === "BertNormalizer",
      `its normalizer must be a BertNormalizer or none; got ${shownValue(given?.type)}`,
    );
    problems.expect(
      splitter?.type === "BertPreTokenizer",
      `its pre_tokenizer must be a BertPreTokenizer; got ${shownValue(splitter?.type)}`,
    );
    checkTypes(given ?? {}, NORMALIZER_TYPES, { problems, where: "tokenizer.json's normalizer" });
  }
  checkTypes(objectOf(json?.model), MODEL_TYPES, { problems, where: "tokenizer.json's model" });
  if (normalizer === undefined) return { kind: "bert", normalizer };
  const lowercase = (normalizer.lowercase ?? true) === true;
  const strip = normalizer.strip_accents ?? lowercase;
  return {
    kind: "bert",
    normalizer: {
      cleanText: normalizer.clean_text !== false,
      handleChineseChars: normalizer.handle_chinese_chars !== false,
      stripAccents: strip === true,
      lowercase,
    },
  };
}

function byteLevelParts(
  { json, config, vocab }: TokenizerFiles,
  { rebuilt, problems }: { rebuilt: boolean; problems: Problems },
): TokenizerParts["words"] {
  const model = objectOf(json?.model);
  const given = partOf(json, "pre_tokenizer", problems) ?? {};
  const splitter: Json = rebuilt ? { type: "ByteLevel", add_prefix_space: config.add_prefix_space ?? false } : given;
  if (!rebuilt) {
    problems.expect(
      (json?.normalizer ?? null) === null,
      `its normalizer must be none; got ${shownValue(objectOf(json?.normalizer).type)}`,
    );
    for (const key of ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges"])
      problems.expect(
        ["", false, null, undefined].includes(model[key] as string),
        `its model's "${key}" must be none; got ${shownValue(model[key])}`,
      );
    checkTypes(splitter, SPLITTER_TYPES, { problems, where: "tokenizer.json's pre_tokenizer" });
  }
  problems.expect(
    splitter.type === "ByteLevel" && splitter.use_regex !== false,
    `its pre_tokenizer must be ByteLevel with GPT-2's pattern; got ${shownValue(splitter)}`,
  );
  const lacking = BYTE_CHARS.filter((char) => !vocab.has(char));
  problems.expect(
    lacking.length === 0,
    `its vocabulary must hold all 256 bytes; it lacks ${lacking.length}, ${shownNames(lacking)}`,
  );
  return { kind: "byte-level", addPrefixSpace: (splitter.add_prefix_space ?? true) === true };
}

/**
 * Compares the ids in a post-processor with those of the vocabulary. Python uses the post-processor's ids unchecked.
 */
function checkProcessor(
  json: Json | undefined,
  { idOf, problems }: { idOf: (token: string) => number | undefined; problems: Problems },
): void {
  const processor = partOf(json, "post_processor", problems) ?? {};
  const expectId = (token: unknown, id: unknown): void => {
    const known = typeof token === "string" ? idOf(token) : undefined;
    problems.expect(
      known !== undefined && known === id,
      `tokenizer.json's post_processor must give ${shownValue(token)} the vocabulary's id, ${known ?? "which has none"}; it gives ${shownValue(id)}`,
    );
  };
  for (const pair of [processor.cls, processor.sep]) {
    const [token, id] = Array.isArray(pair) ? (pair as unknown[]) : [pair];
    if (pair !== undefined) expectId(token, id);
  }
  for (const token of Object.values(objectOf(processor.special_tokens)).map(objectOf)) {
    const [ids, tokens] = [token.ids, token.tokens].map((list) => (Array.isArray(list) ? (list as unknown[]) : []));
    problems.expect(
      ids.length > 0 && ids.length === tokens.length,
      `tokenizer.json's post_processor must give ${shownValue(token.id)} as many ids as tokens; it gives ${shownValue(token.ids)} and ${shownValue(token.tokens)}`,
    );
    tokens.forEach((name, i) => expectId(name, ids[i]));
  }
}
