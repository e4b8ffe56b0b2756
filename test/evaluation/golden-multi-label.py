"""Writes golden-multi-label.json: scores of texts with several labels, and their baseline, by scikit-learn.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6
    venv/bin/python test/evaluation/golden-multi-label.py

Every text in it is invented.
"""
import json
import random
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, f1_score, hamming_loss, log_loss
from sklearn.multiclass import OneVsRestClassifier

assert sklearn.__version__ == "1.9.1" and np.__version__ == "2.4.6", (sklearn.__version__, np.__version__)
warnings.simplefilter("ignore")
WORDS = "red green blue warm cold river stone field cloud winter summer bright quiet small large moves rests falls grows".split()
NAMES = ["first", "second", "third", "fourth"]


def sentence(rng, flags):
    weights = [1 + 4 * any(flag and i % 4 == label for label, flag in enumerate(flags)) for i in range(len(WORDS))]
    return " ".join(rng.choices(WORDS, weights, k=rng.randint(4, 12)))


def scores(y, predicted):
    score = dict(hammingLoss=hamming_loss(y, predicted), f1Micro=f1_score(y, predicted, average="micro", zero_division=0))
    return dict(**score, f1Macro=f1_score(y, predicted, average="macro", zero_division=0), f1=f1_score(y, predicted, average=None, zero_division=0).tolist())


def case(seed, n, weight, constant=()):
    """One baseline on texts of four labels; `constant` are labels that no training text has (0) or all have (1)."""
    rng = random.Random(seed)
    y = np.array([[int(rng.random() < share) for share in (0.5, 0.3, 0.2, 0.6)] for _ in range(n)])
    texts = [sentence(rng, row) for row in y]
    train = n * 2 // 3
    for label, value in constant:
        y[:train, label] = value
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    x = vectorizer.fit_transform(texts[:train])
    each = dict(enumerate(weight)) if isinstance(weight, list) else weight
    model = OneVsRestClassifier(LogisticRegression(C=10, tol=1e-10, max_iter=100000, class_weight=each)).fit(x, y[:train])
    rows = vectorizer.transform(texts[train:])
    probabilities, predicted, truth = model.predict_proba(rows), model.predict(rows), y[train:]
    draws = np.random.RandomState(seed).randint(0, n - train, size=(20, n - train))
    return dict(
        labels=NAMES, texts=texts, y=y.tolist(), train=train, classWeight=weight, probabilities=probabilities.tolist(), predicted=predicted.tolist(),
        accuracy=accuracy_score(truth, predicted), loss=log_loss(truth.ravel(), probabilities.ravel()), **scores(truth, predicted),
        report=classification_report(truth, predicted, target_names=NAMES, zero_division=0),
        draws=[dict(indices=rows.tolist(), **scores(truth[rows], predicted[rows])) for rows in draws],
    )


cases = [case(1, 90, None), case(2, 60, "balanced"), case(3, 75, [1, 3.5]), case(4, 60, None, constant=[(2, 0), (3, 1)])]
path = Path(__file__).with_name("golden-multi-label.json")
path.write_text("[\n" + ",\n".join(json.dumps({k: v for k, v in c.items() if v is not None}, separators=(",", ":")) for c in cases) + "\n]\n")
