import { isTextPair, type TextInput } from "../base/text-input";
import type { PlacedWord } from "./ranked-words";

/** A text, or a pair of texts, without some of its words. The characters between words stay. */
export function withoutWords(text: TextInput, words: readonly PlacedWord[]): TextInput {
  const cut = (part: string, index: 0 | 1): string => {
    const own = words.filter((word) => word.part === index).sort((a, b) => a.start - b.start);
    let [kept, at] = ["", 0];
    for (const { start, end } of own) {
      kept += part.slice(at, start);
      at = Math.max(at, end);
    }
    return kept + part.slice(at);
  };
  return isTextPair(text) ? [cut(text[0], 0), cut(text[1], 1)] : cut(text, 0);
}

/** Some words of a text, or of a pair of texts, in its order, with spaces between them. */
export function onlyWords(text: TextInput, words: readonly PlacedWord[]): TextInput {
  const pick = (part: string, index: 0 | 1): string =>
    words
      .filter((word) => word.part === index)
      .sort((a, b) => a.start - b.start)
      .map(({ start, end }) => part.slice(start, end))
      .join(" ");
  return isTextPair(text) ? [pick(text[0], 0), pick(text[1], 1)] : pick(text, 0);
}
