import "../../ops/node-shims";
import { DataFrame } from "danfojs-node";

import { readFrame } from "../read-frame";

/** Placeholder of the study for a text without an abstract. */
export const MISSING_ABSTRACT = "Missing Abstract";

/** Abbreviations that are written out, and what they are short for. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  "et al.": "and others",
  "etc.": "and so on",
  "vol.": "volume",
  "vs.": "versus",
  "e.g.": "for example",
  "i.e.": "that is",
  "approx.": "approximately",
};
/** Those that may be a sentence's last word, whose full stop then ends the sentence too. */
const CLOSING = new Set(["et al.", "etc."]);

const ABBREVIATION = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${Object.keys(ABBREVIATIONS)
    .map((short) => short.replaceAll(".", "\\.").replaceAll(" ", "\\s+"))
    .join("|")})`,
  "giu",
);
/**
 * Start of the next sentence after a full stop. Without the flag i, which would let a small letter pass for a capital.
 */
const SENTENCE_END = /^(?:\s+\p{Lu}|\s*$)/u;

/**
 * The study's cleaning of a text: drops the marks `<ID:...>`, `Title:` and `Abstract:`, writes out a few
 * abbreviations, drops `, ; @ # $ % ^ & * ( )`, makes one blank of any white space, and puts one after a full stop
 * that a capital follows. Cleaning a text twice gives the same as cleaning it once.
 *
 * Where it departs from the study:
 * - Abbreviations are found. The study's patterns ask for a word boundary after the full stop (`et al.\b`), so they
 *   match only where a letter follows at once; these look before the first letter instead. The full stop of `et al.`
 *   and `etc.` stays where it ends a sentence.
 * - A mark is dropped only where the format has it, at the start of its line, and once each: `Abstract:` inside a
 *   sentence is text.
 * - A text in the study's format without an abstract, or an empty one, becomes `Missing Abstract`, as in the study. But
 *   {@link loadCorpus} names such texts first, and lets none through.
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
 * Cleans every text of a frame; see {@link cleanText}.
 *
 * @returns a new frame with the same rows, index and other columns
 * @throws TsloraError `bad-input` where the frame has no column `texts` of strings.
 */
export function cleanTexts(frame: DataFrame): DataFrame {
  const texts = readFrame(frame).texts.map(cleanText);
  const columns = Object.fromEntries(
    frame.columns.map((name) => [name, name === "texts" ? texts : (frame.column(name).values as unknown[])]),
  );
  return new DataFrame(columns, { index: frame.index, dtypes: frame.dtypes });
}

/** Title and abstract without their marks; nothing where there is no abstract. */
function unmark(text: string): string {
  const abstract = /^[^\S\n]*Abstract:/m.exec(text);
  if (abstract === null || text.slice(abstract.index + abstract[0].length).trim() === "") return "";
  return text.slice(0, abstract.index).replace(/^\s*Title:/, "") + text.slice(abstract.index + abstract[0].length);
}
