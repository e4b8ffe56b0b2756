"""Writes golden-masks.json: which elements dropout keeps, by Philox written independently of the C++ kernels.

    python3 test/ops/write-mask-goldens.py

Philox4x32 with 7 rounds: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. The
function is checked with the known answers of the authors' library Random123 (kat_vectors, "philox4x32 7").
A block of 128 columns of a row is drawn from 16 counters (block * 16 + lane, row's low word, row's high word, 0) under
the seed as key. Each counter gives 8 numbers of 16 bits: columns 4 * lane to 4 * lane + 3 take words 1 and 0, columns
64 + 4 * lane to 64 + 4 * lane + 3 words 3 and 2, the low half of a word first. An element is kept where its number is
at least the rate in 65536ths.
"""
import json
import pathlib

WORD = 0xFFFFFFFF


def philox(counter, key, rounds=7):
    c, (k0, k1) = list(counter), key
    for _ in range(rounds):
        p0, p1 = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & WORD, (p0 >> 32) ^ c[3] ^ k1, p0 & WORD]
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return c


KNOWN = (
    ([0] * 4, [0] * 2, [0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48]),
    ([WORD] * 4, [WORD] * 2, [0x5207DDC2, 0x45165E59, 0x4D8EE751, 0x8C52F662]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
     [0x4DFCCABA, 0x190A87F0, 0xC47362BA, 0xB6B5242A]),
)
for counter, key, words in KNOWN:
    assert philox(counter, key) == words, [hex(word) for word in philox(counter, key)]


def draws(seed, row, columns):
    """The 16-bit numbers of a row's columns."""
    numbers = []
    for block in range((columns + 127) // 128):
        bits = [0] * 128
        for lane in range(16):
            words = philox([block * 16 + lane, row & WORD, row >> 32, 0], [number & WORD for number in seed])
            for half, (first, second) in enumerate(((words[1], words[0]), (words[3], words[2]))):
                at = 64 * half + 4 * lane
                bits[at:at + 4] = [first & 0xFFFF, first >> 16, second & 0xFFFF, second >> 16]
        numbers += bits
    return numbers[:columns]


masks = [
    {"seed": seed, "rate": rate, "shape": [rows, columns], "kept": [
        "".join("1" if number >= round(rate * 65536) else "0" for number in draws(seed, row, columns)) for row in range(rows)]}
    for seed, rate, rows, columns in (
        ([0, 0], 0.5, 3, 130), ([7, -3], 0.1, 4, 300), ([-2147483648, 2147483647], 0.9, 2, 127), ([42, 1], 0.25, 5, 1))
]
# The first number of a block's seed is moved by the block's number times 2^32 over the golden ratio, as the nearest
# odd number (Knuth, "The Art of Computer Programming", volume 3, section 6.4): 2654435761.
blocks = [
    {"seed": seed, "block": block, "drawn": [((seed[0] ^ (block * 2654435761)) & WORD) - (((seed[0] ^ (block * 2654435761)) & 0x80000000) << 1), seed[1]]}
    for seed in ([0, 0], [7, -3], [-2147483648, 5]) for block in (0, 1, 2, 1000)
]
path = pathlib.Path(__file__).parent / "golden-masks.json"
path.write_text(json.dumps({"masks": masks, "blocks": blocks}, indent=1) + "\n")
