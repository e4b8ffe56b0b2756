import type { TextInput } from "../../base/text-input";
import { normaliseInput } from "../../corpus/split/find-leaks";

/** Characters of scripts that write no spaces between words; each is a word of its own here. */
const WORD =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|[^\s\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]+/gu;

/**
 * The word shingles of a text: every run of `size` words, without repeats (Broder, "On the resemblance and containment
 * of documents", 1997). Case, punctuation and white space do not count. A text with fewer words is one shingle; an
 * empty text has none.
 */
export function shinglesOf(text: TextInput, size: number): Set<string> {
  return shinglesOfNormalised(normaliseInput(text), size);
}

/** {@link shinglesOf} for a text that `normaliseInput` returned. */
export function shinglesOfNormalised(text: string, size: number): Set<string> {
  const words = text.match(WORD) ?? [];
  if (words.length === 0) return new Set();
  if (words.length <= size) return new Set([words.join(" ")]);
  const shingles = new Set<string>();
  for (let start = 0; start + size <= words.length; start++) shingles.add(words.slice(start, start + size).join(" "));
  return shingles;
}

/** The Jaccard similarity of two sets: common members / all members. 0 for two empty sets. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let common = 0;
  for (const member of small) if (large.has(member)) common++;
  const all = a.size + b.size - common;
  return all === 0 ? 0 : common / all;
}
