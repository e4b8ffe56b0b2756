"""scikit-learn's calibration of every case, and netcal's and Saerens' formulas in NumPy."""
import json
import sys

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator


class Scores(ClassifierMixin, BaseEstimator):
    """Gives its input as its decision function."""

    def __init__(self, classes=2, temperature=False):
        self.classes = classes
        self.temperature = temperature

    def fit(self, X, y):
        self.classes_ = np.arange(self.classes)
        return self

    def decision_function(self, X):
        if self.temperature:
            return (X[:, 1] - X[:, 0]) / 2 if self.classes == 2 else X
        odds = np.stack([X[:, k] - logsumexp(np.delete(X, k, axis=1), axis=1) for k in range(self.classes)], axis=1)
        return odds[:, 1] if self.classes == 2 else odds

    def predict(self, X):
        return X.argmax(axis=1)


def error(confidence, right, bins, equal):
    """netcal's ECE (equal_intervals) and MCE: bins hold their lower edge."""
    p = np.clip(confidence, np.finfo(float).eps, 1 - np.finfo(float).eps)
    edges = np.linspace(0, 1, bins + 1) if equal else np.quantile(p, np.linspace(0, 1, bins + 1))
    index = np.clip(np.digitize(p, edges[1:-1]), 0, bins - 1)
    gaps = [(abs(p[index == k].mean() - right[index == k].mean()), (index == k).mean()) for k in range(bins) if (index == k).any()]
    return [sum(gap * share for gap, share in gaps), max(gap for gap, _ in gaps)]


def priors(p, train):
    """Expectation maximisation of Saerens et al. (2002)."""
    now = train
    for _ in range(10000):
        rows = p * (now / train)
        new = (rows / rows.sum(axis=1, keepdims=True)).mean(axis=0)
        change, now = np.abs(new - now).max(), new
        if change <= 1e-6:
            return now.tolist()


def answer(case):
    z, y, fresh, bins = np.array(case["logits"]), np.array(case["labels"]), np.array(case["fresh"]), case["bins"]
    classes = z.shape[1]
    p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
    result = {"curves": [[a.tolist() for a in calibration_curve(y == 1, p[:, 1], n_bins=bins, strategy=s)] for s in ("uniform", "quantile")]}
    confidence, right = (p[:, 1], y == 1) if classes == 2 else (p.max(axis=1), p.argmax(axis=1) == y)
    result["errors"] = [error(confidence, right.astype(float), bins, equal) for equal in (True, False)]
    result["priors"] = priors(p, np.full(classes, 1 / classes))
    for method in ("temperature", "sigmoid", "isotonic"):
        base = FrozenEstimator(Scores(classes, method == "temperature").fit(z, y))
        result[method] = CalibratedClassifierCV(base, method=method, ensemble=False).fit(z, y).predict_proba(fresh).tolist()
    return result


json.dump([answer(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
