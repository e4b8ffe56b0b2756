import type { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import type { TextInput } from "../base/text-input";
import type { TextClassifier } from "../evaluation/text-classifier";

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

/** Adds a problem if a text's label is not the classifier's. */
export function expectLabels(
  problems: Problems,
  { labels }: Pick<TextClassifier, "labels">,
  texts: readonly Pick<RankedWords, "label">[],
): void {
  const unknown = texts.find(({ label }) => !labels.includes(label));
  problems.expect(
    unknown === undefined,
    `every label must be the classifier's, ${labels.join(", ")}; got ${shownValue(unknown?.label)}`,
  );
}
