import { join } from "node:path";

import { isMissingFile } from "../base/files/open-regular-file";
import { parseUntrustedObject } from "../base/files/parse-json-file";
import { readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { parseMergeLines, parseMerges } from "./parse-merges";
import { parseVocabLines, parseVocabulary } from "./parse-vocabulary";

export type Json = Readonly<Record<string, unknown>>;

/** The raw tokenizer files of a model folder. */
export interface TokenizerFiles {
  readonly directory: string;
  /** The tokenizer's class in transformers, without "Fast". */
  readonly className: string;
  readonly kind: "WordPiece" | "BPE";
  /** tokenizer.json, if it exists. */
  readonly json: Json | undefined;
  /** tokenizer_config.json, overridden by special_tokens_map.json if it lists no added tokens itself. */
  readonly config: Json;
  /** added_tokens.json of older folders, if no other file lists the added tokens. */
  readonly laterAdded: Json;
  readonly vocab: ReadonlyMap<string, number>;
  /** The file of the vocabulary. */
  readonly source: "tokenizer.json" | "vocab.txt" | "vocab.json";
  /** Whether the last line of vocab.txt has no line end, which may mean that the file was cut off. */
  readonly openEnd?: boolean;
  /** Rows of the model's word embedding, if config.json gives the number. */
  readonly embeddings: number | undefined;
  /** BPE's merges: pairs separated by a space, in order of priority. */
  readonly merges: readonly string[];
}

/** The tokenizer class of a model type, as in transformers' AutoTokenizer. */
const CLASS_OF: Readonly<Record<string, string>> = {
  bert: "BertTokenizer",
  distilbert: "DistilBertTokenizer",
  roberta: "RobertaTokenizer",
};

/**
 * Reads a tokenizer's files: tokenizer.json, or vocab.txt (WordPiece), or vocab.json and merges.txt (byte-level BPE).
 *
 * @throws TsloraError `not-found`, naming the missing files, `unsupported` for another kind of tokenizer, or
 *   `bad-input`.
 */
export async function readTokenizerFiles(directory: string): Promise<TokenizerFiles> {
  const settings = await readSettings(directory);
  if (settings.json !== undefined) return withTokenizerJson(settings, settings.json);
  const wordPiece = await readText(join(directory, "vocab.txt"));
  const bytePairs = await readJson(join(directory, "vocab.json"));
  const mergeLines = await readText(join(directory, "merges.txt"));
  const prefersBytePairs = wordPiece === undefined || settings.byType === "RobertaTokenizer";
  if (bytePairs !== undefined && mergeLines !== undefined && prefersBytePairs)
    return {
      ...settings,
      className: classNameOf(settings, "BPE"),
      kind: "BPE",
      source: "vocab.json",
      vocab: parseVocabulary(bytePairs, shownPath(join(directory, "vocab.json"))),
      merges: parseMergeLines(mergeLines, shownPath(join(directory, "merges.txt"))),
    };
  if (wordPiece === undefined)
    throw new TsloraError(
      "not-found",
      `${shownPath(directory)} holds no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json with merges.txt. Take them from the model's page, or save them in Python with tokenizer.save_pretrained(folder).`,
    );
  return {
    ...settings,
    className: classNameOf(settings, "WordPiece"),
    kind: "WordPiece",
    source: "vocab.txt",
    vocab: parseVocabLines(wordPiece, shownPath(join(directory, "vocab.txt"))),
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
}

async function readSettings(directory: string): Promise<Settings> {
  const own = (await readJson(join(directory, "tokenizer_config.json"))) ?? {};
  // as in transformers, the map is ignored as outdated if the config lists its added tokens
  const config =
    own.added_tokens_decoder === undefined
      ? { ...own, ...(await readJson(join(directory, "special_tokens_map.json"))) }
      : own;
  const json = await readJson(join(directory, "tokenizer.json"));
  const model = await readJson(join(directory, "config.json"));
  const stated = [own.tokenizer_class, model?.tokenizer_class].find((name) => (name ?? undefined) !== undefined);
  if (stated !== undefined && typeof stated !== "string")
    throw new TsloraError(
      "bad-input",
      `${shownPath(directory)}: "tokenizer_class" must be a name; got ${shownValue(stated)}.`,
    );
  const modelType = String(model?.model_type);
  const listed = json !== undefined || own.added_tokens_decoder !== undefined;
  return {
    directory,
    json,
    config,
    stated,
    byType: Object.hasOwn(CLASS_OF, modelType) ? CLASS_OF[modelType] : undefined,
    embeddings: typeof model?.vocab_size === "number" ? model.vocab_size : undefined, // checked when the model is read
    laterAdded: listed ? {} : ((await readJson(join(directory, "added_tokens.json"))) ?? {}),
  };
}

function withTokenizerJson(settings: Settings, json: Json): TokenizerFiles {
  const where = shownPath(join(settings.directory, "tokenizer.json"));
  if (typeof json.model !== "object" || json.model === null || Array.isArray(json.model))
    throw new TsloraError("bad-input", `${where} must hold a "model"; got ${shownValue(json.model)}.`);
  const { type, vocab, merges } = json.model as Json;
  const kind = type ?? (merges === undefined ? "WordPiece" : "BPE");
  if (kind !== "WordPiece" && kind !== "BPE")
    throw new TsloraError(
      "unsupported",
      `${where} holds a ${shownValue(kind)} tokenizer; tslora reads WordPiece (BERT, DistilBERT) and byte-level BPE (RoBERTa).`,
    );
  return {
    ...settings,
    className: classNameOf(settings, kind),
    kind,
    source: "tokenizer.json",
    vocab: parseVocabulary(vocab, where),
    merges: kind === "BPE" ? parseMerges(merges, where) : [],
  };
}

function classNameOf({ stated, byType }: Settings, kind: TokenizerFiles["kind"]): string {
  return (stated ?? byType)?.replace(/Fast$/, "") ?? (kind === "BPE" ? "RobertaTokenizer" : "BertTokenizer");
}

/** A file's text; undefined if there is no such file. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readTextFile(path);
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

async function readJson(path: string): Promise<Json | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseUntrustedObject(text, shownPath(path));
}
