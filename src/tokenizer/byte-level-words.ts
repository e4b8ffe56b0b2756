import { CharClass, classOf } from "./char-class";

const CONTRACTION = /'(?:s|t|re|ve|m|ll|d)/y;
const OTHER = 0;
const KINDS = CharClass.blank | CharClass.letter | CharClass.number;

/** GPT-2's characters for bytes. Printable bytes map to themselves, the others to characters from U+0100 on. */
export const BYTE_CHARS: readonly string[] = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : 0x100 + others++);
  });
})();

/**
 * The words of a text as Python's ByteLevel pre-tokenizer splits it, with GPT-2's pattern `'s|'t|'re|'ve|'m|'ll|'d|
 * ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. A word has one character for each of its UTF-8 bytes.
 * Yields word by word.
 */
export function* byteLevelWords(text: string, options: { addPrefixSpace: boolean }): Generator<string> {
  const whole = options.addPrefixSpace && !text.startsWith(" ") ? ` ${text}` : text;
  for (let i = 0; i < whole.length;) {
    const end = wordEnd(whole, i);
    yield asBytes(whole.slice(i, end));
    i = end;
  }
}

/** The end of the word that begins at `start`. */
function wordEnd(text: string, start: number): number {
  CONTRACTION.lastIndex = start;
  if (CONTRACTION.test(text)) return CONTRACTION.lastIndex;
  const first = kindAt(text, start);
  if (first !== CharClass.blank) return runEnd(text, start, first);
  if (text[start] === " " && start + 1 < text.length) {
    const next = kindAt(text, start + 1);
    if (next !== CharClass.blank) return runEnd(text, start + 1, next);
  }
  const end = runEnd(text, start, CharClass.blank);
  return end === text.length || end - start === 1 ? end : end - 1; // every blank is one UTF-16 unit
}

function runEnd(text: string, start: number, kind: number): number {
  let i = start;
  while (i < text.length && kindAt(text, i) === kind) i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1;
  return i;
}

function kindAt(text: string, i: number): number {
  const kind = classOf(text.codePointAt(i) ?? 0) & KINDS;
  return kind === 0 ? OTHER : kind;
}

const encoder = new TextEncoder();
const ASCII_WORD = /^ ?[\x21-\x7e]*$/;

function asBytes(word: string): string {
  if (ASCII_WORD.test(word)) return word.startsWith(" ") ? `${BYTE_CHARS[0x20]}${word.slice(1)}` : word;
  let out = "";
  for (const byte of encoder.encode(word)) out += BYTE_CHARS[byte];
  return out;
}
