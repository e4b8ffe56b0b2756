"""Writes adapters of every kind, as peft saves them, and PyTorch's and peft's numbers on them.

    pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    python test/lora/write-goldens.py

For each case: a folder as `save_pretrained` writes it, and in goldens.json the logits, the mean cross entropy's gradient
for every weight that is trained (by a forward and a backward pass in double precision) and the line that
`print_trainable_parameters` prints. Beside them: weighted combinations, the names of all modules, what peft's patterns
match, and single DoRA layers under a given dropout mask.
"""
import json
import os
import pathlib
import random
import shutil
import warnings

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils.other import get_pattern_key
from transformers import AutoModelForSequenceClassification

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
OUT = HERE / "goldens"

QUERY = {"bert": ["query", "value"], "distilbert": ["q_lin", "v_lin"], "roberta": ["query", "value"]}
CASES = {
    "bert-dora": ("bert", dict(use_dora=True, target_modules=["query", "value", "output.dense"])),
    "distilbert-dora-rslora-bias": ("distilbert", dict(use_dora=True, use_rslora=True, bias="all", target_modules=["q_lin", "lin1"])),
    "bert-patterns": ("bert", dict(use_rslora=True, target_modules=["query", "key", "dense"], rank_pattern={"layer.0.*query": 4, "key": 1, "pooler.dense": 5}, alpha_pattern={".*\\.2\\..*": 7, "intermediate.dense": 1.5})),
    "bert-layers": ("bert", dict(bias="lora_only", target_modules=["query", "dense"], layers_to_transform=[0, 2], layers_pattern="layer")),
    "distilbert-bias-all": ("distilbert", dict(bias="all", target_modules=["out_lin"])),
    "bert-modules-to-save": ("bert", dict(bias="all", target_modules=["value"], modules_to_save=["pooler.dense", "LayerNorm"])),
    "bert-exclude": ("bert", dict(target_modules=r".*\.(query|dense)", exclude_modules=r".*layer\.1\..*|.*pooler.*")),
    "distilbert-pissa": ("distilbert", dict(init_lora_weights="pissa", target_modules=["q_lin", "lin1", "lin2"])),
    "bert-olora-dora": ("bert", dict(init_lora_weights="olora", use_dora=True, target_modules=["query", "intermediate.dense", "output.dense"])),
    "roberta-dora-bias": ("roberta", dict(use_dora=True, bias="all", target_modules=["query", "dense"], rank_pattern={"output.dense": 2})),
    "roberta-all-linear": ("roberta", dict(target_modules="all-linear", use_rslora=True)),
    "distilbert-no-head": ("distilbert", dict(task_type=None, target_modules=["k_lin"], modules_to_save=["ffn"])),
    "bert-embeddings": ("bert", dict(bias="all", target_modules=["query", "value"], modules_to_save=["word_embeddings", "token_type_embeddings"])),
    "distilbert-embeddings": ("distilbert", dict(use_dora=True, target_modules=["q_lin", "lin1"], modules_to_save=["position_embeddings", "embeddings.LayerNorm"])),
    "roberta-embeddings": ("roberta", dict(target_modules="all-linear", modules_to_save=["roberta.embeddings"])),
}


def base(kind):
    return AutoModelForSequenceClassification.from_pretrained(FIXTURES / f"tiny-{kind}")


def batch(expected):
    documents = expected["documents"]
    width = max(map(len, documents))
    ids = torch.tensor([d + [0] * (width - len(d)) for d in documents])
    mask = torch.tensor([[1] * len(d) + [0] * (width - len(d)) for d in documents])
    return dict(input_ids=ids, attention_mask=mask)


def rounded(tensor):
    return [float(f"{x:.7g}") for x in tensor.detach().flatten().tolist()]


