import { expandHome } from "../base/files/expand-home";
import type { AddedToken } from "./added-tokens";
import { contentOf, objectOf } from "./check-types";
import type { Json } from "./json";
import { readTokenizerFiles, type TokenizerFiles } from "./read-tokenizer-files";
import type { Template } from "./template";
import { tokenizerParts, type TokenizerParts } from "./tokenizer-parts";
import { classOfKind, SPECIAL_KEYS } from "./tokenizer-classes";

/** A tokenizer's files for runtimes that read only these two. */
export interface ExportedTokenizer {
  /** tokenizer.json; undefined if the folder has one. */
  readonly json: Json | undefined;
  /** tokenizer_config.json, with the class and the special tokens that the folder leaves to transformers. */
  readonly config: Json;
}

/**
 * Describes the tokenizer of a Hugging Face folder as tokenizer.json and tokenizer_config.json, which transformers.js
 * reads, whatever files the folder has.
 *
 * @param options.maxLength - most tokens of a text
 * @throws TsloraError as `loadTokenizer`
 */
export async function exportedTokenizer(
  directory: string,
  { maxLength }: { maxLength: number },
): Promise<ExportedTokenizer> {
  const files = await readTokenizerFiles(expandHome(directory));
  const { config, className, kind, own } = files;
  const special = { ...(own ?? classOfKind(kind)).special, ...namedTokens(config) };
  const parts = tokenizerParts(files);
  const types = parts.givesTypes ? ["token_type_ids"] : [];
  return {
    json: files.json === undefined ? tokenizerJson(files, { parts, special }) : undefined,
    config: {
      model_input_names: ["input_ids", ...types, "attention_mask"],
      ...special,
      ...config,
      tokenizer_class: className,
      model_max_length: maxLength,
    },
  };
}

/** The texts of the special tokens that the files name. */
function namedTokens(config: Json): Record<string, string> {
  return Object.fromEntries(
    SPECIAL_KEYS.flatMap((key) => {
      const content = contentOf(config[key]);
      return content === undefined ? [] : [[key, content]];
    }),
  );
}

function tokenizerJson(
  files: TokenizerFiles,
  { parts, special }: { parts: TokenizerParts; special: Readonly<Record<string, string>> },
): Json {
  const { normalizer, preTokenizer } = parts.descriptions;
  const named = new Set(Object.values(special));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...parts.added].sort((a, b) => a.id - b.id).map((token) => addedToken(token, named)),
    normalizer: normalizer === undefined ? null : written(normalizer),
    pre_tokenizer: preTokenizer ?? null,
    post_processor: postProcessor(parts, files),
    decoder: DECODERS[files.kind],
    model: modelOf(parts),
  };
}

/** The decoder, which turns tokens into text. */
const DECODERS: Readonly<Record<TokenizerFiles["kind"], Json>> = {
  WordPiece: { type: "WordPiece", prefix: "##", cleanup: true },
  BPE: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  Unigram: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
};

function addedToken(
  { id, content, singleWord, lstrip, rstrip, normalized }: AddedToken,
  named: ReadonlySet<string>,
): Json {
  return { id, content, single_word: singleWord, lstrip, rstrip, normalized, special: named.has(content) };
}

/**
 * A normalizer as tokenizer.json holds it: rules are in base 64. A BertNormalizer states the defaults of Python's
 * tokenizers, since transformers.js treats a missing setting as off.
 */
function written(normalizer: Json): Json {
  const { type, normalizers, precompiled_charsmap: charsmap } = normalizer;
  if (Array.isArray(normalizers))
    return { ...normalizer, normalizers: normalizers.map((one) => written(objectOf(one))) };
  if (charsmap instanceof Uint8Array)
    return { ...normalizer, precompiled_charsmap: Buffer.from(charsmap).toString("base64") };
  if (type !== "BertNormalizer") return normalizer;
  const { clean_text, handle_chinese_chars, strip_accents, lowercase } = normalizer;
  return {
    type,
    clean_text: clean_text ?? true,
    handle_chinese_chars: handle_chinese_chars ?? true,
    strip_accents: strip_accents ?? null,
    lowercase: lowercase ?? true,
  };
}

function modelOf({ model }: TokenizerParts): Json {
  if (model.kind === "merges") return { ...model.description, ignore_merges: model.wholeWords || undefined };
  const { pieces, scores, unknownId, byteFallback } = model.model;
  return {
    type: "Unigram",
    unk_id: unknownId,
    vocab: pieces.map((piece, id) => [piece, scores[id]]),
    byte_fallback: byteFallback,
  };
}

/** The templates of texts and pairs as a TemplateProcessing. */
function postProcessor({ templates, added }: TokenizerParts, { vocab }: TokenizerFiles): Json {
  const names = new Map([...vocab].map(([token, id]) => [id, token]));
  for (const { id, content } of added) names.set(id, content);
  const nameOf = (id: number): string => names.get(id) ?? "";
  const piecesOf = (template: Template): Json[] =>
    template.map((piece) =>
      piece.kind === "token"
        ? { SpecialToken: { id: nameOf(piece.token), type_id: piece.type } }
        : { Sequence: { id: piece.which === 0 ? "A" : "B", type_id: piece.type } },
    );
  const { single, pair } = templates;
  const used = new Set([single, pair ?? []].flat().flatMap((piece) => (piece.kind === "token" ? [piece.token] : [])));
  return {
    type: "TemplateProcessing",
    single: piecesOf(single),
    pair: pair === undefined ? [] : piecesOf(pair),
    special_tokens: Object.fromEntries(
      [...used].map((id) => [nameOf(id), { id: nameOf(id), ids: [id], tokens: [nameOf(id)] }]),
    ),
  };
}
