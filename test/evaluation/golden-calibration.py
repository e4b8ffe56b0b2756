"""Writes golden-calibration.json: calibration, prediction sets and shift as the reference implementations compute them.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 mapie==1.6.0 crepes==0.9.1
    venv/bin/pip install --no-deps --target netcal netcal==1.4.0
    NETCAL=netcal venv/bin/python test/evaluation/golden-calibration.py

netcal's metrics need NumPy and SciPy alone; its package imports PyTorch, which is left out. Formulas that no library has
are written out here: Murphy (1973) with Stephenson et al. (2008), Saerens et al. (2002), Geifman and El-Yaniv (2017).
"""
import importlib
import json
import math
import os
import sys
import types
import warnings
from pathlib import Path

import crepes
import mapie
import numpy as np
import scipy
import sklearn
from mapie.conformity_scores import APSConformityScore
from mapie.classification import SplitConformalClassifier
from mapie.utils import _compute_classification_quantile
from scipy.stats import beta, binom, norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, _SigmoidCalibration, calibration_curve
from sklearn.covariance import ShrunkCovariance
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

PINS = {"scikit-learn": (sklearn.__version__, "1.9.1"), "numpy": (np.__version__, "2.4.6"), "scipy": (scipy.__version__, "1.17.1"),
        "mapie": (mapie.__version__, "1.6.0"), "crepes": (crepes.__version__, "0.9.1")}
for name, (got, wanted) in PINS.items():
    if got != wanted:
        sys.exit(f"{name} {wanted} was expected, {got} is installed")
warnings.simplefilter("ignore")
rng = np.random.default_rng(20261129)


def netcal_metrics():
    """netcal's own code, without the parts of its package that import PyTorch."""
    root = Path(os.environ["NETCAL"]).resolve()
    sys.path.insert(0, str(root))
    for name, folder in (("netcal", "netcal"), ("netcal.metrics", "netcal/metrics"), ("netcal.metrics.confidence", "netcal/metrics/confidence")):
        package = types.ModuleType(name)
        package.__path__ = [str(root / folder)]
        sys.modules[name] = package
    sys.modules["netcal"].accepts = lambda *types: lambda function: function  # its checks of types import PyTorch
    sys.modules["netcal"].squeeze_generic = lambda a, axes_to_keep: np.squeeze(a)
    sys.modules["netcal"].hpdi = None
    sys.modules["netcal.metrics"].Miscalibration = importlib.import_module("netcal.metrics.Miscalibration")
    names = {name: importlib.import_module(f"netcal.metrics.confidence.{name}") for name in ("ECE", "MCE")}
    return names["ECE"].ECE, names["MCE"].MCE


ECE, MCE = netcal_metrics()


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draw(n, classes, sharpness):
    """Logits that are too sure, and labels."""
    z = rng.normal(size=(n, classes)) * 1.5
    y = np.array([rng.choice(classes, p=p) for p in softmax(z)])
    y[:classes] = range(classes)
    return np.round(z * sharpness, 6), y


def log_odds(z):
    """ln(p / (1 - p)) of each class's softmax."""
    k = z.shape[1]
    rest = np.stack([scipy.special.logsumexp(np.delete(z, j, axis=1), axis=1) for j in range(k)], axis=1)
    return z - rest


class Scores(ClassifierMixin, BaseEstimator):
    """Gives its input as its decision function."""

    def __init__(self, classes, temperature=False):
        self.classes = classes
        self.temperature = temperature

    def fit(self, X, y):
        self.classes_ = np.arange(self.classes)
        return self

    def decision_function(self, X):
        if self.temperature and self.classes == 2:
            return (X[:, 1] - X[:, 0]) / 2  # scikit-learn makes the logits (-x, x) of it
        if self.temperature:
            return X
        odds = log_odds(X)
        return odds[:, 1] if self.classes == 2 else odds

    def predict(self, X):
        return X.argmax(axis=1)


