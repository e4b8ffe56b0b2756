"""A learning-rate range test in torch on the tiny models, for the tests of findLearningRate.

Written with torch 2.13.0, transformers 5.24.0 and peft 0.21.2 by `python test/training/write-range-goldens.py`.

Each case: AdamW with transformers' decay groups and clipping at 1, in double precision, without dropout, over batches in
the given order; the loss of each step, its moving average, and the step in the middle of the longest falling sequence of
averages, without their first tenth.
"""
import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, Trainer

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
STEPS, BATCH, SMOOTHING = 16, 8, 0.8


def examples():
    generator = torch.Generator().manual_seed(11)
    found = []
    for i in range(32):
        label = i % 2
        length = 2 + int(torch.randint(0, 7, (1,), generator=generator))
        low = 10 if label else 25
        found.append({"ids": [2, *(low + torch.randint(0, 9, (length,), generator=generator)).tolist(), 3], "label": label})
    return found


def load(kind, method):
    model = AutoModelForSequenceClassification.from_pretrained(FIXTURES / f"tiny-{kind}")
    if method == "lora":
        model = PeftModel.from_pretrained(model, FIXTURES / f"tiny-{kind}" / "adapter", is_trainable=True)
    return model.double().eval()  # without dropout


def middle_of_valley(averages):
    used = averages[len(averages) // 10:]
    lengths = []
    for i, value in enumerate(used):
        lengths.append(1 + max([lengths[j] for j in range(i) if used[j] > value], default=0))
    end = lengths.index(max(lengths))
    return len(averages) // 10 + end - max(lengths) // 2 + 1


def range_test(kind, method, low, high):
    model = load(kind, method)
    data = examples()
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    groups = [{"params": [p for n, p in trained if n in decayed], "weight_decay": 0.01}, {"params": [p for n, p in trained if n not in decayed], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=low)
    rates, losses, averages, average = [], [], [], 0.0
    for step in range(STEPS):
        begin = step * BATCH % len(data)
        batch = data[begin:begin + BATCH]
        width = max(len(example["ids"]) for example in batch)
        ids = torch.tensor([e["ids"] + [0] * (width - len(e["ids"])) for e in batch])
        mask = torch.tensor([[1] * len(e["ids"]) + [0] * (width - len(e["ids"])) for e in batch])
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor([e["label"] for e in batch]))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in trained], 1.0)
        rate = low * (high / low) ** (step / (STEPS - 1))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        rates.append(rate)
        losses.append(loss.item())
        average = SMOOTHING * average + (1 - SMOOTHING) * loss.item()
        averages.append(average / (1 - SMOOTHING ** (step + 1)))
    return dict(kind=kind, method=method, minLearningRate=low, maxLearningRate=high, rates=rates, losses=losses, smoothedLosses=averages, suggestedStep=middle_of_valley(averages))


cases = [range_test("bert", "lora", 1e-3, 0.1), range_test("distilbert", "full", 1e-3, 0.03)]
content = dict(numSteps=STEPS, batchSize=BATCH, smoothing=SMOOTHING, examples=[{"text": " ".join(map(str, e["ids"])), "label": e["label"]} for e in examples()], cases=cases)
(HERE / "golden-range-tests.json").write_text(json.dumps(content) + "\n")
