import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import { cutText } from "./cut-text";
import { mendNormalizer } from "./mend-normalizer";
import type { TokenizedText, Tokenizer } from "./tokenizer";
import { tokenizerFromVocab } from "./tokenizer-from-vocab";

/** What is used of @xenova/transformers' tokenizer. */
interface XenovaTokenizer {
  (text: string, options: { add_special_tokens: true; padding: false; truncation: false; return_tensor: false }): { input_ids: number[] };
  readonly model: { readonly vocab: readonly string[] };
}
type Json = Record<string, unknown>;

/**
 * Loads the WordPiece tokenizer of a Hugging Face folder, by @xenova/transformers: from tokenizer.json, or from
 * vocab.txt where there is no other. Nothing is fetched. Truncation and padding that the file may ask for are passed
 * over: `maxLength` alone decides, in training and in prediction.
 *
 * @param directory - the model's folder
 * @throws TsloraError `not-found` that says what was looked for, `unsupported` for another kind of tokenizer.
 */
export async function loadTokenizer(directory: string, options: { maxLength?: number } = {}): Promise<Tokenizer> {
  const { maxLength = 512 } = options;
  const problems = new Problems("loadTokenizer");
  problems.expect(Number.isInteger(maxLength) && maxLength >= 2, `maxLength is to be a whole number of at least 2, for [CLS] and [SEP]; ${String(maxLength)} came`);
  problems.throwIfAny();
  const config = (await readJson(join(directory, "tokenizer_config.json"))) ?? {};
  const json = (await readJson(join(directory, "tokenizer.json"))) ?? (await fromVocab(directory, config));
  const kind = (json.model as Json | undefined)?.type;
  if (kind !== undefined && kind !== "WordPiece") {
    throw new TsloraError("unsupported", `${join(directory, "tokenizer.json")} holds a ${JSON.stringify(kind)} tokenizer; BERT and DistilBERT have WordPiece tokenizers, and tslora reads these.`);
  }
  const { BertTokenizer } = (await import("@xenova/transformers")) as unknown as { BertTokenizer: new (json: Json, config: Json) => XenovaTokenizer };
  const inner = new BertTokenizer({ ...json, truncation: null, padding: null }, config);
  const { vocab } = inner.model;
  const id = (token: string): number => {
    const found = vocab.indexOf(token);
    if (found < 0) throw new TsloraError("bad-input", `The vocabulary in ${directory} lacks ${token}.`);
    return found;
  };
  const [sep, padTokenId] = [id("[SEP]"), id("[PAD]")];
  const mend = mendNormalizer(json.normalizer);
  const encodeOne = (text: string): TokenizedText => {
    const { text: enough, whole } = cutText(text, { maxLength });
    const all = inner(mend(enough), { add_special_tokens: true, padding: false, truncation: false, return_tensor: false }).input_ids;
    const ids = Int32Array.from(all.slice(0, maxLength));
    const truncated = all.length > maxLength || !whole;
    if (truncated) ids[ids.length - 1] = sep;
    return { ids, truncated };
  };
  return {
    maxLength,
    vocabSize: vocab.length,
    padTokenId,
    encode: (texts) => texts.map(encodeOne),
    tokens: (ids) => Array.from(ids, (token) => vocab[token]),
  };
}

async function fromVocab(directory: string, config: Json): Promise<Json> {
  const text = await readFile(join(directory, "vocab.txt"), "utf8").catch(() => undefined);
  if (text === undefined) {
    throw new TsloraError("not-found", `A tokenizer was looked for in ${directory}, as tokenizer.json and as vocab.txt, and neither is there. Take them from the model's page, or save them in Python with tokenizer.save_pretrained(folder).`);
  }
  return tokenizerFromVocab(text, { lowercase: config.do_lower_case !== false });
}

async function readJson(path: string): Promise<Json | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new TsloraError("bad-input", `${path} is not JSON (${error instanceof Error ? error.message : ""}). Was its download cut off?`, { cause: error });
  }
}
