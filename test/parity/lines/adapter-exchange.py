"""Reads the adapters and merged models that tslora wrote, and makes and saves adapters of its own, named ones and
weighted ones among them: logits and counts of all."""
import json
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from random_models import padded
from transformers import AutoModelForSequenceClassification


svd = torch.linalg.svd
# peft finds PiSSA's singular vectors in 32 bits, where two that are nearly equal are rounding: here, as in tslora, in 64
torch.linalg.svd = lambda a, **options: tuple(part.to(a.dtype) for part in svd(a.double(), **options))


def base(folder):
    return AutoModelForSequenceClassification.from_pretrained(folder)


def logits(model, documents):
    ids, mask = padded(documents, model.config.pad_token_id)
    with torch.no_grad():
        return model.eval()(input_ids=ids, attention_mask=mask).logits.flatten().tolist()


def read(case):
    if case["what"] == "merged model":
        return dict(logits=logits(base(case["directory"]), case["documents"]))
    model = PeftModel.from_pretrained(base(case["base"]), case["directory"], is_trainable=True)
    return dict(logits=logits(model, case["documents"]), parameters=model.get_nb_trainable_parameters())


def move(model, generator):
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.requires_grad:
                p.add_(torch.randn(p.shape, generator=generator) * 0.15)


def make(case):
    torch.manual_seed(case["seed"])
    generator = torch.Generator().manual_seed(case["seed"])
    model = None
    for adapter in case["adapters"]:
        config = LoraConfig(**adapter["options"])
        if model is None:
            model = get_peft_model(base(case["base"]), config, adapter_name=adapter["name"])
        else:
            model.add_adapter(adapter["name"], config)
            model.set_adapter(adapter["name"])
        move(model, generator)
    model.save_pretrained(case["directory"])
    found = {}
    for adapter in case["adapters"]:
        model.set_adapter(adapter["name"])
        one = dict(logits=logits(model, case["documents"]))
        if len(case["adapters"]) == 1:
            one = dict(logits=logits(PeftModel.from_pretrained(base(case["base"]), case["directory"]), case["documents"]), parameters=model.get_nb_trainable_parameters())
        found[adapter["name"]] = one
    for combination in case["combinations"]:
        model.add_weighted_adapter(combination["adapters"], combination["weights"], combination["name"], combination_type=combination["combinationType"], svd_rank=combination.get("svdRank"))
        model.set_adapter(combination["name"])
        found[combination["name"]] = dict(logits=logits(model, case["documents"]))
    return found


given = json.load(open(sys.argv[1]))
json.dump(dict(written=[read(case) for case in given["written"]], wanted=[make(case) for case in given["wanted"]]), open(sys.argv[2], "w"))
