import type { DataFrame } from "danfojs-node";

import { readFrame } from "../read-frame";

/** Texts that are in both parts of a split; they make the scores on the second part too high. */
export interface Leaks {
  /** IDs that are in both parts. */
  readonly byId: readonly string[];
  /** Pairs of IDs with the same text, ignoring case, punctuation and white space. */
  readonly byText: readonly { readonly train: string; readonly test: string }[];
}

/** Finds texts that two parts share, by ID and by normalised text. */
export function findLeaks(train: DataFrame, test: DataFrame): Leaks {
  const seen = readFrame(train);
  const ids = new Set(seen.ID);
  const idOf = new Map(seen.texts.map((text, row) => [normaliseText(text), seen.ID[row]]));
  const asked = readFrame(test);
  const byText: { train: string; test: string }[] = [];
  asked.texts.forEach((text, row) => {
    const twin = idOf.get(normaliseText(text));
    if (twin !== undefined && twin !== asked.ID[row]) byText.push({ train: twin, test: asked.ID[row] });
  });
  return { byId: asked.ID.filter((ID) => ids.has(ID)), byText };
}

/** Reduces a text to its words: without ID line, case, punctuation and white space. */
export function normaliseText(text: string): string {
  return text
    .replace(/^\s*<ID:[^>\n]*>/, "")
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
