"""Writes the golden values that the evaluation room is tested against.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
    venv/bin/python test/evaluation/write-goldens.py [Dataset.zip]

Every text in it is invented. Of the study's corpus, where it is given, only numbers and hashes are written.
"""
import hashlib
import json
import random
import runpy
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

PINS = {"scikit-learn": (sklearn.__version__, "1.9.1"), "numpy": (np.__version__, "2.4.6"), "scipy": (scipy.__version__, "1.17.1")}
for name, (got, wanted) in PINS.items():
    if got != wanted:
        sys.exit(f"{name} {wanted} was expected, {got} is installed")
warnings.simplefilter("ignore")
HERE = Path(__file__).parent


def plain(value):
    """NumPy to JSON; numbers that JSON lacks by name."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and (np.isnan(value) or np.isinf(value)):
        return {"float": repr(value)}
    return value


def write(name, cases):
    lines = ",\n".join(json.dumps(plain(case), ensure_ascii=False, separators=(",", ":")) for case in cases)
    (HERE / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


# --- reports -------------------------------------------------------------------------------------------------------

NAMES = ["cat", "Hund", "a name that is wider than the columns", "chat noir", "猫", "🐈 cat", "é", "naïve", "zebra", "x", "10", "9", ""]


def report_case(rng):
    count = rng.choice([1, 2, 2, 2, 3, 3, 4, 5, 7, 9, 12, 20, 150] if rng.random() < 0.3 else [1, 2, 2, 2, 3, 4])
    if rng.random() < 0.25 and count <= len(NAMES):
        kinds = rng.sample(NAMES, count)
    else:
        start = rng.choice([0, 0, 0, 1, -1, -3, 10])
        kinds = [start + i * rng.choice([1, 1, 2]) for i in range(count)]
        kinds = sorted(set(kinds))
        rng.shuffle(kinds)
    n = rng.choice([1, 2, 3, 4, 8, 16, 20, 33, 64, 80, 160, 200])
    y_true = [rng.choice(kinds) for _ in range(n)]
    right = rng.choice([0, 0, 0.3, 0.5, 0.7, 0.9, 1])
    y_pred = [t if rng.random() < right else rng.choice(kinds) for t in y_true]
    if rng.random() < 0.1:
        y_pred = [rng.choice(kinds)] * n
    options = {}
    if rng.random() < 0.35:
        pool = sorted(set(kinds) | ({"never"} if isinstance(kinds[0], str) else {99}), key=str)
        options["labels"] = rng.sample(pool, rng.randint(1, len(pool)))
    if rng.random() < 0.3:
        rows = len(options["labels"]) if "labels" in options else len(set(y_true) | set(y_pred))
        options["target_names"] = [rng.choice(["class ", "Klasse ", "label-", "🧬"]) + str(i) for i in range(rows)]
    if rng.random() < 0.5:
        options["digits"] = rng.choice([0, 1, 2, 3, 4, 5, 13, 20])
    if rng.random() < 0.4:
        options["zero_division"] = rng.choice([0, 1, np.nan])
    return y_true, y_pred, options


def report_cases(count, seed):
    rng = random.Random(seed)
    while count > 0:
        y_true, y_pred, options = report_case(rng)
        text = metrics.classification_report(y_true, y_pred, **options)
        values = metrics.classification_report(y_true, y_pred, output_dict=True, **{k: v for k, v in options.items() if k != "digits"})
        count -= 1
        case = {"yTrue": y_true, "yPred": y_pred, "options": {{"target_names": "targetNames", "zero_division": "zeroDivision"}.get(k, k): v for k, v in options.items()}, "text": text}
        yield {**case, "dict": values} if len(text) < 1500 and count % 3 == 0 else case


# --- numbers as text -----------------------------------------------------------------------------------------------

def format_cases():
    rng = random.Random(7)
    ties = [0.125, 0.375, 0.625, 0.875, 0.5, 1.5, 2.5, 0.0625, 0.15625, 0.005, 0.015, 0.025, 0.045, 1.005, 2.675, 0.285, 0.995, 0.9995, 9.995, 1 / 3, 2 / 3]
    edges = [0.0, -0.0, -0.001, -0.5, -2.5, 1e21, 1.5e22, 123456789012345680000.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]
    many = [rng.randint(0, 2 ** k) / 2 ** rng.randint(1, k) for k in range(2, 14) for _ in range(6)] + [rng.random() for _ in range(30)] + [rng.randint(0, 200) / 200 for _ in range(30)]
    for x in ties + edges + many:
        for digits in (0, 1, 2, 3, 4) if x not in edges else (0, 2, 25):
            yield {"x": x, "digits": digits, "text": format(x, f".{digits}f")}


# --- metrics -------------------------------------------------------------------------------------------------------

def metric_cases():
    rng = np.random.RandomState(11)
    for case in range(60):
        count, n = int(rng.choice([1, 2, 2, 2, 3, 5, 11])), int(rng.choice([1, 3, 12, 50, 170]))
        names = [str(k) + "ab"[k % 2] for k in range(count)] if case % 5 == 0 else list(range(count))
        t = [names[i] for i in rng.randint(0, count, n)]
        p = [a if rng.rand() < 0.6 else names[rng.randint(count)] for a in t]
        yield {
            "yTrue": t, "yPred": p,
            "accuracy": metrics.accuracy_score(t, p),
            "balanced": metrics.balanced_accuracy_score(t, p),
            "adjusted": metrics.balanced_accuracy_score(t, p, adjusted=True),
            "mcc": metrics.matthews_corrcoef(t, p),
            "kappa": [metrics.cohen_kappa_score(t, p, weights=w) for w in (None, "linear", "quadratic")],
            "confusion": metrics.confusion_matrix(t, p),
            "normalized": [metrics.confusion_matrix(t, p, normalize=by) for by in ("true", "pred", "all")],
            "f": {average or "none": [metrics.precision_recall_fscore_support(t, p, average=average, beta=beta, zero_division=zero)
                                      for beta, zero in ((1, 0), (0.5, 1), (2, np.nan), (0, 0))] for average in (None, "micro", "macro", "weighted")},
            **({"binary": metrics.precision_recall_fscore_support(t, p, average="binary", pos_label=names[-1])} if len(set(t) | set(p)) == 2 else {}),
        }


def curve_cases():
    rng = np.random.RandomState(12)
    for case in range(50):
        n = int(rng.choice([1, 2, 5, 20, 60]))
        labels = [[0, 1], [-1, 1], [0, 1]][case % 3]
        t = rng.choice(labels, n)
        s = np.round(rng.rand(n) * 0.6 + 0.4 * (t == 1), 3)
        if case % 2:
            s = np.round(s, 1)  # ties
        both = len(set(t.tolist())) == 2
        yield {
            "yTrue": t, "yScore": s,
            "roc": [metrics.roc_curve(t, s, drop_intermediate=drop) for drop in (True, False)],
            "pr": [metrics.precision_recall_curve(t, s, drop_intermediate=drop) for drop in (True, False)],
            "auc": metrics.roc_auc_score(t, s), "ap": metrics.average_precision_score(t, s),
            "logLoss": metrics.log_loss(t, s, labels=labels), "brier": metrics.brier_score_loss(t, s),
            "brierWhole": metrics.brier_score_loss(t, s, scale_by_half=False),
            **({"brierOther": metrics.brier_score_loss(t, s, pos_label=labels[0])} if both else {}),
        }


def class_curve_cases():
    rng = np.random.RandomState(13)
    for case in range(12):
        count, n = int(rng.choice([3, 4, 9])), int(rng.choice([5, 40]))
        t = np.concatenate([np.arange(count), rng.randint(0, count, n)])
        s = rng.rand(len(t), count) + 0.5 * np.eye(count)[t]
        s = np.round(s, 1) + 0.05 if case % 2 else s
        s = np.round(s / s.sum(axis=1, keepdims=True), 4)
        s[:, -1] = 1 - s[:, :-1].sum(axis=1)
        yield {
            "yTrue": t, "yScore": s,
            "auc": {f"{kind} {average}": metrics.roc_auc_score(t, s, multi_class=kind, average=average)
                    for kind, average in (("ovr", "macro"), ("ovr", "weighted"), ("ovr", "micro"), ("ovo", "macro"), ("ovo", "weighted"))},
            "ap": {average: metrics.average_precision_score(t, s, average=average) for average in ("macro", "weighted", "micro")},
            "logLoss": metrics.log_loss(t, s), "brier": metrics.brier_score_loss(t, s),
        }


# --- weights of samples, several labels a sample --------------------------------------------------------------------

call = runpy.run_path(str(HERE / "call-metrics.py"))["call"]


def weighted_calls(rng):
    """One label a sample, with weights: names and numbers, absent classes, every average."""
    n, names = int(rng.choice([1, 8, 40])), [["ham", "spam", "accuracy"], [0, 1], [3, -1, 7, 12]][rng.randint(3)]
    t = [names[i] for i in rng.randint(0, len(names), n)]
    p = [a if rng.rand() < 0.6 else names[rng.randint(len(names))] for a in t]
    w = [np.round(rng.rand(n) * 3, 3), rng.randint(1, 4, n), 10.0 ** rng.randint(-7, 3, n)][rng.randint(3)].tolist()
    zero = [0, 1, float("nan"), "warn"][rng.randint(4)]
    yield from ((fn, t, p, {"sample_weight": w, **kwargs}) for fn, kwargs in (
        ("classification_report", {"zero_division": zero, "digits": int(rng.randint(2, 5))}),
        ("classification_report", {"zero_division": zero, "output_dict": True}),
        ("classification_report", {"labels": names[:1]}),
        ("accuracy_score", {}), ("accuracy_score", {"normalize": False}), ("balanced_accuracy_score", {}), ("matthews_corrcoef", {}),
        ("cohen_kappa_score", {"weights": "linear"}), ("confusion_matrix", {}), ("confusion_matrix", {"normalize": "all"}),
        *(("precision_recall_fscore_support", {"average": average, "zero_division": zero}) for average in (None, "micro", "macro", "weighted")),
    ))


def indicator_calls(rng, weighted):
    """Several labels a sample: reports with the average over samples, and areas."""
    n, width = int(rng.choice([1, 8, 40])), int(rng.choice([2, 3, 6]))
    t = (rng.rand(n, width) < rng.choice([0.05, 0.4])).astype(int)
    p = np.where(rng.rand(n, width) < 0.2, 1 - t, t)
    s = np.round(0.5 * t + 0.5 * rng.rand(n, width), 1).tolist()
    w = {"sample_weight": np.round(rng.rand(n), 2).tolist()} if weighted else {}
    zero = [0, 1, float("nan")][rng.randint(3)]
    for kwargs in ({"digits": 3}, {"output_dict": True}, {"labels": [width - 1, 0], "target_names": ["last", "first"]}):
        yield "classification_report", t.tolist(), p.tolist(), {**w, "zero_division": zero, **kwargs}
    yield "accuracy_score", t.tolist(), p.tolist(), w
    for average in (None, "micro", "macro", "weighted", "samples"):
        yield "precision_recall_fscore_support", t.tolist(), p.tolist(), {**w, "average": average, "zero_division": zero}
        yield "roc_auc_score", t.tolist(), s, {**w, "average": average}
        yield "average_precision_score", t.tolist(), s, {**w, "average": average}


def score_calls(rng):
    """Scores of two labels, with weights and partial areas."""
    n = int(rng.choice([4, 40]))
    t = np.concatenate([[0, 1], rng.randint(0, 2, n)])
    s = np.round(0.3 * t + 0.7 * rng.rand(len(t)), 1).tolist()
    w = {"sample_weight": np.round(rng.rand(len(t)) * (rng.rand(len(t)) < 0.8) + 0.01, 2).tolist()}
    for fn, kwargs in (("roc_curve", w), ("precision_recall_curve", {**w, "drop_intermediate": True}), ("roc_auc_score", w), ("roc_auc_score", {"max_fpr": 0.2}),
                       ("average_precision_score", w), ("log_loss", w), ("log_loss", {**w, "normalize": False}), ("brier_score_loss", w)):
        yield fn, t.tolist(), s, kwargs


def call_cases():
    rng = np.random.RandomState(16)
    for case in range(8):
        for fn, t, y, kwargs in (*weighted_calls(rng), *indicator_calls(rng, case % 2 == 1), *score_calls(rng)):
            asked = {"fn": fn, "yTrue": t, "y": y, "kwargs": plain(kwargs)}
            yield {**asked, **call(asked)}


# --- intervals and sums --------------------------------------------------------------------------------------------

def interval_cases():
    for k, n in ((0, 1), (1, 1), (0, 10), (10, 10), (3, 7), (99, 200), (113, 200), (191, 200), (5, 100000)):
        for confidence in (0.8, 0.95, 0.999999):
            low, high = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
            yield {"kind": "wilson", "k": k, "n": n, "confidence": confidence, "low": low, "high": high}
    for b, c in ((0, 0), (0, 1), (1, 0), (5, 5), (3, 12), (31, 45), (0, 40), (700, 800), (2000, 1000)):
        yield {"kind": "mcnemar", "onlyBefore": b, "onlyAfter": c, "pValue": stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0}
    for p in (1e-300, 1e-20, 1e-5, 0.01, 0.074, 0.2, 0.5, 0.6, 0.9, 0.925, 0.975, 0.999999):
        yield {"kind": "quantile", "p": p, "z": stats.norm.ppf(p)}
    rng = np.random.RandomState(14)
    for n in [*range(1, 40), 127, 128, 129, 136, 250, 256, 257, 1000]:
        values = np.round(rng.rand(n) ** 3, 4)
        yield {"kind": "sum", "values": values, "sum": values.sum(), "mean": values.mean()}


# --- baseline ------------------------------------------------------------------------------------------------------

WORDS = "red green blue warm cold river stone field cloud winter summer bright quiet small large the of and in on moves rests falls grows".split()
TEXTS = [
    "Straße STRASSE ΣΊΣΥΦΟΣ İstanbul naïve e\u0301clair re\u0301sume\u0301",
    "snake_case x1 1x a b cd x² ½ Ⅷ ٣٤ 二〇 漢字 テスト हिन्दी தமிழ் 𝒳𝒴 \U00020000\U00020001 \uFB01x",
    "don't state-of-the-art 3.14 10,000 p<0.05 a.b.c I",
    "red red red blue blue green ", "", "  \t\n ", "blue\u00a0green\u2003red\u200bgreen",
]


def sentence(rng, label):
    weights = [1 + 2 * ((i + label) % 3 == 0) for i in range(len(WORDS))]
    return " ".join(rng.choices(WORDS, weights, k=rng.randint(4, 14)))


def sparse(matrix):
    matrix = matrix.tocsr()
    matrix.sort_indices()
    return {"shape": list(matrix.shape), "indptr": matrix.indptr, "indices": matrix.indices, "data": matrix.data}


def log_count_ratios(x, labels):
    """Naive Bayes' log-count ratios of the terms (Wang and Manning, 2012), over texts that have them, plus one."""
    labels = np.array(labels)
    p, n = [np.asarray((x[labels == label] > 0).sum(axis=0)).ravel() + 1 for label in (1, 0)]
    return np.log((p / p.sum()) / (n / n.sum()))


