"""Writes golden-multi-label-splits.json: row numbers of iterative stratification, which scikit-learn lacks.

    python -m venv venv && venv/bin/pip install iterative-stratification==0.1.9 scikit-learn==1.9.1 numpy==2.4.6
    cd test/corpus && python golden-multi-label-splits.py

Two parts are MultilabelStratifiedShuffleSplit's; more parts are its steps with more shares.
"""
import json
from importlib.metadata import version

import numpy
from iterstrat.ml_stratifiers import IterativeStratification, MultilabelStratifiedShuffleSplit

assert version("iterative-stratification") == "0.1.9" and numpy.__version__ == "2.4.6", numpy.__version__


def parts(y, sizes, seed):
    if len(sizes) == 2:
        return next(MultilabelStratifiedShuffleSplit(1, train_size=sizes[0], test_size=sizes[1], random_state=seed).split(y, y))
    rng = numpy.random.RandomState(seed)
    order = numpy.arange(len(y))
    rng.shuffle(order)
    of = IterativeStratification(labels=y[order].astype(bool), r=numpy.array(sizes) / sum(sizes), random_state=rng)[numpy.argsort(order)]
    return [numpy.where(of == part)[0] for part in range(len(sizes))]


cases = []
for n, shares, sizes, seed in [
    (20, (0.5, 0.5), (15, 5), 0), (48, (0.5, 0.5, 0.5), (28, 10, 10), 42), (100, (0.3, 0.05, 0.6, 0.1), (60, 20, 20), 7),
    (90, (0.02, 0.03, 0.9), (70, 20), 4294967295), (150, (0.2,) * 8, (101, 30, 19), 3), (37, (0.4, 0.01), (30, 7), 11), (60, (0.1, 0.15), (20, 20, 10, 10), 1),
]:
    y = (numpy.random.RandomState(n).uniform(size=(n, len(shares))) < shares).astype(int)
    cases.append(dict(flags=y.tolist(), sizes=sizes, randomState=seed, parts=[rows.tolist() for rows in parts(y, sizes, seed)]))

with open("golden-multi-label-splits.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
