"""scikit-learn's splits of every case, as row numbers; the error where it refuses."""
import json
import sys
import warnings

import numpy
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

warnings.simplefilter("ignore")


def parts(case):
    rows, labels = numpy.arange(case["length"]), case.get("labels")
    if case["kind"] == "split":
        train, test = train_test_split(rows, train_size=case.get("trainSize"), test_size=case.get("testSize"), random_state=case["randomState"], shuffle=case["shuffle"], stratify=labels)
        return [[train.tolist(), test.tolist()]]
    folds = (KFold if case["kind"] == "kFold" else StratifiedKFold)(case["nSplits"], shuffle=case["shuffle"], random_state=case.get("randomState"))
    return [[train.tolist(), test.tolist()] for train, test in folds.split(rows, labels)]


def attempt(case):
    try:
        return {"parts": parts(case)}
    except (ValueError, TypeError) as error:
        return {"error": str(error)}


with open(sys.argv[1]) as file:
    cases = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump([attempt(case) for case in cases], file)
