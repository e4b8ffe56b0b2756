import { CharTrait, traitsOf } from "./char-traits";

const JOINER = 0x200d;

/**
 * The end of the grapheme that begins at a position of a text (Unicode Standard Annex 29, extended grapheme clusters,
 * with the character classes of Python's tokenizers). Pairs of regional indicators count as two graphemes: both have
 * more bytes than any grapheme that the Precompiled normalizer looks up.
 */
export function graphemeEnd(text: string, start: number): number {
  let before = text.codePointAt(start) ?? 0;
  let end = start + unitsOf(before);
  let traits = traitsOf(before);
  let pictograph = (traits & CharTrait.pictograph) !== 0; // a pictograph with marks, possibly with a joiner
  let conjunct = traits & CharTrait.consonant ? 1 : 0; // 1: a consonant with marks; 2: with a linker too
  while (end < text.length) {
    const code = text.codePointAt(end) ?? 0;
    const next = traitsOf(code);
    if (before === 0x0d && code === 0x0a) return end + 1;
    if ((traits | next) & CharTrait.control) return end;
    const joined =
      (next & CharTrait.joinsBefore) !== 0 ||
      (traits & CharTrait.joinsAfter) !== 0 ||
      (before === JOINER && pictograph && (next & CharTrait.pictograph) !== 0) ||
      (conjunct === 2 && (next & CharTrait.consonant) !== 0) ||
      joinsHangul(before, code);
    if (!joined) return end;
    pictograph = (next & CharTrait.pictograph) !== 0 || (pictograph && (next & CharTrait.joinsBefore) !== 0);
    if (next & CharTrait.consonant) conjunct = 1;
    else if (next & CharTrait.linker) conjunct = conjunct === 0 ? 0 : 2;
    else if ((next & CharTrait.betweenConsonants) === 0) conjunct = 0;
    [before, traits, end] = [code, next, end + unitsOf(code)];
  }
  return end;
}

function unitsOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

/** Whether two Hangul letters or syllables are of one syllable. */
function joinsHangul(before: number, code: number): boolean {
  if (before < 0x1100 || code < 0x1100 || before > 0xd7fb || code > 0xd7fb) return false;
  const [first, second] = [hangulOf(before), hangulOf(code)];
  if (first === "L") return second !== "" && second !== "T";
  if (first === "LV" || first === "V") return second === "V" || second === "T";
  return (first === "LVT" || first === "T") && second === "T";
}

/** The kind of a Hangul letter (leading, vowel, trailing) or syllable; empty for other characters. */
function hangulOf(code: number): "L" | "V" | "T" | "LV" | "LVT" | "" {
  if (code >= 0xac00 && code <= 0xd7a3) return (code - 0xac00) % 28 === 0 ? "LV" : "LVT";
  if (code <= 0x115f || (code >= 0xa960 && code <= 0xa97c)) return "L";
  if (code <= 0x11a7 || (code >= 0xd7b0 && code <= 0xd7c6)) return "V";
  return code <= 0x11ff || (code >= 0xd7cb && code <= 0xd7fb) ? "T" : "";
}
