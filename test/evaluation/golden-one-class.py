"""Writes golden-one-class.json: texts that lack labels, as scikit-learn scores them; its NaN is null.

Run with scikit-learn 1.9.1: python3 golden-one-class.py > golden-one-class.json
"""
import json
import math
import sys
import warnings

import sklearn
from sklearn import metrics

if sklearn.__version__ != "1.9.1":
    sys.exit(f"scikit-learn 1.9.1 was expected, {sklearn.__version__} is installed")
warnings.simplefilter("ignore")

# name, labels, true labels, predicted labels, probabilities
CASES = [
    ("two labels, only the second", 2, [1, 1, 1, 1], [1, 0, 1, 1], [[0.2, 0.8], [0.6, 0.4], [0.1, 0.9], [0.45, 0.55]]),
    ("two labels, only the first", 2, [0, 0, 0], [1, 0, 0], [[0.2, 0.8], [0.6, 0.4], [0.9, 0.1]]),
    ("one text", 2, [1], [1], [[0.3, 0.7]]),
    ("all right", 2, [1, 1], [1, 1], [[0.3, 0.7], [0.1, 0.9]]),
    ("three labels, one there", 3, [2, 2, 2], [2, 0, 2], [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]),
    ("three labels, two there", 3, [0, 2, 2, 0], [2, 0, 2, 0], [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]),
]


def roc_auc(true, probabilities, labels):
    """The area, with more labels than two as the mean of one label against the rest; None where it is not defined."""
    scores = [row[1] for row in probabilities] if len(labels) == 2 else probabilities
    try:
        area = metrics.roc_auc_score(true, scores, labels=labels, multi_class="ovr")
    except ValueError:
        return None
    return None if math.isnan(area) else area


def score(name, count, true, predicted, probabilities):
    labels = list(range(count))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(true, predicted, labels=labels, zero_division=0)
    return {
        "name": name, "labels": count, "yTrue": true, "yPred": predicted, "probabilities": probabilities,
        "accuracy": metrics.accuracy_score(true, predicted), "balanced": metrics.balanced_accuracy_score(true, predicted),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "macroF1": metrics.f1_score(true, predicted, labels=labels, average="macro", zero_division=0),
        "mcc": metrics.matthews_corrcoef(true, predicted), "logLoss": metrics.log_loss(true, probabilities, labels=labels),
        "rocAuc": roc_auc(true, probabilities, labels), "confusion": metrics.confusion_matrix(true, predicted, labels=labels).tolist(),
    }


print(json.dumps({"sklearn": sklearn.__version__, "cases": [score(*case) for case in CASES]}, indent=0))
