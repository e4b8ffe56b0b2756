"""EVA by peft on given models, configurations and batches, compared with adapters of ours."""
import copy
import json
import os
import sys

import torch
from peft import EvaConfig, LoraConfig, PeftModel, get_peft_model, initialize_lora_eva_weights
from peft.tuners.lora import eva
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

ATTENTION = ("query", "key", "value", "q_lin", "k_lin", "v_lin")


class WatchedHook(eva.SVDHook):
    """peft's hook, which also keeps the spectrum of its last decomposition."""

    made = {}

    def __init__(self, **options):
        super().__init__(**options)
        WatchedHook.made[self.name] = self
        decompose = self.svd._svd_fn_lowrank

        def kept(x):
            u, s, v = decompose(x)
            self.spectrum = s.double()
            return u, s, v

        self.svd._svd_fn_lowrank = kept


eva.SVDHook = WatchedHook


def batch(documents):
    width = max(map(len, documents))
    return dict(
        input_ids=torch.tensor([d + [0] * (width - len(d)) for d in documents]),
        attention_mask=torch.tensor([[1] * len(d) + [0] * (width - len(d)) for d in documents]),
    )


def group_of(name):
    """Layers with one input: the projections of an attention."""
    parent, _, last = name.rpartition(".")
    return parent if last in ATTENTION else name


def comparable(ranks):
    """Ranks by group. The first layer's is its own; peft orders equal ratios of the others as the processor sorts."""
    groups = {}
    for name, rank in ranks.items():
        groups.setdefault(group_of(name), []).append(rank)
    return {name: [own[0], *sorted(own[1:])] for name, own in groups.items()}


def error_of(ours, theirs, spectrum):
    """The sine of the largest principal angle times the gap that Davis and Kahan's theorem divides by."""
    rank = min(len(ours), len(theirs))
    if rank == 0:
        return 0.0
    a, b = (torch.linalg.qr(x[:rank].double().T).Q for x in (ours, theirs))
    sine = torch.linalg.matrix_norm(b - a @ (a.T @ b), 2).item()
    next_one = spectrum[rank].item() if rank < len(spectrum) else 0.0
    return sine * (spectrum[rank - 1].item() ** 2 - next_one**2) / spectrum[0].item() ** 2


def run(case):
    WatchedHook.made.clear()
    base = AutoModelForSequenceClassification.from_pretrained(case["base"])
    untrained, other = copy.deepcopy(base), copy.deepcopy(base)
    options = LoraConfig(task_type="SEQ_CLS", init_lora_weights="eva", eva_config=EvaConfig(**case["eva"]), **case["options"])
    model = get_peft_model(base, options)
    batches = [batch(documents) for documents in case["batches"]]
    initialize_lora_eva_weights(model, batches, show_progress_bar=False)
    config = model.peft_config["default"]
    theirs = {name.replace("base_model.model.", ""): module.lora_A["default"].weight.detach() for name, module in model.named_modules() if hasattr(module, "lora_A")}
    scalings = {name.replace("base_model.model.", ""): module.scaling["default"] for name, module in model.named_modules() if hasattr(module, "lora_A")}
    weights = load_file(os.path.join(case["adapter"], "adapter_model.safetensors"))
    ours = {name.removeprefix("base_model.model.").removesuffix(".lora_A.weight"): value for name, value in weights.items() if name.endswith("lora_A.weight")}
    spectra = {group_of(name.replace("base_model.model.", "")): hook.spectrum for name, hook in WatchedHook.made.items()}
    order = list(theirs)
    names = [*theirs, *(name for name in ours if name not in theirs)]  # equal ratios may give one side's key a rank, the other's value
    same = comparable({n: len(theirs.get(n, [])) for n in names}) == comparable({n: len(ours.get(n, [])) for n in names})
    found = json.load(open(os.path.join(case["adapter"], "adapter_config.json")))
    loaded = PeftModel.from_pretrained(untrained, case["adapter"]).eval()
    read = {name.replace("base_model.model.", ""): module for name, module in loaded.named_modules() if hasattr(module, "lora_A")}
    equal = all(name in read and torch.equal(read[name].lora_A["default"].weight, value) for name, value in ours.items())
    exact = all(len(ours[n]) == len(theirs[n]) for n in order if n in ours)
    trained = PeftModel.from_pretrained(other, case["trained"]).eval()
    distance = lambda model, wanted: (model(**batches[0]).logits.flatten() - torch.tensor(wanted)).abs().max().item()
    return {
        "ranks": not same,
        "files": not (equal and len(read) == len(ours) and found["eva_config"] == vars(config.eva_config) and found["init_lora_weights"] == "eva"),
        "scalings": max(abs(read[n].scaling["default"] - scalings[n]) for n in order if n in read) if exact else 0.0,
        "angle": max(error_of(ours[n], theirs[n], spectra[group_of(n)]) for n in order if n in ours),
        "logits": distance(loaded, case["logits"]),
        "trained": distance(trained, case["trainedLogits"]),
    }


torch.set_num_threads(1)
json.dump([run(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
