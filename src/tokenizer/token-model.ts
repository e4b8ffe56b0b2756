import type { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownNames, shownText, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { BYTE_CHARS } from "./byte-level-words";
import { checkTypes, contentOf, FLAG, objectOf, TEXT, type TypeCheck } from "./check-types";
import type { Json } from "./json";
import type { TokenizerFiles } from "./read-tokenizer-files";
import type { TokenizerClass } from "./tokenizer-classes";
import type { UnigramModel } from "./unigram/unigram-encoder";

/** The model that splits words into tokens. */
export type TokenModel =
  /** WordPiece or BPE in the form of tokenizer.json. */
  | { readonly kind: "merges"; readonly description: Json; readonly wholeWords: boolean }
  | { readonly kind: "unigram"; readonly model: UnigramModel };

/** Bytes that UTF-8 never uses. Some vocabularies lack them, for example ModernBERT's. */
const NEVER_IN_UTF8: ReadonlySet<number> = new Set([0xc0, 0xc1, ...Array.from({ length: 11 }, (_, i) => 0xf5 + i)]);

/**
 * Limit of a word's length. WordPiece tries every end of a word from every start, and would take hours for longer
 * words.
 */
const LONGEST_WORD = 1000;
const WORD_LENGTH: TypeCheck = [
  `a whole number from 0 to ${LONGEST_WORD}`,
  (value) => typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LONGEST_WORD,
];
const MODEL_TYPES: Readonly<Record<string, Readonly<Record<string, TypeCheck>>>> = {
  WordPiece: { unk_token: TEXT, continuing_subword_prefix: TEXT, max_input_chars_per_word: WORD_LENGTH },
  BPE: { ignore_merges: FLAG },
  Unigram: { byte_fallback: FLAG },
};

/** Checks the model of a tokenizer.json: the types of its values, and the parts that BPE needs. */
export function checkModel(
  { kind, json, vocab }: TokenizerFiles,
  options: { readonly preTokenizer: Json | undefined; readonly rebuilt: boolean; readonly problems: Problems },
): void {
  const { preTokenizer, rebuilt, problems } = options;
  const model = objectOf(json?.model);
  checkTypes(model, MODEL_TYPES[kind], { problems, where: "tokenizer.json's model" });
  if (kind !== "BPE") return;
  if (!rebuilt)
    for (const key of ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"])
      problems.expect(
        ["", false, null, undefined].includes(model[key] as string),
        `its model's "${key}" must be none; got ${shownValue(model[key])}`,
      );
  const steps = preTokenizer?.type === "Sequence" ? preTokenizer.pretokenizers : [preTokenizer];
  const last: unknown = Array.isArray(steps) ? steps.at(-1) : undefined;
  problems.expect(
    objectOf(last).type === "ByteLevel",
    `its pre_tokenizer must be ByteLevel with GPT-2's pattern, since its model is BPE; got ${shownValue(preTokenizer)}`,
  );
  const lacking = BYTE_CHARS.filter((char, byte) => !NEVER_IN_UTF8.has(byte) && !vocab.has(char));
  problems.expect(
    lacking.length === 0,
    `its vocabulary must hold all bytes of UTF-8; it lacks ${lacking.length}, ${shownNames(lacking)}`,
  );
}

/**
 * The model of a tokenizer.
 *
 * @param options.own - the class that builds it; undefined to take tokenizer.json as it is
 * @param options.unknown - the token for unknown words
 * @throws TsloraError `bad-input` if the vocabulary lacks the unknown token.
 */
export function tokenModel(
  files: TokenizerFiles,
  { own, unknown }: { readonly own: TokenizerClass | undefined; readonly unknown: string },
): TokenModel {
  const stated = own === undefined ? objectOf(files.json?.model) : {};
  if (files.kind === "Unigram") return { kind: "unigram", model: unigramModel(files, { own, stated, unknown }) };
  if (files.kind === "WordPiece")
    return { kind: "merges", description: wordPieceModel(files, { stated, unknown }), wholeWords: false };
  const description = { type: "BPE", vocab: Object.fromEntries(files.vocab), merges: files.merges };
  return { kind: "merges", description, wholeWords: stated.ignore_merges === true };
}

/** The model of a tokenizer.json for WordPiece, with transformers' defaults. */
function wordPieceModel(files: TokenizerFiles, { stated, unknown }: { stated: Json; unknown: string }): Json {
  const token = contentOf(stated.unk_token) ?? unknown;
  if (!files.vocab.has(token))
    throw new TsloraError(
      "bad-input",
      `The vocabulary in ${shownPath(files.directory)} lacks ${shownText(token, 80)}.`,
    );
  return {
    type: "WordPiece",
    vocab: Object.fromEntries(files.vocab),
    unk_token: token,
    continuing_subword_prefix: stated.continuing_subword_prefix ?? "##",
    max_input_chars_per_word: stated.max_input_chars_per_word ?? 100,
  };
}

function unigramModel(
  files: TokenizerFiles,
  { own, stated, unknown }: { own: TokenizerClass | undefined; stated: Json; unknown: string },
): UnigramModel {
  const { vocab, scores, config } = files;
  const id =
    own === undefined
      ? stated.unk_id
      : (own.unknownId?.({ vocab, scores, unknown, stated: files.unknownId ?? config.unk_id ?? 1 }) ?? 0);
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= scores.length)
    throw new TsloraError(
      "bad-input",
      `The tokenizer in ${shownPath(files.directory)} must have the id of its unknown token, a whole number from 0 to ${scores.length - 1}; got ${shownValue(id)}.`,
    );
  return { pieces: [...vocab.keys()], scores, unknownId: id, byteFallback: stated.byte_fallback === true };
}
