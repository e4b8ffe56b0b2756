import type { TextInput } from "../base/text-input";

/** A word at its place in a text. */
export interface PlacedWord {
  /** Index of its text in a pair; 0 for a single text. */
  readonly part: 0 | 1;
  /** Start and end of the word in its text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

/** A text, a label, and its words with scores. The larger a word's score, the more it speaks for the label. */
export interface RankedWords {
  readonly text: TextInput;
  readonly label: string;
  readonly words: readonly (PlacedWord & { readonly score: number })[];
}
