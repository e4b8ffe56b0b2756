"""What peft's EVA finds on the tiny models of test/fixtures: ranks, directions and configurations.

Written with torch 2.13.0, transformers 5.24.0 and peft 0.21.2 by `python test/lora/write-eva-goldens.py`.
"""
import json
import tempfile
from pathlib import Path

import torch
from peft import EvaConfig, LoraConfig, get_peft_model, initialize_lora_eva_weights
from peft.tuners.lora.eva import get_eva_state_dict
from transformers import AutoModelForSequenceClassification

HERE = Path(__file__).parent
CASES = [
    dict(kind="bert", options=dict(r=2, lora_alpha=6, target_modules=["query", "value"]), eva=dict()),
    dict(kind="bert", options=dict(r=3, lora_alpha=4, target_modules=["query", "key", "attention.output.dense", "intermediate.dense"], rank_pattern={"layer.1.*dense": 1}, alpha_pattern={"key": 5}), eva=dict(rho=1.5, tau=0.9, adjust_scaling_factors=False)),
    dict(kind="distilbert", options=dict(r=2, lora_alpha=2, target_modules=["q_lin", "v_lin", "lin1", "lin2"], use_rslora=True), eva=dict(rho=1.0, tau=0.95, whiten=True)),
]
BATCH = 8


def document(i):
    """The text of the same number in test/lora/eva.test.ts."""
    return [2, *(5 + (i * i + 3 * k * (i % 4) + k) % 40 for k in range(3 + i % 7)), 3]


def batches():
    for first in range(0, 40, BATCH):
        documents = [document(i) for i in range(first, first + BATCH)]
        width = max(map(len, documents))
        yield dict(
            input_ids=torch.tensor([d + [0] * (width - len(d)) for d in documents]),
            attention_mask=torch.tensor([[1] * len(d) + [0] * (width - len(d)) for d in documents]),
        )


def run(case):
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(HERE.parent / "fixtures" / f"tiny-{case['kind']}")
    config = LoraConfig(task_type="SEQ_CLS", lora_dropout=0.0, init_lora_weights="eva", eva_config=EvaConfig(**case["eva"]), **case["options"])
    model = get_peft_model(model, config)
    loader = list(batches())
    state = get_eva_state_dict(model, loader, show_progress_bar=False)
    initialize_lora_eva_weights(model, eva_state_dict=dict(state), show_progress_bar=False)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        saved = json.loads((Path(folder) / "adapter_config.json").read_text())
    saved["target_modules"] = sorted(saved["target_modules"])
    keys = ("eva_config", "init_lora_weights", "rank_pattern", "alpha_pattern", "target_modules", "r", "lora_alpha")
    directions = {name.replace("base_model.model.", ""): [[float(f"{x:.7g}") for x in row] for row in rows.tolist()] for name, rows in state.items()}
    scalings = {name.replace("base_model.model.", ""): module.scaling["default"] for name, module in model.named_modules() if hasattr(module, "lora_A")}
    return {**case, "saved": {key: saved[key] for key in keys}, "directions": directions, "scalings": scalings}


def normals():
    """torch's random numbers, from which EVA's first basis is made."""
    found = []
    for seed, count, dtype in ((42, 20, torch.float32), (42, 35, torch.float64), (7, 700, torch.float64), (42, 5, torch.float64)):
        torch.manual_seed(seed)
        values = torch.randn(count, dtype=dtype).tolist()
        found.append(dict(seed=seed, count=count, precision=str(dtype).removeprefix("torch."), first=values[:5], last=values[-20:]))
    return found


torch.set_num_threads(1)
cases = ",\n".join(json.dumps(run(case)) for case in CASES)
(HERE / "golden-eva.json").write_text(f'{{"normals": {json.dumps(normals())},\n"cases": [\n{cases}\n]}}\n')
