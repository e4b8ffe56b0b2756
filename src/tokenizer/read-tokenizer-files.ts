import { join } from "node:path";

import { isMissingFile } from "../base/files/open-regular-file";
import { parseUntrustedObject } from "../base/files/parse-json-file";
import { readFileBytes, readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { contentOf, objectOf } from "./check-types";
import type { Json } from "./json";
import { parseMergeLines, parseMerges } from "./parse-merges";
import { parsePieces, parseVocabLines, parseVocabulary } from "./parse-vocabulary";
import {
  AS_IT_IS,
  CLASS_OF,
  classNamed,
  classWithoutJson,
  NAME_OF_KIND,
  SPECIAL_KEYS,
  type ModelKind,
  type SpecialKey,
  type TokenizerClass,
} from "./tokenizer-classes";
import { parseSentencepieceModel } from "./unigram/sentencepiece-file";

/** The raw tokenizer files of a model folder. */
export interface TokenizerFiles {
  readonly directory: string;
  /** The tokenizer's class in transformers, without "Fast". */
  readonly className: string;
  readonly kind: ModelKind;
  /** The class that builds the tokenizer itself; undefined if tokenizer.json is taken as it is. */
  readonly own: TokenizerClass | undefined;
  /** tokenizer.json, if it exists. */
  readonly json: Json | undefined;
  /** tokenizer_config.json, overridden by special_tokens_map.json if it lists no added tokens itself. */
  readonly config: Json;
  /** The tokens of added_tokens.json in older folders, if no other file lists the added tokens. */
  readonly laterAdded: readonly { readonly id: unknown; readonly token: Json }[];
  /** Ids by token; for Unigram in the order of the ids. */
  readonly vocab: ReadonlyMap<string, number>;
  /** The file of the vocabulary. */
  readonly source: "tokenizer.json" | "vocab.txt" | "vocab.json" | "sentencepiece";
  /** Unigram's scores by id; otherwise empty. */
  readonly scores: Float64Array;
  /** sentencepiece's normalization rules: bytes of a model file, or base 64 of a tokenizer.json. */
  readonly charsmap?: unknown;
  /** Control and user-defined pieces of a sentencepiece model. */
  readonly pieceTokens?: readonly Json[];
  /** The id of the unknown piece that a sentencepiece model states. */
  readonly unknownId?: number;
  /** Whether the last line of vocab.txt has no line end, which may mean that the file was cut off. */
  readonly openEnd?: boolean;
  /** Rows of the model's word embedding, if config.json gives the number. */
  readonly embeddings: number | undefined;
  /** BPE's merges: pairs separated by a space, in order of priority. */
  readonly merges: readonly string[];
}

const NO_SCORES = new Float64Array(0);

/**
 * Reads a tokenizer's files: tokenizer.json, or vocab.txt (WordPiece), or vocab.json and merges.txt (byte-level BPE),
 * or a sentencepiece model (Unigram).
 *
 * @throws TsloraError `not-found`, naming the missing files, `unsupported` for another kind of tokenizer or, without
 *   tokenizer.json, another class, or `bad-input`.
 */
export async function readTokenizerFiles(directory: string): Promise<TokenizerFiles> {
  const settings = await readSettings(directory);
  if (settings.json !== undefined) return withTokenizerJson(settings, settings.json);
  const ofPieces = await withSentencepiece(settings);
  if (ofPieces !== undefined) return ofPieces;
  const wordPiece = await readText(join(directory, "vocab.txt"));
  const bytePairs = await readJson(join(directory, "vocab.json"));
  const mergeLines = await readText(join(directory, "merges.txt"));
  const prefersBytePairs = wordPiece === undefined || settings.byType === "RobertaTokenizer";
  if (bytePairs !== undefined && mergeLines !== undefined && prefersBytePairs)
    return {
      ...settings,
      ...classFor(settings, "BPE"),
      source: "vocab.json",
      vocab: parseVocabulary(bytePairs, shownPath(join(directory, "vocab.json"))),
      scores: NO_SCORES,
      merges: parseMergeLines(mergeLines, shownPath(join(directory, "merges.txt"))),
    };
  const modelFile = classNamed(classNameOf(settings, "WordPiece"))?.modelFile;
  if (wordPiece === undefined)
    throw new TsloraError(
      "not-found",
      `${shownPath(directory)} holds no tokenizer: neither tokenizer.json, nor ${modelFile ?? "vocab.txt, nor vocab.json with merges.txt"}. Take them from the model's page, or save them in Python with tokenizer.save_pretrained(folder).`,
    );
  return {
    ...settings,
    ...classFor(settings, "WordPiece"),
    source: "vocab.txt",
    vocab: parseVocabLines(wordPiece, shownPath(join(directory, "vocab.txt"))),
    scores: NO_SCORES,
    openEnd: !/[\r\n]$/.test(wordPiece),
    merges: [],
  };
}

/** All settings of the files except the vocabulary. */
interface Settings extends Pick<TokenizerFiles, "directory" | "json" | "config" | "laterAdded" | "embeddings"> {
  /** The tokenizer's class that a file names. */
  readonly stated: string | undefined;
  /** The tokenizer's class for the model's type. */
  readonly byType: string | undefined;
  /** Whether the model's type decides, whatever class a file names. */
  readonly asItIs: boolean;
}

async function readSettings(directory: string): Promise<Settings> {
  const own = (await readJson(join(directory, "tokenizer_config.json"))) ?? {};
  // as in transformers, the map is ignored as outdated if the config lists its added tokens
  const decoder = own.added_tokens_decoder;
  const map = decoder === undefined ? await readJson(join(directory, "special_tokens_map.json")) : undefined;
  const json = await readJson(join(directory, "tokenizer.json"));
  const model = await readJson(join(directory, "config.json"));
  const stated = [own.tokenizer_class, model?.tokenizer_class].find((name) => (name ?? undefined) !== undefined);
  if (stated !== undefined && typeof stated !== "string")
    throw new TsloraError(
      "bad-input",
      `${shownPath(directory)}: "tokenizer_class" must be a name; got ${shownValue(stated)}.`,
    );
  const modelType = String(model?.model_type);
  const listed = json !== undefined || decoder !== undefined;
  return {
    directory,
    json,
    config: { ...own, ...map },
    stated,
    asItIs: AS_IT_IS.includes(modelType),
    byType: Object.hasOwn(CLASS_OF, modelType) ? CLASS_OF[modelType] : undefined,
    embeddings: typeof model?.vocab_size === "number" ? model.vocab_size : undefined, // checked when the model is read
    laterAdded: listed ? [] : await readLaterAdded(directory, { own, map: map ?? {} }),
  };
}

/**
 * Reads added_tokens.json. As in transformers, the text is normalized before its tokens are looked for, except those
 * that a file names as special: as texts in tokenizer_config.json, or in any form in special_tokens_map.json, where
 * "additional_special_tokens" does not count.
 */
async function readLaterAdded(
  directory: string,
  { own, map }: { own: Json; map: Json },
): Promise<TokenizerFiles["laterAdded"]> {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
  const extra = list(own.extra_special_tokens);
  const special = new Set<unknown>([
    ...SPECIAL_KEYS.map((key) => (map[key] === undefined ? own[key] : contentOf(map[key]))),
    ...(extra.length > 0 ? extra : list(own.additional_special_tokens)),
    ...list(map.extra_special_tokens).map(contentOf),
  ]);
  const ids = (await readJson(join(directory, "added_tokens.json"))) ?? {};
  return Object.entries(ids).map(([content, id]) => ({ id, token: { content, normalized: !special.has(content) } }));
}

function withTokenizerJson(settings: Settings, json: Json): TokenizerFiles {
  const where = shownPath(join(settings.directory, "tokenizer.json"));
  if (typeof json.model !== "object" || json.model === null || Array.isArray(json.model))
    throw new TsloraError("bad-input", `${where} must hold a "model"; got ${shownValue(json.model)}.`);
  const { type, vocab, merges } = json.model as Json;
  const kind = type ?? (merges !== undefined ? "BPE" : Array.isArray(vocab) ? "Unigram" : "WordPiece");
  if (kind !== "WordPiece" && kind !== "BPE" && kind !== "Unigram")
    throw new TsloraError(
      "unsupported",
      `${where} holds a ${shownValue(kind)} tokenizer; tslora reads WordPiece, byte-level BPE and Unigram.`,
    );
  return {
    ...settings,
    ...classFor(settings, kind),
    source: "tokenizer.json",
    ...(kind === "Unigram" ? parsePieces(vocab, where) : { vocab: parseVocabulary(vocab, where), scores: NO_SCORES }),
    charsmap: charsmapOf(json),
    merges: kind === "BPE" ? parseMerges(merges, where) : [],
  };
}

/** The rules of the first Precompiled normalizer of a tokenizer.json. */
function charsmapOf(json: Json): unknown {
  const normalizer = objectOf(json.normalizer);
  const steps: unknown[] = Array.isArray(normalizer.normalizers) ? normalizer.normalizers : [normalizer];
  const found = steps.map(objectOf).find(({ type }) => type === "Precompiled");
  return found?.precompiled_charsmap;
}

/** Reads the sentencepiece model that the tokenizer's class looks for; undefined if there is none. */
async function withSentencepiece(settings: Settings): Promise<TokenizerFiles | undefined> {
  const className = classNameOf(settings, "Unigram");
  const own = classNamed(className);
  if (own?.modelFile === undefined) return undefined;
  const path = join(settings.directory, own.modelFile);
  const bytes = await ifThere(readFileBytes(path));
  if (bytes === undefined) return undefined;
  const where = shownPath(path);
  const { pieces, unknownId, charsmap } = parseSentencepieceModel(bytes, where);
  const nameOf = (key: SpecialKey): string => contentOf(settings.config[key]) ?? own.special[key] ?? "";
  const scored = pieces.map(({ text, score }) => [text, score] as const);
  return {
    ...settings,
    className,
    kind: "Unigram",
    own,
    source: "sentencepiece",
    ...parsePieces(own.fromPieces?.(scored, nameOf) ?? scored, where),
    charsmap,
    unknownId,
    pieceTokens: pieces
      .filter(({ kind }) => kind !== "other")
      .map(({ text, kind }) => ({ content: text, special: kind === "control", normalized: false })),
    merges: [],
  };
}

/** Decides the class for a vocabulary of a kind. */
function classFor(settings: Settings, kind: ModelKind): Pick<TokenizerFiles, "className" | "kind" | "own"> {
  const className = classNameOf(settings, kind);
  if (settings.json !== undefined) return { className, kind, own: classNamed(className) };
  const own = classWithoutJson(className, kind);
  if (own === undefined)
    throw new TsloraError(
      "unsupported",
      `${shownPath(settings.directory)}: its tokenizer_class is ${shownValue(className)}, which tslora reads only from tokenizer.json, and the folder has none. If the class can save one, do so in Python with AutoTokenizer.from_pretrained(folder).save_pretrained(folder); otherwise take another model.`,
    );
  return { className, kind, own };
}

function classNameOf({ stated, byType, asItIs }: Settings, kind: ModelKind): string {
  const named = asItIs ? byType : (stated ?? byType);
  return named?.replace(/Fast$/, "") ?? NAME_OF_KIND[kind];
}

/** A file's text; undefined if there is no such file. */
function readText(path: string): Promise<string | undefined> {
  return ifThere(readTextFile(path));
}

/** The result of reading a file; undefined if there is no such file. */
async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

async function readJson(path: string): Promise<Json | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseUntrustedObject(text, shownPath(path));
}
