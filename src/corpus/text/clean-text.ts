import type { DataFrame } from "danfojs-node";

import { readTextColumns } from "../read-frame";
import { withColumns } from "../with-columns";

/** The study's placeholder for a text without an abstract. */
export const MISSING_ABSTRACT = "Missing Abstract";

/** Abbreviations, and the words that replace them. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  "et al.": "and others",
  "etc.": "and so on",
  "vol.": "volume",
  "vs.": "versus",
  "e.g.": "for example",
  "i.e.": "that is",
  "approx.": "approximately",
};
/** Abbreviations that may end a sentence; their full stop then ends the sentence too. */
const CLOSING = new Set(["et al.", "etc."]);

const ABBREVIATION = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${Object.keys(ABBREVIATIONS)
    .map((short) => short.replaceAll(".", "\\.").replaceAll(" ", "\\s+"))
    .join("|")})`,
  "giu",
);
/** The start of the next sentence after a full stop. No flag i, which would match small letters. */
const SENTENCE_END = /^(?:\s+\p{Lu}|\s*$)/u;

/**
 * Cleans a text as the study does: removes the tags `<ID:...>`, `Title:` and `Abstract:`, writes out a few
 * abbreviations, removes `, ; @ # $ % ^ & * ( )`, replaces white space by one blank, and inserts a blank between a full
 * stop and a capital. Cleaning a clean text does not change it.
 *
 * Differences from the study:
 * - Abbreviations are found. The study's patterns require a word boundary after the full stop (`et al.\b`), so they
 *   match only if a letter follows directly; these patterns require one before the first letter instead. The full stop
 *   of `et al.` and `etc.` is kept if it ends a sentence.
 * - A tag is removed only at the start of its line, and only once, as in the format: `Abstract:` inside a sentence is
 *   text.
 * - A text in the study's format without an abstract, or with an empty one, becomes `Missing Abstract`, as in the
 *   study. {@link loadCorpus} refuses or reports such texts before.
 */
export function cleanText(text: string): string {
  const marked = /^\s*<ID:[^>\n]*>/.exec(text);
  const body = marked === null ? text : unmark(text.slice(marked[0].length));
  const cleaned = body
    .replace(ABBREVIATION, (found: string, at: number) => {
      const short = found.toLowerCase().replace(/\s+/g, " ");
      return ABBREVIATIONS[short] + (CLOSING.has(short) && SENTENCE_END.test(body.slice(at + found.length)) ? "." : "");
    })
    .replace(/[,;@#$%^&*()]/g, "")
    .replace(/\s+/g, " ")
    .replace(/\.(?=[A-Z])/g, ". ")
    .trim();
  return cleaned === "" ? MISSING_ABSTRACT : cleaned;
}

/**
 * Cleans every text of a frame, and every second text; see {@link cleanText}.
 *
 * @returns a new frame with the same rows, index and other columns
 * @throws TsloraError `bad-input` if the frame has no column `texts` of strings.
 */
export function cleanTexts(frame: DataFrame): DataFrame {
  const { texts, textPairs = [] } = readTextColumns(frame);
  return withColumns(frame, { texts: texts.map(cleanText), text_pair: textPairs.map(cleanText) });
}

/** Title and abstract without their tags; empty if there is no abstract. */
function unmark(text: string): string {
  const abstract = /^[^\S\n]*Abstract:/m.exec(text);
  if (abstract === null || text.slice(abstract.index + abstract[0].length).trim() === "") return "";
  return text.slice(0, abstract.index).replace(/^\s*Title:/, "") + text.slice(abstract.index + abstract[0].length);
}
