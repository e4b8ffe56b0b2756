import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownText, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { AddedToken } from "./added-tokens";
import { checkTokens } from "./check-tokens";
import { checkTypes, contentOf, FLAG, isObject, objectOf, partOf, TEXT, TEXTS, TOKEN, TOKENS } from "./check-types";
import type { TypeCheck } from "./check-types";
import { addedTokens } from "./list-added-tokens";
import { mergeFaults } from "./parse-merges";
import type { Json } from "./json";
import type { TokenizerFiles } from "./read-tokenizer-files";
import { bertTemplates, robertaTemplates, templatesOf, withIds, type Templates } from "./template";
import { makeTextSplitter, type TextSplitter } from "./text-splitter";
import { checkModel, tokenModel, type TokenModel } from "./token-model";
import { classOfKind, SPECIAL_KEYS, type PartDescriptions, type SpecialKey } from "./tokenizer-classes";

/** Checked settings of a tokenizer: how it splits words, and its special tokens. */
export interface TokenizerParts {
  readonly splitter: TextSplitter;
  /** The splitter's parts in the form of tokenizer.json. */
  readonly descriptions: PartDescriptions;
  readonly added: readonly AddedToken[];
  /** The pieces of an encoded text, and of a pair. */
  readonly templates: Templates;
  /** Whether transformers passes token types to the model; otherwise all count as 0. */
  readonly givesTypes: boolean;
  readonly pad: number;
  readonly model: TokenModel;
}

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
  const { kind, config, json, className, own } = files;
  const directory = shownPath(files.directory);
  const problems = new Problems(`The tokenizer in ${directory}`);
  if (own !== undefined)
    problems.expect(
      own.kind === kind,
      `tokenizer_class is "${className}", which is ${own.kind}, and its vocabulary is of ${kind}`,
    );
  checkTypes(config, CONFIG_TYPES, { problems, where: "tokenizer_config.json" });
  problems.expect((config.split_special_tokens ?? false) === false, '"split_special_tokens" must be false');
  const side = config.truncation_side ?? objectOf(json?.truncation).direction ?? "right";
  problems.expect(
    side === "right" || side === "Right",
    "texts must be cut at their end; its truncation side is the left one",
  );
  const parts = own?.parts(config, files.charsmap) ?? {
    normalizer: partOf(json, "normalizer", problems),
    preTokenizer: partOf(json, "pre_tokenizer", problems),
  };
  const splitter = makeTextSplitter(parts, problems);
  checkModel(files, { preTokenizer: parts.preTokenizer, rebuilt: own !== undefined, problems });
  problems.throwIfAny("unsupported");
  if (splitter === undefined) throw new Error("a splitter is missing without a problem");

  const { added, idOf } = checkedTokens(files, directory);
  const nameOf = (key: SpecialKey): string => contentOf(config[key]) ?? (own ?? classOfKind(kind)).special[key] ?? "";
  const idInVocab = (token: string): number => idOf(token) ?? lacking(token, directory);
  const ownTemplates = own?.pairs === "roberta" ? robertaTemplates : bertTemplates;
  const keepsProcessor = own?.keepsProcessor === true && (json?.post_processor ?? undefined) !== undefined;
  const { single, pair } =
    own === undefined || keepsProcessor
      ? templatesOf(json, files.directory)
      : ownTemplates(nameOf(own.ends[0]), nameOf(own.ends[1]));
  return {
    splitter,
    descriptions: parts,
    added,
    templates: { single: withIds(single, idInVocab), pair: pair && withIds(pair, idInVocab) },
    givesTypes: Array.isArray(config.model_input_names)
      ? config.model_input_names.includes("token_type_ids")
      : WITH_TYPES.includes(className),
    pad: idInVocab(nameOf("pad_token")),
    model: tokenModel(files, { own, unknown: nameOf("unk_token") }),
  };
}

/** The added tokens, held against the vocabulary, the merges and the post-processor. */
function checkedTokens(
  files: TokenizerFiles,
  directory: string,
): { added: AddedToken[]; idOf: (token: string) => number | undefined } {
  const { vocab, json } = files;
  const damage = new Problems(`The tokenizer in ${directory}`);
  const added = addedTokens(files, damage);
  damage.throwIfAny("bad-input"); // the next checks rely on these ids
  checkTokens(files, { added, problems: damage });
  if (files.kind === "BPE")
    for (const fault of mergeFaults(files.merges, { vocab, added: new Set(added.map(({ content }) => content)) }))
      damage.expect(false, fault);
  const ids = new Map(added.map(({ content, id }) => [content, id]));
  const idOf = (token: string): number | undefined => vocab.get(token) ?? ids.get(token);
  checkProcessor(json, { idOf, problems: damage });
  damage.throwIfAny("bad-input");
  return { added, idOf };
}

function lacking(token: string, directory: string): never {
  throw new TsloraError("bad-input", `The vocabulary in ${directory} lacks ${shownText(token, 80)}.`);
}

/** Types of the values that are used, unless they are missing or null. */
const CONFIG_TYPES: Readonly<Record<string, TypeCheck>> = {
  ...Object.fromEntries(SPECIAL_KEYS.map((key) => [key, TOKEN])),
  ...Object.fromEntries(
    [
      "do_lower_case",
      "strip_accents",
      "tokenize_chinese_chars",
      "add_prefix_space",
      "split_special_tokens",
      "keep_accents",
      "split_by_punct",
    ].map((key) => [key, FLAG]),
  ),
  truncation_side: TEXT,
  additional_special_tokens: TOKENS,
  model_input_names: TEXTS,
  added_tokens_decoder: [
    "an object of ids to tokens",
    (value) => isObject(value) && Object.values(value).every(isObject),
  ],
};
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
