import { expandHome } from "../base/files/expand-home";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import type { TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import { addedTokenSplitter } from "./added-tokens";
import type { Json } from "./json";
import { readTokenizerFiles } from "./read-tokenizer-files";
import type { TokenizedText, Tokenizer } from "./tokenizer";
import { fillTemplate, specialTokens, type Template } from "./template";
import { tokenizerParts, type TokenizerParts } from "./tokenizer-parts";
import { take, truncatePair } from "./truncate-pair";
import { unigramEncoder } from "./unigram/unigram-encoder";
import { wordEncoder, type WordModel } from "./word-encoder";

/**
 * Loads the WordPiece, byte-level BPE or Unigram tokenizer of a Hugging Face folder from tokenizer.json; without that
 * file, from vocab.txt, from vocab.json and merges.txt, or from a sentencepiece model (spiece.model, spm.model,
 * sentencepiece.bpe.model). Downloads nothing. @xenova/transformers splits words into tokens of WordPiece and BPE.
 * tslora itself finds special tokens, normalizes and splits texts into words, and encodes words with Unigram, with
 * exactly the results of Python's tokenizers.
 *
 * The files' settings of truncation and padding are ignored: texts are cut at `maxLength`, in training and in
 * prediction. A lone surrogate counts as U+FFFD.
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
  const encodeWord = await makeWordEncoder(parts, files.vocab);
  const idsOf = textEncoder(parts, encodeWord);

  const names: string[] = [];
  for (const [token, id] of files.vocab) names[id] = token;
  for (const { content, id } of parts.added) names[id] = content;
  const encodeText = textOrPairEncoder(parts, { idsOf, maxLength, directory });
  return {
    maxLength,
    vocabSize: names.length,
    padTokenId: parts.pad,
    encode: (texts) => texts.map(encodeText),
    tokens: (ids) => Array.from(ids, (id) => names[id]),
  };
}

/** Encodes a text, or a pair of texts, with the special tokens of its template. */
function textOrPairEncoder(
  { templates, givesTypes }: TokenizerParts,
  options: { idsOf: (text: string) => Generator<number>; maxLength: number; directory: string },
): (input: TextInput) => TokenizedText {
  const { maxLength, directory } = options;
  const idsOf = (text: string): Generator<number> => options.idsOf(text.replace(/\p{Surrogate}/gu, "\ufffd"));
  const filled = (template: Template, texts: readonly (readonly number[])[]): Omit<TokenizedText, "truncated"> => {
    const { ids, types } = fillTemplate(template, texts);
    return givesTypes && types.some((type) => type > 0) ? { ids, types } : { ids };
  };
  return (input) => {
    if (typeof input === "string") {
      const room = maxLength - specialTokens(templates.single);
      const ids = take(idsOf(input), room + 1);
      return { ...filled(templates.single, [ids.slice(0, room)]), truncated: ids.length > room };
    }
    const template = expectPairs(templates.pair, { maxLength, directory });
    const [first, second] = input;
    const { texts, truncated } = truncatePair(idsOf(first), idsOf(second), maxLength - specialTokens(template));
    return { ...filled(template, texts), truncated };
  };
}

function expectPairs(
  template: Template | undefined,
  { maxLength, directory }: { maxLength: number; directory: string },
): Template {
  if (template === undefined)
    throw new TsloraError(
      "unsupported",
      `${shownPath(directory)}: the post_processor of tokenizer.json must have a template of pairs that begins with a special token, to encode a pair of texts; it has none. Take a tokenizer for pairs, or join the two texts into one.`,
    );
  const added = specialTokens(template);
  if (maxLength < added)
    throw new TsloraError(
      "bad-option",
      `maxLength must be at least ${added}, the special tokens of a pair of texts; got ${maxLength}.`,
    );
  return template;
}

/** Yields a text's ids, without special tokens before and after it. */
function textEncoder(
  { splitter, added }: TokenizerParts,
  encodeWord: (word: string) => readonly number[],
): (text: string) => Generator<number> {
  const inText = addedTokenSplitter(added.filter(({ normalized }) => !normalized));
  const late = added
    .filter(({ normalized }) => normalized)
    .map((token) => ({ ...token, content: splitter.normalize(token.content) }));
  const inNormalized = addedTokenSplitter(late);
  return function* (text) {
    let begin = true; // the next piece begins where the text begins
    for (const piece of inText(text)) {
      if (piece.kind === "token") yield piece.id;
      else if (late.length === 0) {
        for (const word of splitter.words(piece.text, { normalized: false, first: begin })) yield* encodeWord(word);
      } else {
        let first = begin && splitter.keepsStart(piece.text);
        for (const part of inNormalized(splitter.normalize(piece.text))) {
          if (part.kind === "token") yield part.id;
          else for (const word of splitter.words(part.text, { normalized: true, first })) yield* encodeWord(word);
          first = false;
        }
      }
      begin = false;
    }
  };
}

/** Makes the function that encodes a word. */
async function makeWordEncoder(
  { model }: TokenizerParts,
  vocab: ReadonlyMap<string, number>,
): Promise<(word: string) => readonly number[]> {
  if (model.kind === "unigram") return unigramEncoder(model.model);
  const { TokenizerModel } = (await import("@xenova/transformers")) as unknown as {
    TokenizerModel: { fromConfig(model: Json): WordModel };
  };
  const encodeWord = wordEncoder(TokenizerModel.fromConfig(model.description), vocab);
  if (!model.wholeWords) return encodeWord;
  return (word) => {
    const id = vocab.get(word);
    return id === undefined ? encodeWord(word) : [id];
  };
}
