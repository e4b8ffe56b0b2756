import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { parseUntrustedObject } from "../base/parse-json-file";
import { TsloraError } from "../base/tslora-error";

export type Json = Readonly<Record<string, unknown>>;

/** A model folder's files that say how its texts become tokens, as they stand. */
export interface TokenizerFiles {
  readonly directory: string;
  /** transformers' name of the tokenizer's class, without "Fast". */
  readonly className: string;
  readonly kind: "WordPiece" | "BPE";
  /** tokenizer.json, where it is there. */
  readonly json: Json | undefined;
  /** tokenizer_config.json over special_tokens_map.json. */
  readonly config: Json;
  readonly vocab: ReadonlyMap<string, number>;
  /** Of BPE: pairs with a blank between, the first to be merged first. */
  readonly merges: readonly string[];
}

/** The tokenizer class of a model type, as transformers' AutoTokenizer has it. */
const CLASS_OF: Readonly<Record<string, string>> = { bert: "BertTokenizer", distilbert: "DistilBertTokenizer", roberta: "RobertaTokenizer" };

/**
 * Reads a tokenizer's files: tokenizer.json, or vocab.txt (WordPiece), or vocab.json and merges.txt (byte-level BPE).
 *
 * @throws TsloraError `not-found` that says what was looked for, `unsupported` for another kind of tokenizer, `bad-input`.
 */
export async function readTokenizerFiles(directory: string): Promise<TokenizerFiles> {
  const own = (await readJson(join(directory, "tokenizer_config.json"))) ?? {};
  // as in transformers, a map beside a config that lists its added tokens is of an older date
  const config = own.added_tokens_decoder === undefined ? { ...own, ...(await readJson(join(directory, "special_tokens_map.json"))) } : own;
  const json = await readJson(join(directory, "tokenizer.json"));
  const model = await readJson(join(directory, "config.json"));
  const stated = [own.tokenizer_class, model?.tokenizer_class].find((name) => typeof name === "string");
  const byType = CLASS_OF[String(model?.model_type)];
  if (json !== undefined) {
    const { type, vocab, merges } = (json.model ?? {}) as { type?: unknown; vocab?: unknown; merges?: unknown };
    const kind = type ?? (merges === undefined ? "WordPiece" : "BPE");
    const where = join(directory, "tokenizer.json");
    if (kind !== "WordPiece" && kind !== "BPE") throw new TsloraError("unsupported", `${where} holds a ${JSON.stringify(kind)} tokenizer; tslora reads WordPiece (BERT, DistilBERT) and byte-level BPE (RoBERTa).`);
    if (merges !== undefined && !Array.isArray(merges)) throw new TsloraError("bad-input", `${where}: "merges" is to be a list.`);
    const joined = (merges ?? []).map((merge: unknown) => (Array.isArray(merge) ? merge.join(" ") : String(merge)));
    return { directory, className: classNameOf(stated ?? byType, kind), kind, json, config, vocab: vocabOf(vocab, where), merges: joined };
  }
  const wordPiece = await readText(join(directory, "vocab.txt"));
  const [bytePairs, mergeLines] = [await readJson(join(directory, "vocab.json")), await readText(join(directory, "merges.txt"))];
  if (bytePairs !== undefined && mergeLines !== undefined && (wordPiece === undefined || byType === "RobertaTokenizer")) {
    const merges = mergeLines.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
    return { directory, className: classNameOf(stated ?? byType, "BPE"), kind: "BPE", json, config, vocab: vocabOf(bytePairs, join(directory, "vocab.json")), merges };
  }
  if (wordPiece === undefined) {
    throw new TsloraError("not-found", `A tokenizer was looked for in ${directory}, as tokenizer.json, as vocab.txt, and as vocab.json with merges.txt, and none is there. Take them from the model's page, or save them in Python with tokenizer.save_pretrained(folder).`);
  }
  const tokens = wordPiece.replace(/(\r\n|\r|\n)$/, "").split(/\r\n|\r|\n/);
  return { directory, className: classNameOf(stated ?? byType, "WordPiece"), kind: "WordPiece", json, config, vocab: new Map(tokens.map((token, id) => [token, id])), merges: [] };
}

function classNameOf(name: unknown, kind: TokenizerFiles["kind"]): string {
  return typeof name === "string" ? name.replace(/Fast$/, "") : kind === "BPE" ? "RobertaTokenizer" : "BertTokenizer";
}

function vocabOf(vocab: unknown, where: string): Map<string, number> {
  const entries = typeof vocab === "object" && vocab !== null && !Array.isArray(vocab) ? Object.entries(vocab as Json) : [];
  const map = new Map<string, number>();
  for (const [token, id] of entries) if (typeof id === "number" && Number.isInteger(id) && id >= 0) map.set(token, id);
  if (entries.length === 0 || map.size < entries.length) throw new TsloraError("bad-input", `${where} was expected to hold a vocabulary, of tokens to whole numbers from 0 on.`);
  return map;
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function readJson(path: string): Promise<Json | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseUntrustedObject(text, path);
}
