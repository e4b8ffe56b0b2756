"""Writes golden-min-hash.json: datasketch 2.0.0's signatures, bands and candidates.

    python -m venv venv && venv/bin/pip install datasketch==2.0.0 numpy==2.4.6
    cd test/audit && python golden-min-hash.py
"""
import hashlib
import json
from importlib.metadata import version

import numpy
from datasketch import MinHash, MinHashLSH
from datasketch.lsh import _optimal_param

assert version("datasketch") == "2.0.0" and numpy.__version__ == "2.4.6", numpy.__version__


def signature(members, num_perm, seed):
    hashed = MinHash(num_perm=num_perm, seed=seed)
    hashed.update_batch([member.encode() for member in members])
    return hashed


signatures = []
for members, num_perm, seed in [
    ([], 4, 1), (["a"], 8, 1), (["tumour necrosis factor", "é ü ß", "基因"], 16, 42), (["\U00010000", ""], 5, 4294967295),
    ([f"w{i} w{i + 1} w{i + 2}" for i in range(300)], 128, 1), ([str(i) for i in range(2000)], 64, 7),
]:
    values = signature(members, num_perm, seed).hashvalues
    signatures.append(dict(members=members if len(members) < 10 else len(members), numPerm=num_perm, seed=seed, sha256=hashlib.sha256(values.astype("<u4").tobytes()).hexdigest()))

bands = [dict(threshold=threshold, numPerm=num_perm, bands=_optimal_param(threshold, num_perm, 0.5, 0.5)) for num_perm in (16, 100, 128) for threshold in (0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95)]

candidates = []
for seed in range(20):
    random = numpy.random.RandomState(seed)
    bits = random.randint(0, 2**32, size=(60, 40), dtype=numpy.uint32)
    sets = [[str(value % 45) for value in row] for row in bits]
    for row in range(30, 60):  # copies with a few members exchanged
        sets[row] = sets[row - 30][: 40 - row % 8] + sets[row][: row % 8]
    hashed = [signature(members, 128, 1) for members in sets]
    index = MinHashLSH(threshold=0.6 + seed % 4 / 10, num_perm=128)
    for row, one in enumerate(hashed):
        index.insert(row, one)
    candidates.append([[other, row] for row, one in enumerate(hashed) for other in sorted(index.query(one)) if other < row])

with open("golden-min-hash.json", "w") as file:
    json.dump(dict(signatures=signatures, bands=bands, candidates=candidates), file, separators=(",", ":"))
    file.write("\n")
