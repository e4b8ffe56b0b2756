"""Logits and gradients of adapters that tslora saved, by peft, in double precision and in single."""
import json
import sys

import torch
from peft import PeftModel
from random_models import padded
from transformers import AutoModelForSequenceClassification


svd, qr = torch.linalg.svd, torch.linalg.qr
# peft finds PiSSA's singular vectors and OLoRA's bases in 32 bits, where two that are nearly equal are rounding: here,
# as in tslora, in 64
torch.linalg.svd = lambda a, **options: tuple(part.to(a.dtype) for part in svd(a.double(), **options))
torch.linalg.qr = lambda a, **options: tuple(part.to(a.dtype) for part in qr(a.double(), **options))


def file_name(name):
    """A parameter's name in an adapter's file."""
    return name.replace(".modules_to_save.default", "").replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector").replace(".default.", ".")


def numbers(model, case):
    model.zero_grad()
    ids, mask = padded(case["documents"], model.config.pad_token_id)
    logits = model(input_ids=ids, attention_mask=mask).logits
    torch.nn.functional.cross_entropy(logits, torch.tensor(case["labels"])).backward()
    gradients = {file_name(n): p.grad.flatten().tolist() for n, p in model.named_parameters() if p.requires_grad and p.grad is not None}
    return dict(logits=logits.flatten().tolist(), gradients=gradients)


def compute(case):
    model = PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained(case["base"]), case["adapter"], is_trainable=True).eval()
    single = numbers(model, case)
    return dict(**numbers(model.double(), case), single=single)


json.dump([compute(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
