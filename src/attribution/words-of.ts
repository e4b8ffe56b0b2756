import type { TextTokenizer } from "../classifier/encode-texts";
import { isTextPair, type TextInput } from "../base/text-input";

/** A word of a text, and the tokens that it became. */
export interface WordSpan {
  readonly text: string;
  /** Index of its text in a pair; 0 for a single text. */
  readonly part: 0 | 1;
  /** Start and end of the word in its text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** Its tokens in the encoded input: `from` is the first, `to` the one after the last. */
  readonly tokens: readonly [from: number, to: number];
}

/** The place of a text's tokens in an encoded input. */
interface Place {
  readonly part: 0 | 1;
  readonly text: string;
  /** Index of its first token. */
  readonly first: number;
  /** Number of its tokens that truncation kept. */
  readonly kept: number;
}

/**
 * The words of a text, or of a pair of texts, with their tokens. Words are those of `Intl.Segmenter`, without spaces;
 * neighbours that share a token are one word. Words beyond the tokenizer's length have no token and are left out.
 */
export function wordsOf(tokenizer: TextTokenizer, input: TextInput): WordSpan[] {
  const all = tokenizer.encode([input])[0].ids;
  const { places, bare } = placesIn(tokenizer, input);
  return places.flatMap((place) => words(bare, all, place));
}

/** For each token of an encoded input, whether it comes from a text rather than from the template: [tokens]. */
export function textTokens(tokenizer: TextTokenizer, input: TextInput): boolean[] {
  const { places } = placesIn(tokenizer, input);
  return Array.from(tokenizer.encode([input])[0].ids, (_, token) =>
    places.some(({ first, kept }) => token >= first && token < first + kept),
  );
}

/** The place of each text's tokens, and a function that encodes a text without special tokens. */
function placesIn(
  tokenizer: TextTokenizer,
  input: TextInput,
): { places: readonly Place[]; bare: (text: string) => Int32Array } {
  const idsOf = (text: TextInput): Int32Array => tokenizer.encode([text])[0].ids;
  const { before, after } = specialTokens(idsOf(""), idsOf(isTextPair(input) ? input[0] : input));
  const bare = (text: string): Int32Array => {
    const ids = idsOf(text);
    return ids.subarray(before, ids.length - after);
  };
  if (!isTextPair(input)) return { places: [{ part: 0, text: input, first: before, kept: bare(input).length }], bare };
  const all = idsOf(input);
  const kept = sharedLength(bare(input[0]), all.subarray(before));
  const start = kept + idsOf(["", ""]).length - after; // of the second text, after the tokens between the two
  return {
    places: [
      { part: 0, text: input[0], first: before, kept },
      { part: 1, text: input[1], first: start, kept: all.length - after - start },
    ],
    bare,
  };
}

/** Number of special tokens before and after a single text, from the ids of an empty text and of another one. */
function specialTokens(empty: Int32Array, other: Int32Array): { before: number; after: number } {
  const before = empty.length === 0 ? 0 : Math.min(sharedLength(empty, other), Math.ceil(empty.length / 2));
  return { before, after: empty.length - before };
}

/**
 * The words of one text. A word may end at a place only if tokenizing the text up to that place gives the first tokens
 * of the whole text; otherwise a token continues beyond it.
 */
function words(bare: (text: string) => Int32Array, all: Int32Array, place: Place): WordSpan[] {
  const { part, text, first, kept } = place;
  const own = all.subarray(first, first + kept);
  const found: WordSpan[] = [];
  let [start, from] = [-1, 0]; // of the word that is not yet ended
  for (const { segment, index } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (from >= kept) break;
    if (segment.trim() === "") continue;
    if (start < 0) start = index;
    const end = index + segment.length;
    const before = bare(text.slice(0, end));
    const to = Math.min(before.length, kept);
    if (sharedLength(before, own) < to) continue; // a token continues beyond the word's end
    if (to > from) found.push({ text: text.slice(start, end), part, start, end, tokens: [first + from, first + to] });
    [start, from] = [-1, to];
  }
  if (start >= 0 && from < kept)
    found.push({
      text: text.slice(start).trimEnd(),
      part,
      start,
      end: text.trimEnd().length,
      tokens: [first + from, first + kept],
    });
  return found;
}

/** Number of equal ids at the beginning of both. */
function sharedLength(a: Int32Array, b: Int32Array): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
