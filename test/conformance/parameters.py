"""Reads parameters as papermill does and evaluates both sides: `parameters.py CASES.json RESULTS.json`."""
import json
import sys

import yaml
from papermill.cli import _resolve_type
from papermill.iorw import NoDatesSafeLoader
from papermill.translators import PythonTranslator


def theirs(case):
    if case["flag"] == "-p":
        return _resolve_type(case["text"])
    if case["flag"] == "-r":
        return case["text"]
    return yaml.load(case["text"], Loader=NoDatesSafeLoader)["x"]


def assigned(source):
    scope = {}
    exec("from typing import *\n" + source, scope)
    return scope["x"]


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return repr(a) == repr(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b and isinstance(a, bool) == isinstance(b, bool) and isinstance(a, str) == isinstance(b, str)


sys.set_int_max_str_digits(0)
results = []
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    try:
        wanted = assigned(PythonTranslator.codify({"x": theirs(case)}))
    except Exception as error:
        wanted = error
    ours = None if case["source"] is None else assigned(case["source"])
    equal = case["source"] is not None and not isinstance(wanted, Exception) and same(ours, wanted)
    kinds = [type(value).__name__ for value in (ours, wanted)]
    results.append({"equal": equal, "sameType": kinds[0] == kinds[1], "ours": repr(ours)[:200], "theirs": repr(wanted)[:200]})
json.dump(results, open(sys.argv[2], "w", encoding="utf-8"))
