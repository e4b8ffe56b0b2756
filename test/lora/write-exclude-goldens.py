"""Writes which linear layers peft adapts where some are excluded.

    pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    python test/lora/write-exclude-goldens.py

"all-linear" is expanded as peft does: all linear layers but the head. DistilBERT's pre_classifier, which peft would adapt and
train whole at once, counts as part of the head.
"""
import json
import pathlib
from types import SimpleNamespace

from peft.tuners.tuners_utils import _ExcludedModule, check_target_module_exists

HERE = pathlib.Path(__file__).parent
LINEAR = {"bert": ("query", "key", "value", "dense", "classifier"), "roberta": ("query", "key", "value", "dense", "out_proj"), "distilbert": ("q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2", "pre_classifier", "classifier")}
CASES = [
    dict(target_modules="all-linear", exclude_modules=["dense"]),
    dict(target_modules="all-linear", exclude_modules=["query", "q_lin", "key", "k_lin"]),
    dict(target_modules="all-linear", exclude_modules=["output.dense", "ffn.lin2"]),
    dict(target_modules="ALL-linear", exclude_modules=r".*layer\.(0|2)\..*"),
    dict(target_modules="all-linear", exclude_modules=r"(?i).*LAYER.*"),
    dict(target_modules="all-linear", exclude_modules=".*"),
    dict(target_modules=["query", "value", "q_lin", "v_lin"], exclude_modules=["value", "v_lin"]),
    dict(target_modules=["query", "q_lin"], exclude_modules=["query", "q_lin"]),
    dict(target_modules=["query", "q_lin"], exclude_modules=["layer.0.attention.self.query", "layer.0.attention.q_lin"], layers_to_transform=[0, 1]),
    dict(target_modules=["query", "q_lin"], exclude_modules=["layer.0.attention.self.query", "layer.0.attention.q_lin"], layers_to_transform=0),
    dict(target_modules=r".*\.(query|value|q_lin|v_lin)", exclude_modules=["value", "v_lin"]),
    dict(target_modules=r".*\.(query|q_lin)", exclude_modules=r".*\.1\..*"),
    dict(target_modules=["attention.self.query", "attention.q_lin", "output.dense", "lin2"], exclude_modules=r".*attention\.output.*|.*lin2", layers_to_transform=[1, 0], layers_pattern="layer"),
]


def adapted(options, kind, names):
    linear = [name for name in names if name.split(".")[-1] in LINEAR[kind]]
    config = dict(exclude_modules=None, layers_to_transform=None, layers_pattern=None, modules_to_save=["classifier", "score"], target_parameters=None) | options
    if isinstance(config["target_modules"], str) and config["target_modules"].lower() == "all-linear":
        config["target_modules"] = {name for name in linear if not name.endswith(("score", "classifier"))}
    found = [(name, check_target_module_exists(SimpleNamespace(**config), name)) for name in names]
    return [name for name, result in found if result and not isinstance(result, _ExcludedModule)]


names = {kind: json.loads((HERE / "goldens.json").read_text())["matching"][kind]["names"] for kind in LINEAR}
cases = [{"options": options, "adapted": {kind: adapted(options, kind, names[kind]) for kind in LINEAR}} for options in CASES]
(HERE / "exclude-goldens.json").write_text(json.dumps(cases, separators=(",", ":")).replace('{"options"', '\n{"options"') + "\n")