def scramble(model, seed):
    """Gives every trained weight a value of its own."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if p.requires_grad:
                spread = 0.3 if "lora_B" in name or "modules_to_save" in name else 0.1
                p.add_(torch.randn(p.shape, generator=generator) * spread)


def file_name(name, adapter):
    """A parameter's name in an adapter's file."""
    return name.replace(f".modules_to_save.{adapter}", "").replace(f"lora_magnitude_vector.{adapter}.weight", "lora_magnitude_vector").replace(f".{adapter}.", ".")


def numbers(model, inputs, labels, adapter="default"):
    model = model.double().eval()
    model.zero_grad()
    logits = model(**inputs).logits
    torch.nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
    gradients = {file_name(n, adapter): rounded(p.grad) for n, p in model.named_parameters() if p.requires_grad and p.grad is not None}
    return {"logits": logits.tolist(), "gradients": gradients}


def save(model, folder):
    model.save_pretrained(folder)
    for path in folder.rglob("*"):
        if path.name == "README.md":
            path.unlink()
        elif path.is_file():
            config = path.suffix == ".json" and json.loads(path.read_text())
            if config:
                config["base_model_name_or_path"] = "tiny"  # no path of a machine
                if isinstance(config["target_modules"], list):
                    config["target_modules"].sort()  # it comes from a set
                path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
            os.chmod(path, 0o644)


def adapters():
    found = {}
    for i, (case, (kind, options)) in enumerate(CASES.items()):
        expected = json.loads((FIXTURES / f"tiny-{kind}" / "expected.json").read_text())
        torch.manual_seed(i)
        model = get_peft_model(base(kind), LoraConfig(**{**dict(task_type="SEQ_CLS", r=3, lora_alpha=5, lora_dropout=0.0), **options}))
        scramble(model, i)
        save(model, OUT / case)
        loaded = PeftModel.from_pretrained(base(kind), OUT / case, is_trainable=True)
        trainable, total = model.get_nb_trainable_parameters()
        line = f"trainable params: {trainable:,d} || all params: {total:,d} || trainable%: {100 * trainable / total:.4f}"
        found[case] = {"kind": kind, "trainable": line, **numbers(loaded, batch(expected), expected["labels"])}
    return found


def combinations():
    """Two named adapters without heads (peft refuses to combine those with) and their weighted combinations."""
    kind = "distilbert"
    expected = json.loads((FIXTURES / f"tiny-{kind}" / "expected.json").read_text())
    torch.manual_seed(7)
    shapes = {"left": dict(r=2, lora_alpha=3, target_modules=["q_lin", "lin1"]), "right": dict(r=2, lora_alpha=8, use_rslora=True, target_modules=["q_lin", "v_lin"])}
    model = None
    for name, options in shapes.items():
        config = LoraConfig(lora_dropout=0.0, **options)
        if model is None:
            model = get_peft_model(base(kind), config, adapter_name=name)
        else:
            model.add_adapter(name, config)
        model.set_adapter(name)
        scramble(model, len(name))
    save(model, OUT / "named")
    model.eval()
    inputs = batch(expected)

    def logits(name):
        model.set_adapter(name)
        with torch.no_grad():
            return model(**inputs).logits.tolist()

    found = {"kind": kind, "alone": {name: logits(name) for name in shapes}, "combined": []}
    kinds = [("linear", None, [0.7, -1.3]), ("cat", None, [0.7, -1.3]), ("svd", None, [1.5, 0.4]), ("svd", 4, [1.5, 0.4]), ("svd", 1, [-0.5, 1])]
    for order in (["left", "right"], ["right", "left"]):
        for i, (kind_of, rank, weights) in enumerate(kinds):
            name = f"{kind_of}{i}{order[0]}"
            model.add_weighted_adapter(order, weights, name, combination_type=kind_of, svd_rank=rank)
            config = model.peft_config[name]
            products = {}
            for module, layer in model.base_model.model.named_modules():
                if hasattr(layer, "lora_A") and name in layer.lora_A:
                    products[module] = rounded(layer.get_delta_weight(name))
            found["combined"].append(dict(adapters=order, weights=weights, combinationType=kind_of, svdRank=rank, r=config.r, targets=sorted(config.target_modules), logits=logits(name), products=products))
    return found


def matching():
    """Module names, and what random configurations match among them."""
    draw = random.Random(5)
    found = {}
    for kind in QUERY:
        names = [name for name, _ in base(kind).named_modules() if name]
        parts = sorted({part for name in names for part in name.split(".") if not part.isdigit()})
        cases = []
        for _ in range(60):
            entries = draw.sample(parts, 3) + [draw.choice(names)] + [".".join(draw.choice(names).split(".")[-2:])]
            options = dict(target_modules=draw.sample(entries, draw.randint(1, 4)))
            if draw.random() < 0.25:
                options = dict(target_modules=draw.choice([r".*\.(query|q_lin|dense)", r".*(lin|dense)\d?", r".*layer\.[01]\..*(key|k_lin)", "classifier|.*value"]))
            elif draw.random() < 0.5:
                options["layers_to_transform"] = draw.choice([0, 1, [0], [1, 7], []])
                if draw.random() < 0.5:
                    options["layers_pattern"] = draw.choice(["layer", "layers", ["h", "layer"], "encoder.layer", []])
            if draw.random() < 0.4:
                options["exclude_modules"] = draw.choice([draw.sample(parts, 2), r".*\.0\..*", [draw.choice(names)]])
            if draw.random() < 0.5:
                options["modules_to_save"] = draw.sample(parts, 1)
            try:
                config = LoraConfig(task_type="SEQ_CLS", **options)
            except ValueError:
                continue
            config.modules_to_save = (config.modules_to_save or []) + ["classifier", "score"]
            saved = [name for name in names if any(name.endswith(entry) for entry in config.modules_to_save)]
            cases.append(dict(options=options, matched=[name for name in names if check_target_module_exists(config, name)], saved=saved))
        found[kind] = dict(names=names, cases=cases)
    keys = ["query", "layer.0.*query", "^bert.encoder.layer.1.attention.self.key", "dense|value", ".*\\.2\\..*", "ense", "(?P<a>key)"]
    names = [name for name in found["bert"]["names"] if "layer" in name]
    found["keys"] = [dict(keys=order, names=names, found=[get_pattern_key(order, name) for name in names]) for order in (keys, keys[::-1])]
    return found


class Masked(torch.nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def forward(self, x):
        return x * self.mask


def dora_layers():
    """peft's DoRA layer with and without dropout: outputs and every gradient, in double precision."""
    generator = torch.Generator().manual_seed(3)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    found = []
    for dropout in (False, True):
        layer = torch.nn.Linear(4, 5).double()
        model = get_peft_model(torch.nn.Sequential(layer), LoraConfig(target_modules=["0"], r=2, lora_alpha=3, use_dora=True, bias="all", lora_dropout=0.5 if dropout else 0.0)).double().train()
        lora = model.base_model.model[0]
        weights = {"weight": lora.base_layer.weight, "bias": lora.base_layer.bias, "a": lora.lora_A["default"].weight, "b": lora.lora_B["default"].weight, "magnitude": lora.lora_magnitude_vector["default"].weight}
        with torch.no_grad():
            for p in weights.values():
                p.copy_(draw(*p.shape))
        mask = (torch.rand(3, 4, generator=generator) < 0.6).double() / 0.6
        if dropout:
            lora.lora_dropout["default"] = Masked(mask)
        x, dy = draw(3, 4).requires_grad_(), draw(3, 5)
        y = model(x)
        (y * dy).sum().backward()
        found.append(dict(dropout=dropout, mask=rounded(mask), x=rounded(x), dy=rounded(dy), y=rounded(y), dx=rounded(x.grad), weights={n: rounded(p) for n, p in weights.items()}, gradients={n: rounded(p.grad) for n, p in weights.items() if n != "weight"}, merged=rounded(merged(lora))))
    return found


def merged(lora):
    lora.merge()
    return lora.base_layer.weight


shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir()
content = dict(adapters=adapters(), combinations=combinations(), matching=matching(), doraLayers=dora_layers())
(HERE / "goldens.json").write_text(json.dumps(content) + "\n")
