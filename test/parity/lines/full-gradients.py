"""Saves random models and the gradients of all their weights, in single and in double precision."""
import json
import pathlib
import sys

import torch
from random_models import padded, random_model, save
from safetensors.torch import save_file

given = json.load(open(sys.argv[1]))
torch.set_num_threads(1)


def gradients(model, case):
    model.zero_grad()
    ids, mask = padded(case["documents"], case["padTokenId"])
    logits = model(input_ids=ids, attention_mask=mask).logits
    torch.nn.functional.cross_entropy(logits, torch.tensor(case["labels"])).backward()
    return {name: p.grad.float().contiguous() for name, p in model.named_parameters()}


result = []
for i, case in enumerate(given["cases"]):
    model = random_model(case)
    path = pathlib.Path(given["folder"]) / f"model-{i}"
    save(model, path, case)
    save_file(gradients(model, case), path / "single.safetensors")
    save_file(gradients(model.double(), case), path / "double.safetensors")
    result.append(str(path))
json.dump(result, open(sys.argv[2], "w"))
