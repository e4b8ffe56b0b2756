import { LATER_NORMALIZED } from "./unicode-tables";

/** A Unicode normal form. */
export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

// The group makes `split` keep the characters.
const LATER = new RegExp(
  `([${LATER_NORMALIZED.map((range) => range.map((code) => `\\u{${code.toString(16)}}`).join("-")).join("")}])`,
  "u",
);
const ASCII = /^[\0-\x7f]*$/;

/**
 * A text in a Unicode normal form, with the tables of Python's tokenizers: characters that are newer stay as they are
 * and combine with no other.
 */
export function toNormalForm(text: string, form: NormalForm): string {
  if (ASCII.test(text)) return text;
  if (!LATER.test(text)) return text.normalize(form);
  return text
    .split(LATER)
    .map((part, i) => (i % 2 === 0 ? part.normalize(form) : part))
    .join("");
}
