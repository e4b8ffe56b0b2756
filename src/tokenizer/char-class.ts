import { CODE_POINTS, fillFromRuns } from "./character-runs";
import { CLASS_RUNS } from "./unicode-tables";

/** Classes of a character in Python's tokenizers; it may have several. */
export const CharClass = {
  /** Removed when a text is cleaned: control and format characters, private use, U+FFFD. */
  dropped: 1,
  blank: 2,
  /** An ideograph, which is a word of its own in BERT. */
  ideograph: 4,
  punctuation: 8,
  /** A mark that is stripped with the accents. */
  mark: 16,
  letter: 32,
  number: 64,
  /** Part of a word. Next to such a character, an added token with `single_word` does not match. */
  word: 128,
} as const;

let table: Uint8Array | undefined;

/** The classes of a character, as the sum of {@link CharClass}'s bits. */
export function classOf(codePoint: number): number {
  table ??= fillFromRuns(new Uint8Array(CODE_POINTS), CLASS_RUNS);
  return table[codePoint];
}
