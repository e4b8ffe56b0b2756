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
  table ??= readTable();
  return table[codePoint];
}

function readTable(): Uint16Array {
  const traits = new Uint16Array(0x110000);
  let at = 0;
  for (const run of TRAIT_RUNS.split(",")) {
    const [length, bits = "0"] = run.split(".");
    const end = at + parseInt(length, 36);
    traits.fill(parseInt(bits, 36), at, end);
    at = end;
  }
  return traits;
}
