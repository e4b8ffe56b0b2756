"""Writes golden-splits.json: scikit-learn 1.9.1's train_test_split on NumPy 2.4.6, as row numbers.

Run in this folder: python golden-splits.py
Row numbers of large splits are written as sha256 of the numbers joined by commas.
"""
import hashlib
import json
import sys

import numpy
import sklearn
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

assert sklearn.__version__ == "1.9.1" and numpy.__version__ == "2.4.6", (sklearn.__version__, numpy.__version__)


def digest(rows):
    return hashlib.sha256(",".join(str(int(row)) for row in rows).encode()).hexdigest()


plain = []
for n, train_size, test_size, seed, shuffle in [
    (10, None, None, 0, True), (10, None, 0.3, 1, True), (7, 0.6, None, 42, True), (11, 0.35, 0.35, 7, True),
    (12, 5, 4, 123456789, True), (100, None, 33, 4294967295, True), (2, None, None, 3, True), (9, 0.5, None, 5, False),
    (1000, 0.6, None, 42, True), (400, None, 0.5, 42, True), (70000, 0.9, None, 2024, True), (3000, 0.1, 0.29, 99, True),
]:
    train, test = train_test_split(numpy.arange(n), train_size=train_size, test_size=test_size, random_state=seed, shuffle=shuffle)
    case = dict(length=n, trainSize=train_size, testSize=test_size, randomState=seed, shuffle=shuffle)
    case.update(dict(train=train.tolist(), test=test.tolist()) if n <= 100 else dict(trainSha256=digest(train), testSha256=digest(test)))
    plain.append(case)

stratified = []
for labels, train_size, test_size, seed in [
    ([0, 1] * 5, None, 0.4, 0),
    ([0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2], 0.5, None, 42),
    (["b", "a", "c"] * 4, 5, 5, 3),  # shares of equal remainder: ties are broken by the generator
    (["b", "a", "c", "d"] * 7, 6, 7, 8),
    ([int(i * i % 7 < 3) for i in range(90)], None, 0.2, 11),
    ([int(i < 292) for i in range(600)], 0.9, None, 42),
    ([i * 7919 % 10 for i in range(5000)], 0.333, 0.111, 77),
]:
    n = len(labels)
    train, test = train_test_split(numpy.arange(n), train_size=train_size, test_size=test_size, random_state=seed, stratify=labels)
    case = dict(stratify=labels if n <= 100 else None, length=n, trainSize=train_size, testSize=test_size, randomState=seed)
    case.update(dict(train=train.tolist(), test=test.tolist()) if n <= 100 else dict(trainSha256=digest(train), testSha256=digest(test)))
    stratified.append(case)

rows = numpy.arange(1000)
train, rest = train_test_split(rows, train_size=0.6, random_state=42)
test, validation = train_test_split(rest, test_size=0.5, random_state=42)
study = dict(trainSha256=digest(train), testSha256=digest(test), validationSha256=digest(validation))

folds = []
for labels, n_splits, shuffle, seed in [
    (7, 3, False, None), (10, 5, True, 42), (11, 4, True, 0), (2, 2, True, 4294967295), (1009, 10, True, 7),
    ([0, 1] * 6, 3, False, None), (["b", "a", "\uffff", "\U00010000"] * 5, 4, True, 42), ([2, 0, 0, 1, 0, 1, 1, 0, 2], 3, True, 5),
    ([0] * 20 + [1] * 2, 4, True, 9), ([i * 7919 % 10 for i in range(997)], 7, True, 77),
]:
    n = labels if isinstance(labels, int) else len(labels)
    splitter = (KFold if isinstance(labels, int) else StratifiedKFold)(n_splits, shuffle=shuffle, random_state=seed)
    found = splitter.split(numpy.arange(n), None if isinstance(labels, int) else labels)
    case = dict(rows=labels if n <= 100 or isinstance(labels, int) else None, length=n, nSplits=n_splits, shuffle=shuffle, randomState=seed)
    case.update(dict(tests=[digest(test) for _, test in found]))
    folds.append(case)

random = numpy.random.RandomState(42)
generator = dict(seed=42, uint32=[int(x) for x in random.randint(0, 2**32, size=700, dtype=numpy.uint32)[[0, 1, 2, 623, 624, 699]]])

with open("golden-splits.json", "w") as file:
    json.dump(dict(generator=generator, plain=plain, stratified=stratified, folds=folds, study=study), file, indent=None, separators=(",", ":"))
    file.write("\n")