def decomposition(y, p, bins, strategy):
    """Murphy's three parts over bins, and the within-bin variance and covariance of Stephenson et al."""
    edges = np.linspace(0, 1, bins + 1) if strategy == "uniform" else np.quantile(p, np.linspace(0, 1, bins + 1))
    index = np.clip(np.digitize(p, edges[1:-1]), 0, bins - 1)
    rel = res = within = 0.0
    for k in range(bins):
        m = index == k
        if m.any():
            w = m.mean()
            rel += w * (p[m].mean() - y[m].mean()) ** 2
            res += w * (y[m].mean() - y.mean()) ** 2
            within += w * (np.var(p[m]) - 2 * np.mean((y[m] - y[m].mean()) * (p[m] - p[m].mean())))
    return {"brier": np.mean((p - y) ** 2), "reliability": rel, "resolution": res, "uncertainty": y.mean() * (1 - y.mean()), "withinBins": within}


def calibration_case(n, classes, sharpness, bins):
    z, y = draw(n, classes, sharpness)
    fresh, _ = draw(12, classes, sharpness)
    fresh = np.concatenate([fresh, fresh[:2] * 30])  # beyond the fitted scores
    p = softmax(z)
    case = {"logits": z, "labels": y, "fresh": fresh, "bins": bins}
    case["curves"] = []
    for strategy in ("uniform", "quantile"):
        true, pred = calibration_curve((y == 1).astype(int), p[:, 1], n_bins=bins, strategy=strategy)
        case["curves"].append({"strategy": strategy, "probTrue": true, "probPred": pred})
    binary = classes == 2
    of = (p[:, 1], y) if binary else (p, y)
    case["ece"] = [ECE(bins, equal_intervals=equal).measure(*of) for equal in (True, False)]
    case["mce"] = [MCE(bins, equal_intervals=equal).measure(*of) for equal in (True, False)]
    case["classwise"] = np.mean([ECE(bins).measure(p[:, k], (y == k).astype(int)) for k in range(classes)])
    case["decomposition"] = [decomposition((y == 1).astype(float), p[:, 1], bins, s) for s in ("uniform", "quantile")]
    odds = log_odds(z)
    columns = [1] if binary else range(classes)
    platt = [_SigmoidCalibration().fit(odds[:, k], (y == k).astype(float)) for k in columns]
    case["sigmoid"] = [[one.a_, one.b_] for one in platt]
    steps = [IsotonicRegression(out_of_bounds="clip").fit(odds[:, k], (y == k).astype(float)) for k in columns]
    case["isotonic"] = [{"x": one.X_thresholds_, "y": one.y_thresholds_} for one in steps]
    for method in ("temperature", "sigmoid", "isotonic"):
        base = FrozenEstimator(Scores(classes, method == "temperature").fit(z, y))
        fitted = CalibratedClassifierCV(base, method=method, ensemble=False).fit(z, y)
        case[f"{method}Probabilities"] = fitted.predict_proba(fresh)
        if method == "temperature":
            case["temperature"] = 1 / fitted.calibrated_classifiers_[0].calibrators[0].beta_
    return case


def isotonic_case(x, y):
    """Scores that repeat."""
    one = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    return {"scores": x, "positive": y, "x": one.X_thresholds_, "y": one.y_thresholds_}


class Probabilities(ClassifierMixin, BaseEstimator):
    """Gives its input as its probabilities."""

    def fit(self, X, y):
        self.classes_ = np.arange(X.shape[1])
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return X.argmax(axis=1)


