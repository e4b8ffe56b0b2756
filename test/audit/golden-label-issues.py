"""Writes golden-label-issues.json: cleanlab 2.9.0's label issues, confident joints and scores of 200 random cases.

    python -m venv venv && venv/bin/pip install cleanlab==2.9.0 scikit-learn==1.9.1 numpy==2.4.6
    cd test/audit && python golden-label-issues.py

NumPy leaves the order of equal numbers open: it depends on the processor, and cleanlab's rounding has equal remainders.
Here equal numbers keep their order. A test draws the same cases from the seed. Row numbers and scores are written as the first 16 digits of their sha256.
"""
import functools
import hashlib
import json
import warnings
from importlib.metadata import version

import numpy
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

assert version("cleanlab") == "2.9.0" and numpy.__version__ == "2.4.6", numpy.__version__
numpy.argsort = functools.partial(numpy.argsort, kind="stable")
warnings.simplefilter("ignore")  # classes with few texts are drawn, too
FILTERS = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"]
METHODS = ["self_confidence", "normalized_margin"]


def drawn(seed):
    """Labels and probabilities of a seed: the true class is favoured, and every few labels are replaced by random ones."""
    classes, length = 2 + seed % 9, 20 + seed * 13 % 400
    bits = numpy.random.RandomState(seed).randint(0, 2**32, size=(length, classes + 4), dtype=numpy.uint32)
    true = bits[:, classes] % classes
    labels = numpy.where(bits[:, classes + 1] % (2 + seed % 11) == 0, bits[:, classes + 2] % classes, true).astype(int)
    weights = (bits[:, :classes] + 1.0) / 2**32
    weights = weights * weights
    weights[numpy.arange(length), true] *= 1 + bits[:, classes + 3] % 8
    whole = numpy.zeros(length)
    for label in range(classes):
        whole = whole + weights[:, label]
    return labels, weights / whole[:, None]


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def rows_digest(rows):
    return digest(",".join(str(int(row)) for row in rows).encode())


cases = []
for seed in range(200):
    labels, probabilities = drawn(seed)
    asked = dict(labels=labels, pred_probs=probabilities, n_jobs=1)
    options = dict(min_examples_per_class=seed % 4, frac_noise=1 - seed % 5 / 10)
    cases.append(dict(
        joint=compute_confident_joint(labels, probabilities).tolist(),
        found=int(find_label_issues(**asked).sum()),
        filters={rule: rows_digest(numpy.where(find_label_issues(**asked, filter_by=rule))[0]) for rule in FILTERS},
        ranked={method: rows_digest(find_label_issues(**asked, return_indices_ranked_by=method)) for method in METHODS},
        pruned=rows_digest(numpy.where(find_label_issues(**asked, filter_by="both" if seed % 2 else "prune_by_noise_rate", **options))[0]),
        scores={method: digest(get_label_quality_scores(labels, probabilities, method=method).astype("<f8").tobytes()) for method in METHODS},
    ))

with open("golden-label-issues.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
