"""TfidfVectorizer and LogisticRegression on invented texts: terms, weights, and probabilities of unseen texts."""
import json
import sys

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression


def fit(case):
    weights = case.get("classWeight")
    if isinstance(weights, list):
        weights = dict(enumerate(weights))
    try:
        return fitted(case, weights)
    except ValueError as error:
        return {"refused": str(error)}


def fitted(case, weights):
    vectorizer = TfidfVectorizer(ngram_range=tuple(case["ngramRange"]), min_df=case["minDf"], sublinear_tf=case["sublinearTf"])
    x = vectorizer.fit_transform(case["texts"])
    unseen = vectorizer.transform(case["unseen"])
    model = LogisticRegression(C=case["C"], tol=1e-10, max_iter=100000, class_weight=weights).fit(x, numpy.array(case["labels"]))
    return {"features": vectorizer.get_feature_names_out().tolist(), "weights": unseen.toarray().tolist(), "probabilities": model.predict_proba(unseen).tolist()}


with open(sys.argv[1]) as file:
    cases = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump([fit(case) for case in cases], file)
