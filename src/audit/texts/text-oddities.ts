import { WORDS } from "../../corpus/text/words";
import type { Problems } from "../../base/problems";
import { findMojibake } from "./mojibake";
import { mainScript, scriptShares } from "./scripts";

/** Oddities of a text. */
export type Oddity =
  | "empty-text"
  | "very-short"
  | "very-long"
  | "other-script"
  | "control-characters"
  | "mostly-digits"
  | "damaged-encoding";

/** An odd text and the evidence, in a few words. */
export interface OddText {
  readonly row: number;
  readonly oddity: Oddity;
  readonly evidence: string;
}

/** Options of {@link findOddTexts}. */
export interface OddTextOptions {
  /**
   * Texts with fewer words are very short.
   * @default a tenth of the median, but at least 3; 0 if the median is below 10
   */
  readonly minWords?: number;
  /** Texts with more words are very long. @default ten times the median */
  readonly maxWords?: number;
}

/** Control characters without tab and line ends, and those that turn the direction of writing. */
const CONTROL = /(?![\t\n\r])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;
const LETTERS_FOR_SCRIPT = 10; // with fewer letters, the script is not judged
const DIGITS_FOR_MOSTLY = 5;

/** Finds empty and odd texts. A text may be odd in several ways; an empty one is only empty. */
export function findOddTexts(texts: readonly string[], options: OddTextOptions = {}): OddText[] {
  const words = texts.map((text) => text.match(WORDS)?.length ?? 0);
  const median = medianOf(words);
  const { minWords = median >= 10 ? Math.max(3, median / 10) : 0, maxWords = Math.max(1, 10 * median) } = options;
  const shares = texts.map(scriptShares);
  const main = mainScript(shares);
  const found: OddText[] = [];
  texts.forEach((text, row) => {
    const add = (oddity: Oddity, evidence: string): void => void found.push({ row, oddity, evidence });
    const damage = damageOf(text);
    if (damage !== undefined) add("damaged-encoding", damage);
    const controls = text.match(CONTROL);
    if (controls !== null) add("control-characters", `${controls.length} × ${codePoint(controls[0])}`);
    if (words[row] === 0) {
      add("empty-text", text.trim() === "" ? "no characters" : "no letters or digits");
      return;
    }
    const length = `${count(words[row], "word")}; the median is ${median}`;
    if (words[row] < minWords) add("very-short", length);
    if (words[row] > maxWords) add("very-long", length);
    const { letters, byScript } = shares[row];
    const own = byScript.get(main ?? "") ?? 0;
    if (main !== undefined && letters >= LETTERS_FOR_SCRIPT && own < letters / 2)
      add("other-script", `${Math.round((100 * own) / letters)}% of the letters are ${main}`);
    const digits = text.match(/\p{N}/gu)?.length ?? 0;
    if (digits >= DIGITS_FOR_MOSTLY && digits > letters)
      add("mostly-digits", `${count(digits, "digit")}, ${count(letters, "letter")}`);
  });
  return found;
}

/**
 * Adds a problem for each invalid option of {@link OddTextOptions}.
 *
 * @param prefix - what precedes the options' names
 */
export function checkOddTextOptions(problems: Problems, { minWords, maxWords }: OddTextOptions, prefix = ""): void {
  for (const [name, words] of Object.entries({ minWords, maxWords }))
    problems.expect(
      words === undefined || words >= 0,
      `${prefix}${name} must be a number of at least 0; got ${String(words)}`,
    );
}

/** Signs of a damaged encoding: replacement characters, lone surrogates, UTF-8 decoded as another encoding. */
function damageOf(text: string): string | undefined {
  const replaced = text.match(/\ufffd/g)?.length ?? 0;
  if (replaced > 0) return `${replaced} × U+FFFD, the replacement character`;
  if (/\p{Cs}/u.test(text)) return "half of a surrogate pair";
  const mojibake = findMojibake(text);
  return mojibake === undefined ? undefined : `${JSON.stringify(mojibake)}: UTF-8 read as Windows-1252 or Latin-1`;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

function medianOf(values: readonly number[]): number {
  const rising = Float64Array.from(values).sort();
  return rising.length === 0 ? 0 : rising[Math.floor(rising.length / 2)];
}
