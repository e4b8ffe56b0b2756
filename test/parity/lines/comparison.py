"""Tests of differences of every case: SciPy, statsmodels, and the formula of Nadeau and Bengio (2003)."""
import json
import math
import sys

import numpy as np
from scipy.stats import t
from sklearn.metrics import average_precision_score, balanced_accuracy_score, brier_score_loss, f1_score, log_loss, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests


def corrected(case):
    d = np.array(case["differences"])
    error = math.sqrt(d.var(ddof=1) * (1 / len(d) + case["testSize"] / case["trainSize"]))
    reach = t.isf((1 - case["confidence"]) / 2, len(d) - 1) * error
    return [2 * t.sf(abs(d.mean() / error), len(d) - 1), d.mean() - reach, d.mean() + reach]


def paired(case):
    before, after = np.array(case["before"]), np.array(case["after"])
    table = [[int(np.sum(before & after)), int(np.sum(before & ~after))], [int(np.sum(~before & after)), int(np.sum(~before & ~after))]]
    return float(mcnemar(table, exact=True).pvalue)


def scores(case):
    y, p, w = np.array(case["labels"]), np.array(case["probabilities"]), np.array(case["weights"])
    classes = p.shape[1]
    guess, two = p.argmax(axis=1), classes == 2

    def area(score):
        return score(y, p[:, 1], sample_weight=w) if two else np.mean([score(y == k, p[:, k], sample_weight=w) for k in range(classes)])

    return [float(value) for value in (
        np.average(guess == y, weights=w), balanced_accuracy_score(y, guess, sample_weight=w),
        f1_score(y, guess, sample_weight=w, average="binary" if two else "macro"), area(roc_auc_score), area(average_precision_score),
        brier_score_loss(y, p[:, 1] if two else p, sample_weight=w, labels=range(classes)), log_loss(y, p, sample_weight=w, labels=range(classes)))]


def answer(case):
    return {"corrected": corrected(case), "holm": multipletests(case["pValues"], method="holm")[1].tolist(), "mcnemar": paired(case), "scores": scores(case)}


json.dump([answer(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
