import { CODE_POINTS, fillFromRuns } from "../character-runs";
import { TRAIT_RUNS } from "./unicode-tables";

/** Traits of a character in Python's tokenizers that normalization depends on; it may have several. */
export const CharTrait = {
  /** A control character, which ends a grapheme on both sides. */
  control: 1,
  /** Joins the character before it: a combining mark or a joiner. */
  joinsBefore: 2,
  /** Joins the character after it. */
  joinsAfter: 4,
  /** A pictograph, which a zero-width joiner joins to a pictograph before it. */
  pictograph: 8,
  /** An Indic consonant, which a linker joins to a consonant before it. */
  consonant: 16,
  linker: 32,
  /** May come between an Indic consonant and a linker. */
  betweenConsonants: 64,
  /** A combining mark, which StripAccents removes. */
  combining: 128,
  /** A digit or another numeric character for the pre-tokenizer Digits. */
  numeric: 256,
} as const;

let table: Uint16Array | undefined;

/** The traits of a character, as the sum of {@link CharTrait}'s bits. */
export function traitsOf(codePoint: number): number {
  table ??= fillFromRuns(new Uint16Array(CODE_POINTS), TRAIT_RUNS);
  return table[codePoint];
}
