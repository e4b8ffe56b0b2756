"""Runs of 20 steps with LoRA+ and with layer-wise decay of the learning rate, by peft and torch in double precision.

Written with torch 2.13.0, transformers 5.24.0 and peft 0.21.2 by `python test/training/write-group-goldens.py`. Starts
from the tiny models of test/fixtures and adapters of test/lora/goldens.
"""
import json
import re
from pathlib import Path

import torch
from peft import PeftModel
from peft.optimizers import create_loraplus_optimizer
from transformers import AutoModelForSequenceClassification, Trainer, get_scheduler

HERE = Path(__file__).parent
STEPS, WARMUP, BATCH = 20, 2, 4
RATE, DECAY = 0.004, 0.1
CASES = [
    dict(kind="bert", adapter="lora/goldens/bert-dora", loraplusLrRatio=4),
    dict(kind="bert", adapter="lora/goldens/bert-modules-to-save", loraplusLrRatio=3, layerwiseLrDecay=0.6),
    dict(kind="distilbert", adapter=None, layerwiseLrDecay=0.5),
]


def example(i):
    """The example of the same number in test/training/tiny.ts."""
    label = i % 2
    return [2, *(10 + ((i + k) % 9) if label else 25 + ((i * k) % 9) for k in range(2 + i % 7)), 3], label


def depth(name, layers):
    """Embeddings 0, layer i i + 1, everything after the layers their number + 1."""
    number = re.search(r"\.layer\.(\d+)\.", name)
    return int(number[1]) + 1 if number else 0 if ".embeddings." in name else layers + 1


def optimizer_of(model, case):
    """peft's optimizer, or torch's with transformers' groups; then every group is split by depth."""
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    ratio, decay = case.get("loraplusLrRatio"), case.get("layerwiseLrDecay", 1)
    if ratio:
        optimizer = create_loraplus_optimizer(model, torch.optim.AdamW, lr=RATE, loraplus_lr_ratio=ratio, loraplus_weight_decay=DECAY)
    else:
        decayed = set(Trainer.get_decay_parameter_names(None, model))
        optimizer = torch.optim.AdamW([
            {"params": [p for name, p in trained if name in decayed], "weight_decay": DECAY},
            {"params": [p for name, p in trained if name not in decayed], "weight_decay": 0.0},
        ], lr=RATE)
    if decay == 1:
        return optimizer
    layers = model.config.num_hidden_layers
    names = {id(p): name for name, p in trained}
    return torch.optim.AdamW([
        {"params": [p], "weight_decay": group["weight_decay"], "lr": group["lr"] * decay ** (layers + 1 - depth(names[id(p)], layers))}
        for group in optimizer.param_groups for p in group["params"]
    ], lr=RATE)


def file_name(name):
    """A parameter's name in an adapter's file."""
    return name.replace(".modules_to_save.default", "").replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector").replace(".default.", ".")


def run(case):
    model = AutoModelForSequenceClassification.from_pretrained(HERE.parent / "fixtures" / f"tiny-{case['kind']}")
    if case["adapter"]:
        model = PeftModel.from_pretrained(model, HERE.parent / case["adapter"], is_trainable=True)
    model = model.double().eval()  # without dropout
    optimizer = optimizer_of(model, case)
    scheduler = get_scheduler("linear", optimizer, num_warmup_steps=WARMUP, num_training_steps=STEPS)
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    losses = []
    for step in range(STEPS):
        examples = [example((step * BATCH + i) % 40) for i in range(BATCH)]
        width = max(len(ids) for ids, _ in examples)
        ids = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in examples])
        mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in examples])
        loss = torch.nn.functional.cross_entropy(model(input_ids=ids, attention_mask=mask).logits, torch.tensor([label for _, label in examples]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in trained], 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(float(f"{loss.item():.7g}"))
    weights = {file_name(name): [float(f"{x:.7g}") for x in p.detach().flatten().tolist()] for name, p in trained}
    return {**case, "losses": losses, "weights": weights}


torch.set_num_threads(1)
options = dict(maxSteps=STEPS, warmupSteps=WARMUP, perDeviceTrainBatchSize=BATCH, learningRate=RATE, weightDecay=DECAY)
cases = ",\n".join(json.dumps(run(case)) for case in CASES)
(HERE / "golden-groups.json").write_text(f'{{"options": {json.dumps(options)},\n"cases": [\n{cases}\n]}}\n')