def conformal_case(n, classes, alphas):
    z, y = draw(n, classes, 1.3)
    p = softmax(z)
    fresh = softmax(draw(30, classes, 1.3)[0])
    case = {"probabilities": p, "labels": y, "fresh": fresh, "alphas": alphas, "lac": [], "aps": [], "conditional": [], "lacQuantiles": [], "apsQuantiles": []}
    if classes == 2:  # which MAPIE's function does not take
        cumulated = np.where(p.argmax(axis=1) == y, p.max(axis=1), p.sum(axis=1)).reshape(-1, 1)
    else:
        cumulated, _ = APSConformityScore.get_true_label_cumsum_proba(y, p, np.arange(classes))
    case["apsScores"] = np.sort(cumulated.ravel())
    for alpha in alphas:
        split = SplitConformalClassifier(Probabilities().fit(p, y), confidence_level=1 - alpha, conformity_score="lac", prefit=True)
        split.conformalize(p, y)
        sets = split.predict_set(fresh)[1][:, :, 0]
        case["lac"].append([np.flatnonzero(row) for row in sets])
        case["lacQuantiles"].append(_compute_classification_quantile((1 - p[np.arange(n), y]).reshape(-1, 1), np.array([alpha]))[0])
        aps = APSConformityScore()
        aps.quantiles_ = _compute_classification_quantile(cumulated, np.array([alpha]))
        case["apsQuantiles"].append(aps.quantiles_[0])
        sets = aps.get_prediction_sets(fresh[:, :, None], cumulated, np.array([alpha]), "prefit", "mean", False)[:, :, 0]
        case["aps"].append([np.flatnonzero(row) for row in sets])
        mondrian = crepes.ConformalClassifier().fit(1 - p[np.arange(n), y], bins=y)
        columns = [mondrian.predict_p(1 - fresh[:, [k]], bins=np.full(len(fresh), k), smoothing=False)[:, 0] for k in range(classes)]
        case["conditional"].append([np.flatnonzero(row > alpha) for row in np.stack(columns, axis=1)])
    return case


def sgr(confidence, correct, risk, delta):
    """Algorithm 2 of Geifman and El-Yaniv, with the exact bound; None where no threshold has it."""
    order = np.argsort(confidence, kind="stable")
    n = len(order)
    rounds = max(1, math.ceil(math.log2(n)))
    low, high, found = 0, n - 1, None
    for _ in range(rounds):
        middle = math.ceil((low + high) / 2)
        threshold = confidence[order[middle]]
        kept = confidence >= threshold
        wrong = int((~correct[kept]).sum())
        bound = beta.ppf(1 - delta / rounds, wrong + 1, kept.sum() - wrong) if wrong < kept.sum() else 1.0
        if bound < risk:
            found = {"threshold": threshold, "coverage": kept.mean(), "risk": wrong / kept.sum(), "riskBound": bound}
            high = middle
        else:
            low = middle
    return found


def selection_case(n):
    confidence = np.round(rng.uniform(0.5, 1, size=n), 6)
    correct = rng.uniform(size=n) < confidence ** 0.3
    order = np.argsort(-confidence, kind="stable")
    risks = np.cumsum(~correct[order]) / np.arange(1, n + 1)
    wrong = int((~correct).sum())
    best = np.cumsum(np.concatenate([np.zeros(n - wrong), np.ones(wrong)])) / np.arange(1, n + 1)
    return {"confidence": confidence, "correct": correct, "risk": risks, "aurc": risks.mean(), "excess": risks.mean() - best.mean(),
            "sgr": [[risk, delta, sgr(confidence, correct, risk, delta)] for risk in (0.05, 0.1, 0.2) for delta in (0.05, 0.2)]}


def saerens(p, train, tol=1e-6):
    """Equations 2.4 and 2.9 of Saerens et al."""
    priors = train
    for step in range(1, 10001):
        rows = p * (priors / train)
        rows /= rows.sum(axis=1, keepdims=True)
        new = rows.mean(axis=0)
        change = np.abs(new - priors).max()
        priors = new
        if change <= tol:
            break
    rows = p * (priors / train)
    return {"priors": priors, "iterations": step, "corrected": rows / rows.sum(axis=1, keepdims=True)}


