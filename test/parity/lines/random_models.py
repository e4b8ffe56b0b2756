"""Random small models, as the parity lines of the model ask for them. Knows no model type: a case holds its configuration."""
import json
import pathlib
import sys

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

sys.path.append(str(pathlib.Path(__file__).parents[2] / "fixtures"))
from model_numbers import drawn, padded  # noqa: E402,F401


def random_model(case):
    """A model of a case's configuration, drawn by its seed; no weight is 0 or 1 by default, so that each one counts."""
    torch.manual_seed(case["seed"])
    config = AutoConfig.for_model(case["kind"], num_labels=case["numLabels"], **case["config"])
    return drawn(AutoModelForSequenceClassification.from_config(config), 0.1).eval()


def save(model, path, case):
    """Saves a model; with fields in config.json as older versions wrote them, where the case has such."""
    model.save_pretrained(path)
    if case.get("saved"):
        file = pathlib.Path(path) / "config.json"
        config = {**json.loads(file.read_text()), **case["saved"]}
        file.write_text(json.dumps({name: value for name, value in config.items() if name not in case["saved"] or value is not None}))