def by_ratios(x, labels, test):
    """Probabilities of a regression on terms that are multiplied by their ratios."""
    ratios = log_count_ratios(x, labels)
    scaled = x.multiply(ratios).tocsr()
    return LogisticRegression(C=10, tol=1e-10, max_iter=100000).fit(scaled, labels).predict_proba(test.multiply(ratios).tocsr())


def baseline_cases():
    rng = random.Random(15)
    for classes, n, options, weight in (
        (2, 60, {"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}, None), (3, 45, {"ngram_range": (1, 1), "min_df": 1}, None),
        (2, 40, {"ngram_range": (1, 3), "min_df": 3, "sublinear_tf": True}, None), (4, 50, {"ngram_range": (1, 1), "min_df": 2}, "balanced"), (2, 30, {"ngram_range": (1, 1), "min_df": 1}, [1, 5.5]),
    ):
        labels = [i % classes if weight is None else min(int(i ** 0.4), classes) % classes for i in range(n)]
        texts = [sentence(rng, label) for label in labels]
        if classes == 3:
            texts[:3] = TEXTS[:3]
        test = [sentence(rng, i % classes) for i in range(12)] + TEXTS
        vectorizer = TfidfVectorizer(**options)
        x = vectorizer.fit_transform(texts)
        model = LogisticRegression(C=10, tol=1e-10, max_iter=100000, class_weight=dict(enumerate(weight)) if isinstance(weight, list) else weight).fit(x, labels)
        yield {
            "texts": texts, "labels": labels, "test": test,
            "options": {"ngramRange": options["ngram_range"], "minDf": options["min_df"], "sublinearTf": options.get("sublinear_tf", False)},
            "features": vectorizer.get_feature_names_out().tolist(), "matrix": sparse(vectorizer.transform(test)),
            **({"classWeight": weight} if weight else {}),
            "coef": model.coef_, "intercept": model.intercept_, "probabilities": model.predict_proba(vectorizer.transform(test)),
            **({"byRatios": by_ratios(x, labels, vectorizer.transform(test))} if classes == 2 and not weight else {}),
        }


# --- the study's corpus --------------------------------------------------------------------------------------------

def corpus_case(path):
    texts, labels = [], []
    with zipfile.ZipFile(path) as corpus:
        for label, folder in ((1, "Dataset/Cancer/"), (0, "Dataset/Non-Cancer/")):
            for name in sorted(n for n in corpus.namelist() if n.startswith(folder) and n.endswith(".txt")):
                texts.append(corpus.read(name).decode("utf-8"))
                labels.append(label)
    texts, labels = np.array(texts, dtype=object), np.array(labels)
    train, rest = train_test_split(np.arange(len(texts)), train_size=0.6, random_state=42)
    test, validation = train_test_split(rest, test_size=0.5, random_state=42)  # the first part is the study's test set
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    x = vectorizer.fit_transform(texts[train])
    model = LogisticRegression(C=10, tol=1e-10, max_iter=100000).fit(x, labels[train])
    score = lambda rows: {"accuracy": model.score(vectorizer.transform(texts[rows]), labels[rows]), "probabilities": np.round(model.predict_proba(vectorizer.transform(texts[rows]))[:12, 1], 6)}
    return {
        "features": len(vectorizer.vocabulary_), "featuresSha256": hashlib.sha256("\n".join(vectorizer.get_feature_names_out()).encode()).hexdigest(),
        "test": score(test), "validation": score(validation),
    }


if len(sys.argv) > 1:
    write("golden-corpus.json", [corpus_case(sys.argv[1])])
write("golden-reports.json", report_cases(400, 5))
write("golden-formats.json", format_cases())
write("golden-metrics.json", metric_cases())
write("golden-curves.json", [*curve_cases(), *class_curve_cases()])
write("golden-calls.json", call_cases())
write("golden-intervals.json", interval_cases())
write("golden-baseline.json", baseline_cases())