def prior_case(n, classes):
    train = np.full(classes, 1 / classes)
    shares = rng.dirichlet(np.ones(classes) * 2)
    y = rng.choice(classes, size=n, p=shares)
    z = rng.normal(size=(n, classes)) + 2 * np.eye(classes)[y]
    return {"probabilities": softmax(z), "train": train, **saerens(softmax(z), train)}


def wilson(k, n):
    z = norm.ppf(0.975)
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def prevalence_case(tp, fn, tn, fp):
    """Bayes' rule, at sensitivity and specificity and at the ends of their Wilson intervals."""
    ppv = lambda se, sp, share: se * share / (se * share + (1 - sp) * (1 - share))
    sensitivity, specificity = (wilson(tp, tp + fn), wilson(tn, tn + fp))
    shares = [0.001, 0.01, 0.1, 0.5]
    return {"counts": [tp, fn, tn, fp], "prevalences": shares,
            "precision": [ppv(tp / (tp + fn), tn / (tn + fp), share) for share in shares],
            "low": [ppv(sensitivity[0], specificity[0], share) for share in shares],
            "high": [ppv(sensitivity[1], specificity[1], share) for share in shares]}


def distance_case(n, width, classes, shrinkage, k):
    centres = rng.normal(size=(classes, width)) * 2
    y = np.arange(n) % classes
    x = centres[y] + rng.normal(size=(n, width)) @ rng.normal(size=(width, width)) * 0.5
    near = centres[y[:20]] + rng.normal(size=(20, width)) * 0.7
    far = rng.normal(size=(20, width)) * 5
    fresh = np.concatenate([near, far])
    centred = x - np.stack([x[y == label].mean(axis=0) for label in range(classes)])[y]
    covariance = ShrunkCovariance(assume_centered=True, shrinkage=shrinkage).fit(centred)
    distance = lambda rows: np.min([covariance.mahalanobis(rows - x[y == label].mean(axis=0)) for label in range(classes)], axis=0)
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    neighbours = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(unit(x))
    truth = np.repeat([0, 1], 20)
    nearest = neighbours.kneighbors(unit(fresh))[0][:, -1]
    return {"features": x, "labels": y, "shrinkage": shrinkage, "k": k, "fresh": fresh,
            "mahalanobis": distance(fresh), "mahalanobisThreshold": np.quantile(distance(x), 0.95), "mahalanobisAuc": roc_auc_score(truth, distance(fresh)),
            "nearest": nearest, "nearestThreshold": np.quantile(neighbours.kneighbors()[0][:, -1], 0.95), "nearestAuc": roc_auc_score(truth, nearest)}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


GOLDEN = {
    "calibration": [calibration_case(120, 2, 3, 10), calibration_case(90, 2, 0.4, 5), calibration_case(300, 3, 2, 15), calibration_case(150, 5, 4, 10)],
    "isotonic": [isotonic_case(np.round(rng.normal(size=60), 1), rng.integers(0, 2, 60).astype(float)) for _ in range(3)],
    "conformal": [conformal_case(60, 2, [0.1, 0.2]), conformal_case(150, 4, [0.05, 0.1, 0.3])],
    "selection": [selection_case(300), selection_case(80)],
    "priors": [prior_case(200, 2), prior_case(200, 4)],
    "prevalence": [prevalence_case(90, 10, 95, 5), prevalence_case(45, 5, 400, 3)],
    "distance": [distance_case(60, 4, 2, 0.1, 5), distance_case(90, 6, 3, 0.3, 10)],
    "binomial": [[k, n, p, binom.cdf(k, n, p)] for k, n, p in ((0, 10, 0.1), (3, 40, 0.2), (70, 1000, 0.05), (499, 500, 0.9))],
}
target = Path(__file__).parent / "golden-calibration.json"
target.write_text(json.dumps([plain(GOLDEN)], separators=(",", ":")) + "\n")
