"""Training by hand with torch, peft and transformers' decay groups and schedules, on given batches."""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from peft import PeftModel, get_peft_model_state_dict
from peft.optimizers import create_loraplus_optimizer
from random_models import padded
from safetensors.torch import load_file
from sklearn.utils.class_weight import compute_class_weight
from transformers import AutoModelForSequenceClassification, Trainer, get_scheduler

def class_weights(case):
    given = case.get("classWeights")
    if given is None:
        return None
    if given != "balanced":
        return torch.tensor(given)
    labels = torch.tensor(case["labels"])
    if case["multi"]:
        return (len(labels) - labels.sum(0)) / labels.sum(0)
    return torch.tensor(compute_class_weight("balanced", classes=np.arange(case["numLabels"]), y=labels.numpy()), dtype=torch.float32)


def loss_of(logits, labels, weights, case):
    gamma = case.get("focalGamma", 0)
    if case["multi"]:
        target = labels.float()
        if not gamma:
            return F.binary_cross_entropy_with_logits(logits, target, pos_weight=weights)
        p = logits.sigmoid()
        q = torch.where(labels == 1, 1 - p, p)
        return (F.binary_cross_entropy_with_logits(logits, target, pos_weight=weights, reduction="none") * q**gamma).mean()
    if not gamma:
        return F.cross_entropy(logits, labels, weight=weights, label_smoothing=case.get("labelSmoothing", 0.0))
    w = torch.ones(len(labels)) if weights is None else weights[labels]
    log_p = logits.log_softmax(-1).gather(1, labels[:, None])[:, 0]
    return (-w * (1 - log_p.exp()) ** gamma * log_p).sum() / w.sum()


def groups_of(model, trained, case):
    """peft's groups for LoRA+, or transformers'."""
    ratio = case.get("loraplusLrRatio")
    if ratio:
        return create_loraplus_optimizer(model, torch.optim.AdamW, lr=case["learningRate"], loraplus_lr_ratio=ratio, loraplus_weight_decay=case["weightDecay"]).param_groups
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    common = dict(lr=case["learningRate"])
    return [{"params": [p for n, p in trained if n in decayed], "weight_decay": case["weightDecay"], **common}, {"params": [p for n, p in trained if n not in decayed], "weight_decay": 0.0, **common}]


def depths_of(model):
    """Depths of the parameters by their ids, and the head's: what is in the encoder but not in its layers comes before them."""
    encoder = (model.get_base_model() if isinstance(model, PeftModel) else model).base_model
    layers = next(module for module in encoder.modules() if isinstance(module, torch.nn.ModuleList))
    depths = {id(p): 0 for p in encoder.parameters()}
    depths |= {id(p): i + 1 for i, layer in enumerate(layers) for p in layer.parameters()}
    after = [getattr(encoder, name, None) for name in ("pooler", "final_norm")]
    depths |= {id(p): len(layers) + 1 for module in after if module is not None for p in module.parameters()}
    return depths, len(layers) + 1


def by_depth(groups, model, case):
    """A group for each weight: the head has the full rate, each layer below it a share of the next one's."""
    decay = case.get("layerwiseLrDecay")
    groups = [{key: group[key] for key in ("params", "weight_decay", "lr")} for group in groups]
    if decay is None:
        return groups
    depths, head = depths_of(model)
    return [{**group, "params": [p], "lr": group["lr"] * decay ** (head - depths.get(id(p), head))} for group in groups for p in group["params"]]


def run(case):
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(case["base"])
    rates = {name: rate for name, rate in vars(model.config).items() if "dropout" in name}
    assert not any(rates.values()), f"dropout must be 0: {rates}"
    pad = model.config.pad_token_id
    lora = case["method"] == "lora"
    if lora:
        model = PeftModel.from_pretrained(model, case["first"], is_trainable=True)
    model.train()
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(by_depth(groups_of(model, trained, case), model, case), lr=case["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    scheduler = get_scheduler(case["lrSchedulerType"], optimizer, num_warmup_steps=case["warmup"], num_training_steps=case["totalSteps"])
    weights = class_weights(case)
    losses = []
    for batch in case["batches"]:
        ids, mask = padded([example["ids"] for example in batch], pad)
        labels = torch.tensor([example["label"] for example in batch])
        loss = loss_of(model(input_ids=ids, attention_mask=mask).logits, labels, weights, case)
        loss.backward()
        if case["maxGradNorm"]:
            torch.nn.utils.clip_grad_norm_([p for _, p in trained], case["maxGradNorm"])
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    found = load_file(os.path.join(case["last"], "adapter_model.safetensors" if lora else "model.safetensors"))
    expected = get_peft_model_state_dict(model) if lora else model.state_dict()
    expected = {name: value for name, value in expected.items() if name in found or value.dtype.is_floating_point}
    if set(expected) != set(found):
        raise ValueError(f"weights of different names: {set(expected) ^ set(found)}")
    differences = {name: (expected[name] - found[name]).abs().max().item() for name in found}
    # Attention does not change when a query's scores all rise by the same amount: a key's bias has the gradient 0, and Adam makes
    # steps of what rounding leaves of it, on either side its own. These biases are measured apart.
    noise = [name for name in differences if name in case["idleKeys"]]
    worst = max((name for name in differences if name not in noise), key=differences.get)
    return {"losses": losses, "largest": differences[worst], "worst": worst, "keyBiases": max([differences[name] for name in noise], default=0)}


torch.set_num_threads(1)
json.dump([run(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
