import { expandHome } from "../base/files/expand-home";
import { Problems } from "../base/problems";
import { addedTokenSplitter } from "./added-tokens";
import { bertNormalize } from "./bert-normalizer";
import { bertWords } from "./bert-words";
import { byteLevelWords } from "./byte-level-words";
import { readTokenizerFiles, type Json } from "./read-tokenizer-files";
import type { TokenizedText, Tokenizer } from "./tokenizer";
import { tokenizerParts, type TokenizerParts } from "./tokenizer-parts";
import { wordEncoder, type WordModel } from "./word-encoder";

/**
 * Loads the WordPiece or byte-level BPE tokenizer of a Hugging Face folder from tokenizer.json; without that file, from
 * vocab.txt, or vocab.json and merges.txt. Downloads nothing. @xenova/transformers splits words into tokens. tslora
 * itself finds special tokens, normalizes and splits texts into words, with exactly the results of Python's tokenizers.
 * Truncation and padding in the files are ignored: `maxLength` alone decides, in training and in prediction. A lone
 * surrogate counts as U+FFFD.
 *
 * @param directory - the model's folder
 * @throws TsloraError `not-found`, naming the missing files, or `unsupported` for another kind of tokenizer.
 */
export async function loadTokenizer(directory: string, options: { maxLength?: number } = {}): Promise<Tokenizer> {
  const { maxLength = 512 } = options;
  const problems = new Problems("loadTokenizer");
  problems.expect(
    Number.isInteger(maxLength) && maxLength >= 2,
    `maxLength must be a whole number of at least 2, for a text's first token and its last; got ${String(maxLength)}`,
  );
  problems.throwIfAny();
  const files = await readTokenizerFiles(expandHome(directory));
  const parts = tokenizerParts(files);
  const { TokenizerModel } = (await import("@xenova/transformers")) as unknown as {
    TokenizerModel: { fromConfig(model: Json): WordModel };
  };
  const encodeWord = wordEncoder(TokenizerModel.fromConfig(parts.model), files.vocab);
  const idsOf = textEncoder(parts, encodeWord);

  const names: string[] = [];
  for (const [token, id] of files.vocab) names[id] = token;
  for (const { content, id } of parts.added) names[id] = content;
  const encodeOne = (text: string): TokenizedText => {
    const ids = [parts.cls];
    for (const id of idsOf(text.replace(/\p{Surrogate}/gu, "\ufffd"))) {
      if (ids.length === maxLength - 1) return { ids: Int32Array.from([...ids, parts.sep]), truncated: true };
      ids.push(id);
    }
    return { ids: Int32Array.from([...ids, parts.sep]), truncated: false };
  };
  return {
    maxLength,
    vocabSize: names.length,
    padTokenId: parts.pad,
    encode: (texts) => texts.map(encodeOne),
    tokens: (ids) => Array.from(ids, (id) => names[id]),
  };
}

/** Yields a text's ids, without the first and the last token. */
function textEncoder(
  { words, added }: TokenizerParts,
  encodeWord: (word: string) => readonly number[],
): (text: string) => Generator<number> {
  const normalizer = words.kind === "bert" ? words.normalizer : undefined;
  const normalize = (text: string): string => (normalizer === undefined ? text : bertNormalize(text, normalizer));
  const inText = addedTokenSplitter(added.filter(({ normalized }) => !normalized));
  const late = added
    .filter(({ normalized }) => normalized)
    .map((token) => ({ ...token, content: normalize(token.content) }));
  const inNormalized = addedTokenSplitter(late);
  const wordsOf = (text: string): Iterable<string> =>
    words.kind === "byte-level"
      ? byteLevelWords(text, words)
      : bertWords(text, late.length === 0 ? normalizer : undefined);
  return function* (text) {
    for (const piece of inText(text)) {
      const finer = piece.kind === "text" && late.length > 0 ? inNormalized(normalize(piece.text)) : [piece];
      for (const part of finer) {
        if (part.kind === "token") yield part.id;
        else for (const word of wordsOf(part.text)) yield* encodeWord(word);
      }
    }
  };
}
