import type { Problems } from "../base/problems";
import { bertNormalize, bertOptions, type BertNormalizerOptions } from "./bert-normalizer";
import { bertWords } from "./bert-words";
import { makeNormalizer, type Normalizer } from "./normalizers/normalizer";
import { makePreTokenizer, type PreTokenizer } from "./pre-tokenizers/pre-tokenizer";
import type { PartDescriptions } from "./tokenizer-classes";

/** Splits a text into words: a normalizer and a pre-tokenizer. */
export interface TextSplitter {
  normalize(text: string): string;
  /**
   * The words of a part of a text.
   *
   * @param options.normalized - whether the part is normalized already
   * @param options.first - whether it begins where the text begins
   */
  words(text: string, options: { readonly normalized: boolean; readonly first: boolean }): Iterable<string>;
  /** Whether the first part of a normalized text still begins where the text begins. */
  keepsStart(text: string): boolean;
}

/** Makes a splitter from its parts; undefined if one is wrong, which is then in `problems`. */
export function makeTextSplitter(parts: PartDescriptions, problems: Problems): TextSplitter | undefined {
  const { normalizer, preTokenizer } = parts;
  if (preTokenizer?.type === "BertPreTokenizer" && (normalizer === undefined || normalizer.type === "BertNormalizer"))
    return bertSplitter(normalizer && bertOptions(normalizer, problems));
  const made = makeNormalizer(normalizer, problems);
  const words = makePreTokenizer(preTokenizer, problems);
  return words === undefined || (normalizer !== undefined && made === undefined) ? undefined : splitterOf(made, words);
}

/** Normalizes word by word: words that the caller does not read are not computed. */
function bertSplitter(options: BertNormalizerOptions | undefined): TextSplitter {
  return {
    normalize: (text) => (options === undefined ? text : bertNormalize(text, options)),
    words: (text, { normalized }) => bertWords(text, normalized ? undefined : options),
    keepsStart: () => true, // no word depends on it
  };
}

function splitterOf(normalizer: Normalizer | undefined, preTokenizer: PreTokenizer): TextSplitter {
  const normalize = (text: string): string => (normalizer === undefined ? text : normalizer.normalize(text));
  const keepsStart = (text: string): boolean =>
    !preTokenizer.usesFirst || normalizer === undefined || normalizer.keepsStart(text);
  return {
    normalize,
    words: (text, { normalized, first }) =>
      normalized ? preTokenizer.words(text, first) : preTokenizer.words(normalize(text), first && keepsStart(text)),
    keepsStart,
  };
}
