"""Writes src/tokenizer/normalizers/unicode-tables.ts: how Python's tokenizers treat each character when they normalize.

    pip install tokenizers==0.23.3
    python test/tokenizer/write-normalizer-tables.py

Reads the classes off the library, character by character, because its Unicode tables are of several ages. Compares its
normal forms with those of the `node` on PATH.
"""
import json
import pathlib
import struct
import subprocess

from tokenizers import normalizers, pre_tokenizers

# A charsmap that replaces each byte sequence by Y after its first byte: a grapheme of less than six bytes gives one Y,
# a longer one a Y for each character.
units = [0] * 768
units[0] = 256 << 10
for byte in range(1, 256):
    units[256 ^ byte] = ((256 ^ byte ^ 512) << 10) | (1 << 8) | byte
units[512] = 1 << 31
counter = normalizers.Precompiled(struct.pack("<I", len(units) * 4) + struct.pack(f"<{len(units)}I", *units) + b"Y\0")
strip_accents = normalizers.StripAccents()
digits = pre_tokenizers.Digits(individual_digits=True)
characters = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def parts(text):
    return len(counter.normalize_str(text))


def classes(char):
    """Bits of CharTrait in char-traits.ts."""
    if char == "\0":
        return 1
    bits = 0
    if len(f"{char}\u0301".encode()) < 6:
        bits |= 1 * (parts(f"{char}\u0301") == 2)  # control: nothing joins it
    if len(f"a{char}".encode()) < 6:
        bits |= 2 * (parts(f"a{char}") == 1)  # joins the character before it
        bits |= 4 * (not bits & 2 and parts(f"{char}a") == 1 and char not in "\r")  # joins the character after it
    bits |= 8 * (parts(f"\u00a9\u200d{char}") == 3 and not bits & 2)  # joins a pictograph before a joiner
    if len(char.encode()) == 3:
        bits |= 16 * (parts(f"\u0915\u094d{char}\u0301") == 4 and not bits & 2)  # an Indic consonant
        bits |= 32 * (bits & 2 == 2 and parts(f"\u0915{char}\u0915\u0301") == 4)  # joins Indic consonants
    bits |= 64 * (bits & 34 == 2 and parts(f"\u0915{char}\u094d\u0915\u0301") >= 5)  # may be between them
    bits |= 128 * (strip_accents.normalize_str(char) == "")
    bits |= 256 * (len(digits.pre_tokenize_str(f"a{char}b")) == 3)
    return bits


def base36(n):
    digits36 = ""
    while n or not digits36:
        n, digit = divmod(n, 36)
        digits36 = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits36
    return digits36


runs = []
for code in range(0x110000):
    bits = 0 if 0xD800 <= code < 0xE000 else classes(chr(code))
    if runs and runs[-1][1] == bits:
        runs[-1][0] += 1
    else:
        runs.append([1, bits])
coded = ",".join(f"{base36(length)}{'.' + base36(bits) if bits else ''}" for length, bits in runs)

# Normal forms: characters that Node decomposes, composes or orders otherwise than the library.
MARKS = "\u0334\u0345\u0323\u0301\u0327"
FORMS = {name: getattr(normalizers, name)() for name in ("NFC", "NFD", "NFKC", "NFKD")}


def probes(char):
    return [char, *(text for mark in MARKS for text in (char + mark, mark + char))]


script = r"""
const marks = [...process.argv[1]], forms = ["NFC", "NFD", "NFKC", "NFKD"], out = [];
for (let code = 0; code < 0x110000; code++) {
  if (code >= 0xd800 && code < 0xe000) continue;
  const char = String.fromCodePoint(code);
  const texts = [char, ...marks.flatMap((mark) => [char + mark, mark + char])];
  out.push(texts.map((text) => forms.map((form) => text.normalize(form)).join("|")).join("|"));
}
process.stdout.write(JSON.stringify(out));
"""
node = json.loads(subprocess.run(["node", "-e", script, MARKS], capture_output=True, check=True, text=True).stdout)
later = set()
for code, theirs in zip(characters, node):
    own = "|".join("|".join(form.normalize_str(text) for form in FORMS.values()) for text in probes(chr(code)))
    if own != theirs:
        later.add(code)
        # what composes it in Node's tables does not in the library's
        for part in theirs.split("|")[1]:
            if FORMS["NFD"].normalize_str(chr(code)) == chr(code) and ord(part) > 0x10000:
                later.add(ord(part))
ranges = []
for code in sorted(later):
    if ranges and ranges[-1][1] == code - 1:
        ranges[-1][1] = code
    else:
        ranges.append([code, code])
lines = [coded[i:i + 108] for i in range(0, len(coded), 108)]
later_lines = []
row = ""
for low, high in ranges:
    item = f"[0x{low:x}, 0x{high:x}], "
    if len(row) + len(item) > 108:
        later_lines.append(row.rstrip())
        row = ""
    row += item
later_lines.append(row.rstrip())
path = pathlib.Path(__file__).parents[2] / "src" / "tokenizer" / "normalizers" / "unicode-tables.ts"
path.parent.mkdir(exist_ok=True)
path.write_text(f"""// Written by test/tokenizer/write-normalizer-tables.py from tokenizers 0.23.3. Do not edit.

/** Runs of characters with the same traits, from U+0000 on: length, a dot, and the bits if there are any; base 36. */
export const TRAIT_RUNS = [
{chr(10).join(f'  "{line}",' for line in lines)}
].join("");

/** Characters, first and last of each range, whose normal forms are newer than the library's Unicode tables. */
export const LATER_NORMALIZED: readonly (readonly [number, number])[] = [
{chr(10).join(f'  {line}' for line in later_lines)}
];
""")
print(len(runs), "runs,", len(coded), "characters,", len(later), "later ones in", len(ranges), "ranges")
