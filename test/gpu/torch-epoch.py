"""Epochs in PyTorch, transformers and peft on the GPU, as test/gpu/run.ts trains them: seconds of each, and memory.

Arguments: INPUT.json with model (a folder; where there is none, random weights of DistilBERT's size are put there),
documents (ids, label), batch and epochs; OUTPUT.json.
"""
import json
import os
import sys
import time

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, DistilBertConfig, DistilBertForSequenceClassification, get_linear_schedule_with_warmup

given = json.load(open(sys.argv[1]))
device = torch.device(given.get("device", "cuda"))
torch.manual_seed(1)
if not os.path.exists(given["model"]):
    DistilBertForSequenceClassification(DistilBertConfig()).save_pretrained(given["model"])
base = AutoModelForSequenceClassification.from_pretrained(given["model"], num_labels=2)
attention = ["q_lin", "v_lin"] if base.config.model_type == "distilbert" else ["query", "value"]
config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.1, target_modules=attention)
model = get_peft_model(base, config).to(device).train()
documents, batch = given["documents"], given["batch"]


def epoch(steps):
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, max(1, steps // 10), steps)
    order = torch.randperm(len(documents)).tolist()
    for step in range(steps):
        chosen = [documents[i] for i in order[step * batch : (step + 1) * batch]]
        longest = max(len(d["ids"]) for d in chosen)
        ids = torch.tensor([d["ids"] + [0] * (longest - len(d["ids"])) for d in chosen], device=device)
        mask = torch.tensor([[1] * len(d["ids"]) + [0] * (longest - len(d["ids"])) for d in chosen], device=device)
        labels = torch.tensor([d["label"] for d in chosen], device=device)
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


gpu = device.type == "cuda"
epoch(3)
seconds = []
for _ in range(given["epochs"]):
    if gpu:
        torch.cuda.synchronize()
    started = time.perf_counter()
    epoch(given.get("steps", (len(documents) + batch - 1) // batch))
    if gpu:
        torch.cuda.synchronize()
    seconds.append(time.perf_counter() - started)
json.dump({"seconds": seconds, "memory": torch.cuda.max_memory_reserved() if gpu else 0, "torch": torch.__version__, "gpu": torch.cuda.get_device_name() if gpu else "the processor"}, open(sys.argv[2], "w"))
