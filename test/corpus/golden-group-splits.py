"""Writes golden-group-splits.json: scikit-learn 1.9.1's splits by group on NumPy 2.4.6, for 200 seeds.

Run in this folder: python golden-group-splits.py
A test draws the same rows from the seed. Row numbers are written as the first 16 digits of their sha256, "refused" where
scikit-learn refuses them.
"""
import hashlib
import json
import warnings

import numpy
import sklearn
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, RepeatedStratifiedKFold, StratifiedGroupKFold

assert sklearn.__version__ == "1.9.1" and numpy.__version__ == "2.4.6", (sklearn.__version__, numpy.__version__)
warnings.simplefilter("ignore")  # classes with fewer rows than folds are drawn, too


def drawn(seed):
    """Rows of a seed: groups and classes, numbers for even seeds and names for odd ones."""
    length = 12 + seed % 60
    groups, first, second = numpy.random.RandomState(seed).randint(0, 2**32, size=(3, length), dtype=numpy.uint32)
    groups = groups % (2 + seed % 17)
    classes = numpy.minimum(first % (1 + seed % 11), second % (1 + seed % 11))
    if seed % 2 == 1:
        return numpy.array([f"g{group}" for group in groups]), numpy.array([f"c{label}" for label in classes])
    return groups.astype(int), classes.astype(int)


def digest(splitter, groups, classes):
    try:
        folds = list(splitter.split(classes, classes, groups))
    except ValueError:
        return "refused"
    text = ";".join(",".join(str(int(row)) for row in part) for fold in folds for part in fold)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


cases = []
for seed in range(200):
    groups, classes = drawn(seed)
    folds = 2 + seed % 4
    splitters = dict(
        groupKFold=GroupKFold(folds),
        groupKFoldShuffled=GroupKFold(folds, shuffle=True, random_state=seed),
        stratifiedGroupKFold=StratifiedGroupKFold(folds),
        stratifiedGroupKFoldShuffled=StratifiedGroupKFold(folds, shuffle=True, random_state=seed),
        groupShuffleSplit=GroupShuffleSplit(folds, test_size=None if seed % 3 == 0 else (0.3 if seed % 3 == 1 else 1), random_state=seed),
        repeatedStratifiedKFold=RepeatedStratifiedKFold(n_splits=folds, n_repeats=3, random_state=seed),
    )
    cases.append({name: digest(splitter, groups, classes) for name, splitter in splitters.items()})

with open("golden-group-splits.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
