"""scikit-learn's splits of every case, as row numbers; the error where it refuses."""
import json
import sys
import warnings

import numpy
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, KFold, RepeatedStratifiedKFold, StratifiedGroupKFold, StratifiedKFold, train_test_split

warnings.simplefilter("ignore")


def parts(case):
    rows, labels = numpy.arange(case["length"]), case.get("labels")
    if case["kind"] == "split":
        train, test = train_test_split(rows, train_size=case.get("trainSize"), test_size=case.get("testSize"), random_state=case["randomState"], shuffle=case["shuffle"], stratify=labels)
        return [[train.tolist(), test.tolist()]]
    return [[numpy.asarray(part, dtype=int).tolist() for part in fold] for fold in splitter(case).split(rows, labels, case.get("groups"))]


def splitter(case):
    folds, seed = case["nSplits"], case.get("randomState")
    if case["kind"] == "repeatedStratifiedKFold":
        return RepeatedStratifiedKFold(n_splits=folds, n_repeats=2, random_state=seed)
    if case["kind"] == "groupShuffleSplit":
        return GroupShuffleSplit(folds, train_size=case.get("trainSize"), test_size=case.get("testSize"), random_state=seed)
    kinds = dict(kFold=KFold, stratifiedKFold=StratifiedKFold, groupKFold=GroupKFold, stratifiedGroupKFold=StratifiedGroupKFold)
    return kinds[case["kind"]](folds, shuffle=case["shuffle"], random_state=seed)


def attempt(case):
    try:
        return {"parts": parts(case)}
    except (ValueError, TypeError) as error:
        return {"error": str(error)}


with open(sys.argv[1]) as file:
    cases = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump([attempt(case) for case in cases], file)
