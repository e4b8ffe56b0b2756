import type { Problems } from "../base/problems";
import { CharClass, classOf } from "./char-class";
import { checkTypes, FLAG } from "./check-types";
import type { Json } from "./json";
import { LATER_LOWERED } from "./unicode-tables";

/** Settings of a BertNormalizer. */
export interface BertNormalizerOptions {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** The settings of a BertNormalizer, with the defaults of Python's tokenizers. */
export function bertOptions(given: Json, problems: Problems): BertNormalizerOptions {
  checkTypes(
    given,
    { clean_text: FLAG, handle_chinese_chars: FLAG, strip_accents: FLAG, lowercase: FLAG },
    { problems, where: "tokenizer.json's normalizer" },
  );
  const lowercase = (given.lowercase ?? true) === true;
  return {
    cleanText: given.clean_text !== false,
    handleChineseChars: given.handle_chinese_chars !== false,
    stripAccents: (given.strip_accents ?? lowercase) === true,
    lowercase,
  };
}

// Characters that Python's tokenizers do not decompose, since their Unicode version is older than Node's. The group
// makes `split` keep them.
const NEVER_DECOMPOSED = new RegExp(
  `(${[0x105c9, 0x105e4, 0x11383, 0x11385, 0x1138e, 0x11391, 0x113c5, 0x113c7, 0x113c8, 0x11938, 0x16121, 0x16122, 0x16123, 0x16124, 0x16125, 0x16126, 0x16127, 0x16128, 0x16d68, 0x16d69, 0x16d6a].map((code) => String.fromCodePoint(code)).join("|")})`,
  "u",
);
const lowered = new Map(LATER_LOWERED);
const laterLowered = new RegExp(`[${LATER_LOWERED.map(([char]) => char).join("")}]`, "gu");
const ASCII = /^[\x20-\x7e]*$/;

/**
 * Normalizes a text as Python's BertNormalizer does: cleans it, puts spaces around ideographs, strips accents and
 * converts to lower case, in this order.
 */
export function bertNormalize(text: string, options: BertNormalizerOptions): string {
  if (ASCII.test(text)) return options.lowercase ? text.toLowerCase() : text;
  let normalized = options.cleanText || options.handleChineseChars ? mapChars(text, options) : text;
  if (options.stripAccents) normalized = stripAccents(normalized);
  return options.lowercase ? lowercase(normalized) : normalized;
}

function mapChars(text: string, { cleanText, handleChineseChars }: BertNormalizerOptions): string {
  let out = "";
  for (const char of text) {
    const is = classOf(char.codePointAt(0) ?? 0);
    if (cleanText && is & CharClass.dropped) continue;
    if (cleanText && is & CharClass.blank) out += " ";
    else if (handleChineseChars && is & CharClass.ideograph) out += ` ${char} `;
    else out += char;
  }
  return out;
}

function stripAccents(text: string): string {
  const decomposed = NEVER_DECOMPOSED.test(text)
    ? text
        .split(NEVER_DECOMPOSED)
        .map((part, i) => (i % 2 === 0 ? part.normalize("NFD") : part))
        .join("")
    : text.normalize("NFD");
  let out = "";
  for (const char of decomposed) if ((classOf(char.codePointAt(0) ?? 0) & CharClass.mark) === 0) out += char;
  return out;
}

/** Converts to lower case letter by letter: a sigma at the end of a word is no exception. */
export function lowercase(text: string): string {
  return text
    .replaceAll("Σ", "σ")
    .replace(laterLowered, (char) => lowered.get(char) ?? char)
    .toLowerCase();
}
