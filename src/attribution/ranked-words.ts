import type { TextInput } from "../base/text-input";

/** A word at its place in a text. */
export interface PlacedWord {
  /** Index of its text in a pair; 0 for a single text. */
  readonly part: 0 | 1;
  /** Its beginning and end in its text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** A text, a label, and its words with scores: the words with large scores decide for the label. */
export interface RankedWords {
  readonly text: TextInput;
  readonly label: string;
  readonly words: readonly (PlacedWord & { readonly score: number })[];
}
