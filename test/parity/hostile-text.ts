import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import type { Random } from "../../src/base/random";

/** Texts that tokenizers get wrong. */
export const HOSTILE_TEXTS = JSON.parse(
  readFileSync(join(projectRoot(), "test", "tokenizer", "hostile-texts.json"), "utf8"),
) as readonly string[];

const WORDS = [
  "the",
  "Cancer",
  "risk",
  "of",
  "AFlatoxin",
  "B1",
  "p<0.05",
  "don't",
  "they're",
  "dose-response",
  "[SEP]",
  "[MASK]",
  "</s>",
  "<mask>",
  "<s>",
  "[CLS]",
  "cancer",
  "canc",
  "(p",
  "risk",
  "É",
  "<x>",
  "two words",
  "naïve",
  "ΣΑΣ",
  "İ",
  "ﬁ",
];
const BLANKS = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\v", "\u200b", ""];
const RANGES: readonly (readonly [number, number])[] = [
  [0, 0x20],
  [0x20, 0x7f],
  [0x7f, 0x250],
  [0x250, 0x590],
  [0x590, 0x900],
  [0x900, 0x1100],
  [0x1100, 0x2000],
  [0x2000, 0x3000],
  [0x3000, 0xa000],
  [0xa000, 0xd800],
  [0xd800, 0xe000],
  [0xe000, 0x10000],
  [0x10000, 0x12000],
  [0x16000, 0x17000],
  [0x1d000, 0x1fc00],
  [0x20000, 0x31400],
  [0xe0000, 0x110000],
];

/** A random text of all sorts of characters, words, blanks and special tokens. */
export function randomHostileText(random: Random): string {
  const parts: string[] = [];
  const count = 1 + random.below(random.below(20) === 0 ? 400 : 25);
  for (let i = 0; i < count; i++) {
    const kind = random.below(10);
    if (kind < 4) parts.push(WORDS[random.below(WORDS.length)], kind < 3 ? " " : "");
    else if (kind < 6) parts.push(BLANKS[random.below(BLANKS.length)]);
    else {
      const [low, high] = RANGES[random.below(RANGES.length)];
      const length = 1 + random.below(random.below(30) === 0 ? 150 : 4);
      for (let j = 0; j < length; j++) {
        const code = low + random.below(high - low);
        parts.push(code >= 0xd800 && code < 0xe000 ? String.fromCharCode(code) : String.fromCodePoint(code));
      }
    }
  }
  return parts.join("");
}
