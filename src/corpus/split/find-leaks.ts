import type { DataFrame } from "danfojs-node";

import type { TextInput } from "../../base/text-input";
import { readTextColumns, textInputs } from "../read-frame";
import { WORDS } from "../text/words";

/** Texts that are in both parts of a split; they make the scores on the second part too high. */
export interface Leaks {
  /** IDs that are in both parts. */
  readonly byId: readonly string[];
  /** Pairs of IDs with the same text, ignoring case, punctuation and white space. */
  readonly byText: readonly { readonly train: string; readonly test: string }[];
}

/**
 * Finds texts that two parts share, by ID and by normalised text. Pairs of texts are the same if both their texts are,
 * in either order.
 */
export function findLeaks(train: DataFrame, test: DataFrame): Leaks {
  const seen = readTextColumns(train);
  const ids = new Set(seen.ID);
  const idOf = new Map(textInputs(train).map((text, row) => [normaliseInput(text), seen.ID[row]]));
  const asked = readTextColumns(test);
  const byText: { train: string; test: string }[] = [];
  textInputs(test).forEach((text, row) => {
    const twin = idOf.get(normaliseInput(text));
    if (twin !== undefined && twin !== asked.ID[row]) byText.push({ train: twin, test: asked.ID[row] });
  });
  return { byId: asked.ID.filter((ID) => ids.has(ID)), byText };
}

/** Reduces a text, or a pair of texts, to its words; the order of a pair's texts does not count. */
export function normaliseInput(input: TextInput): string {
  return typeof input === "string" ? normaliseText(input) : input.map(normaliseText).sort().join("\n");
}

/**
 * Reduces a text to its words: without ID line, case, punctuation and white space. A text without letters and digits,
 * such as one of emoji, stays as it is.
 */
export function normaliseText(text: string): string {
  const body = text.replace(/^\s*<ID:[^>\n]*>/, "").normalize("NFKC");
  return body.toLowerCase().match(WORDS)?.join(" ") ?? body.trim();
}
