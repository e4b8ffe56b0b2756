import type { Random } from "../../src/base/random";

/** Texts that tokenizers get wrong: each says by itself what it is for. */
export const HOSTILE_TEXTS: readonly string[] = [
  "", " ", "   \t\n ", "a", "tab\tnew\nline\r\nCRLF\r", "a\u0000b\u0001c\ufffd d", "中文文本测试。", "😀😃 emoji 👩‍👩‍👧‍👦 family 🏳️‍🌈 🇨🇭", "مرحبا بالعالم ‏RTL‎", "שָׁלוֹם עולם",
  "naïve café Ångström İstanbul ß ﬁ ẞ", "a".repeat(99), "a".repeat(100), "a".repeat(101), "é".repeat(101), "[CLS] inside [SEP] and [MASK] [PAD][UNK] [cls]", "<s> inside </s> and  <mask> <pad><unk> <S>", "[SEP", "</s", "[SEP]</s>[SEP]",
  "don't stop... we'll they've I'm 're 'S (p<0.05); 5'-ATG-3' α-β±γ", "\u200bzero\u200dwidth\u00a0nbsp\u2028ls\u2029ps\u202fnnbsp\u3000ideographic", "½ ² ™ © ® ① Ⅷ ٣", "e\u0301 combining a\u0300\u0323\u0300 z̵̡͛a̷l̶g̴o̶", "한국어 각 ᄀ", "ไทย ภาษา", "हिन्दी भाषा क्षि", "𝒜𝓑 math 𝟘",
  "₿$€£¥", "\ud7ff\ue000", "_under_score_", "1,234.56e-7", "日本語カタカナ ひらがな ｶﾀｶﾅ", "ΟΔΟΣ Σ ς σ ὈΔΥΣΣΕΎΣ", "\x7fdel\x80c1\x9f\x85nel", "a\u00adb soft hyphen", "\ufeffbom \ufeff", "𠀀𠀁 rare", "lone \ud800 high and \udc00 low \udc00\ud800", "\ud83d", "x\ud83dx",
  "\u{11938}\u{16121}\u{16d6a}\u{105c9} younger \u{1c89}\ua7cb\u{10d50} letters", "  leading and trailing  ", "a  b   c    d\n\n\ne \n f", "!!!???...", "'''s 'll'll", "\v\f\u001c\u001d\u001e\u001f", "\u180e mongolian \u061c", "cancer cancers canc (p risk   risks É é É <x>  y two words",
];

const WORDS = ["the", "Cancer", "risk", "of", "AFlatoxin", "B1", "p<0.05", "don't", "they're", "dose-response", "[SEP]", "[MASK]", "</s>", "<mask>", "<s>", "[CLS]", "cancer", "canc", "(p", "risk", "É", "<x>", "two words", "naïve", "ΣΑΣ", "İ", "ﬁ"];
const BLANKS = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\v", "\u200b", ""];
const RANGES: readonly (readonly [number, number])[] = [[0, 0x20], [0x20, 0x7f], [0x7f, 0x250], [0x250, 0x590], [0x590, 0x900], [0x900, 0x1100], [0x1100, 0x2000], [0x2000, 0x3000], [0x3000, 0xa000], [0xa000, 0xd800], [0xd800, 0xe000], [0xe000, 0x10000], [0x10000, 0x12000], [0x16000, 0x17000], [0x1d000, 0x1fc00], [0x20000, 0x31400], [0xe0000, 0x110000]];

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
