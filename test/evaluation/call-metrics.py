"""Calls functions of sklearn.metrics by name: what golden files and parity cases of metrics are written with.

A call is {"fn": name, "yTrue": ..., "y": ..., "kwargs": {...}}; NaN and infinities stand as {"float": "nan"}. A result is
{"value": ...}, or {"error": "ValueError: ..."} where scikit-learn refuses.
"""
import json
import sys
import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")


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


def revive(value):
    if isinstance(value, dict):
        return float(value["float"]) if set(value) == {"float"} else {k: revive(v) for k, v in value.items()}
    return [revive(v) for v in value] if isinstance(value, list) else value


def call(case):
    kwargs = {name: np.array(value) if name == "sample_weight" else value for name, value in revive(case["kwargs"]).items()}
    try:
        value = getattr(metrics, case["fn"])(np.array(revive(case["yTrue"])), np.array(revive(case["y"])), **kwargs)
        return {"value": plain(value)}
    except (ValueError, ZeroDivisionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    with open(sys.argv[2], "w") as file:
        json.dump([call(case) for case in cases], file)
