"""Writes golden-comparison.json: tests of differences as SciPy and statsmodels compute them.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python test/evaluation/golden-comparison.py

No library has the corrected resampled t-test of Nadeau and Bengio (2003); its formula is written out here.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy.stats import t as student
from sklearn.metrics import average_precision_score, balanced_accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

PINS = {"scikit-learn": (sklearn.__version__, "1.9.1"), "scipy": (scipy.__version__, "1.17.1"), "statsmodels": (statsmodels.__version__, "0.15.0")}
for name, (got, wanted) in PINS.items():
    if got != wanted:
        sys.exit(f"{name} {wanted} was expected, {got} is installed")
rng = np.random.default_rng(20261130)


def tails():
    return [{"t": t, "df": df, "tail": 2 * student.sf(t, df)} for df in (1, 2, 3, 4, 9, 10, 49, 99, 1000) for t in (1e-6, 0.1, 0.5, 1.0, 2.0, 3.5, 10.0, 40.0)]


def criticals():
    return [{"tail": tail, "df": df, "value": student.isf(tail / 2, df)} for df in (1, 2, 4, 9, 49, 200) for tail in (0.5, 0.1, 0.05, 0.01, 0.001)]


def corrected(folds, train, test, confidence):
    d = rng.normal(rng.normal(0, 0.02), 0.02, folds)
    error = math.sqrt(d.var(ddof=1) * (1 / folds + test / train))
    statistic = d.mean() / error
    reach = student.ppf(1 - (1 - confidence) / 2, folds - 1) * error
    return {"differences": d.tolist(), "trainSize": train, "testSize": test, "confidence": confidence, "statistic": statistic,
            "pValue": 2 * student.sf(abs(statistic), folds - 1), "low": d.mean() - reach, "high": d.mean() + reach}


def holm(n):
    p = rng.uniform(0, rng.choice([0.01, 0.1, 1]), n)
    p[rng.uniform(size=n) < 0.2] = p[0]
    return {"pValues": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()}


def pair(n):
    before, after = rng.uniform(size=n) < 0.6, rng.uniform(size=n) < 0.7
    table = [[int(np.sum(before & after)), int(np.sum(before & ~after))], [int(np.sum(~before & after)), int(np.sum(~before & ~after))]]
    return {"before": before.tolist(), "after": after.tolist(), "pValue": float(mcnemar(table, exact=True).pvalue)}


def scores(n, classes):
    p = rng.dirichlet(np.ones(classes), n).round(2)
    p /= p.sum(axis=1, keepdims=True)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    w = rng.integers(0, 4, n)
    w[:classes] = 1
    guess, two = p.argmax(axis=1), classes == 2
    def area(score):
        return score(y, p[:, 1], sample_weight=w) if two else float(np.mean([score(y == k, p[:, k], sample_weight=w) for k in range(classes)]))
    return {"labels": y.tolist(), "predicted": guess.tolist(), "probabilities": p.tolist(), "weights": w.tolist(), "scores": {
        "accuracy": float(np.average(guess == y, weights=w)), "balancedAccuracy": balanced_accuracy_score(y, guess, sample_weight=w),
        "f1": f1_score(y, guess, sample_weight=w, average="binary" if two else "macro"), "rocAuc": area(roc_auc_score), "averagePrecision": area(average_precision_score),
        "brierScore": brier_score_loss(y, p[:, 1] if two else p, sample_weight=w, labels=range(classes)), "logLoss": log_loss(y, p, sample_weight=w, labels=range(classes))}}


golden = {"tails": tails(), "criticals": criticals(),
          "corrected": [corrected(folds, train, test, confidence) for folds, train, test in ((2, 500, 500), (10, 500, 500), (50, 800, 200)) for confidence in (0.9, 0.95)],
          "holm": [holm(n) for n in (1, 2, 7, 28)], "mcnemar": [pair(n) for n in (10, 200, 2000)],
          "scores": [scores(n, classes) for n, classes in ((12, 2), (200, 2), (200, 3), (150, 5))]}
Path(__file__).with_name("golden-comparison.json").write_text(json.dumps(golden) + "\n")
