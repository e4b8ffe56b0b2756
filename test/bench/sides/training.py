"""The other side of training: transformers + peft with the Trainer's operations in a plain loop.

That is model(**batch).loss.backward(), clipping at 1, the fused AdamW that Trainer takes by default, its linear
schedule, zero_grad; Trainer itself adds callbacks, logging and accelerate's wrapping to it, so that the loop is the
faster of the two. Attention is what transformers takes by default, sdpa.
"""
import json
import time

from serve import serve

state = {}


def versions(_):
    import peft
    import torch
    import transformers

    return {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__, "threads": torch.get_num_threads()}


def begin(request):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

    state.clear()
    torch.manual_seed(request["seed"])
    model = AutoModelForSequenceClassification.from_pretrained(request["model"], num_labels=2)
    if request["method"] == "lora":
        targets = ["q_lin", "v_lin"] if model.config.model_type == "distilbert" else ["query", "value"]
        r = request.get("r", 8)
        model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=r, lora_alpha=2 * r, lora_dropout=request["loraDropout"], target_modules=targets))
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3 if request["method"] == "lora" else 2e-5, weight_decay=0.01, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, len(request["batches"]))
    documents = json.load(open(request["documents"]))
    state.update(model=model, parameters=parameters, optimizer=optimizer, schedule=schedule, batches=request["batches"], at=0, documents=documents, bf16=request.get("bf16", False))
    return {"trainable": sum(p.numel() for p in parameters), "attention": model.config._attn_implementation}


def collate(indices):
    """Padded to the longest of the batch, as DataCollatorWithPadding does."""
    import torch

    ids = [state["documents"]["ids"][i] for i in indices]
    longest = max(map(len, ids))
    return {
        "input_ids": torch.tensor([x + [0] * (longest - len(x)) for x in ids]),
        "attention_mask": torch.tensor([[1] * len(x) + [0] * (longest - len(x)) for x in ids]),
        "labels": torch.tensor([state["documents"]["labels"][i] for i in indices]),
    }


def steps(request):
    import torch

    model, optimizer, schedule = state["model"], state["optimizer"], state["schedule"]
    batches = [collate(b) for b in state["batches"][state["at"] : state["at"] + request["count"]]]
    state["at"] += request["count"]
    if len(batches) != request["count"]:
        raise ValueError("the epoch has no more batches")
    start = time.perf_counter()
    losses = []
    for batch in batches:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=state["bf16"]):  # as Trainer does with bf16=True
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(state["parameters"], 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "losses": [float(x) for x in losses], "tokens": sum(int(b["attention_mask"].sum()) for b in batches)}


serve({"versions": versions, "begin": begin, "steps": steps})
