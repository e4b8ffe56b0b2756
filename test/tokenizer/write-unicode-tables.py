"""Writes src/tokenizer/unicode-tables.ts: what Python's tokenizers take each character for.

    pip install tokenizers==0.23.3
    python test/tokenizer/write-unicode-tables.py

Its classes come from Unicode tables of several ages, and Node's change with its version; so they are read off the
library itself, character by character.
"""
import pathlib

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

BERT = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
clean, han, strip, lower = (normalizers.BertNormalizer(**{**BERT, key: True}) for key in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase"))
words = pre_tokenizers.BertPreTokenizer()
byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)

single = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
single.add_tokens([AddedToken("x", single_word=True, normalized=False)])
found = single.token_to_id("x")
characters = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
in_words = {code for code, encoding in zip(characters, single.encode_batch([chr(code) + "x" for code in characters])) if found not in encoding.ids}


def classes(char):
    bits = 0
    bits |= 1 * (clean.normalize_str(f"a{char}b") == "ab")
    parts = len(words.pre_tokenize_str(f"a{char}b"))
    bits |= 2 * (parts == 2)
    bits |= 4 * (han.normalize_str(f"a{char}b") == f"a {char} b")
    bits |= 8 * (parts == 3)
    bits |= 16 * (strip.normalize_str(char) == "")
    bits |= 32 * (len(byte_level.pre_tokenize_str("a" + char)) == 1)
    bits |= 128 * (ord(char) in in_words)
    bits |= 64 * (len(byte_level.pre_tokenize_str("1" + char)) == 1)
    # the classes above suffice: characters that cleaning replaces by a blank, and those that byte-level words count as one
    assert (clean.normalize_str(f"a{char}b") == "a b") == (bits & 3 == 2 and char != " ") or char == " ", hex(ord(char))
    assert (bits & 96 == 0 and len(byte_level.pre_tokenize_str("!" + char)) == 2) == (bits & 2 == 2), hex(ord(char))
    return bits


def base36(n):
    digits = ""
    while n or not digits:
        n, digit = divmod(n, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


runs, later = [], []
for code in range(0x110000):
    if 0xD800 <= code < 0xE000:
        bits = 0
    else:
        char = chr(code)
        bits = classes(char)
        if lower.normalize_str(char) != char.lower():
            later.append((char, lower.normalize_str(char)))
    if runs and runs[-1][1] == bits:
        runs[-1][0] += 1
    else:
        runs.append([1, bits])


def escaped(text):
    return "".join(f"\\u{{{ord(c):x}}}" for c in text)


table = ", ".join(f'["{escaped(char)}", "{escaped(to)}"]' for char, to in later)
coded = ",".join(f"{base36(length)}{'.' + base36(bits) if bits else ''}" for length, bits in runs)
lines = [coded[i:i + 180] for i in range(0, len(coded), 180)]
path = pathlib.Path(__file__).parents[2] / "src" / "tokenizer" / "unicode-tables.ts"
path.write_text(f"""// Written by test/tokenizer/write-unicode-tables.py from tokenizers 0.23.3. Do not edit.

/** Runs of characters of one class, from U+0000 on: how many, a dot, and the class's bits where it has any; base 36. */
export const CLASS_RUNS = [
{chr(10).join(f'  "{line}",' for line in lines)}
].join("");

/** Characters that have got a lower case since Unicode 14. */
export const LATER_LOWERED: readonly (readonly [string, string])[] = [{table}];
""")
print(len(runs), "runs,", len(coded), "characters,", len(later), "later ones")
