"""Saves models in half precision and in parts, adapters for them, and reads what tslora saved; logits and probabilities of texts."""
import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model
from random_models import random_model
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertTokenizer, RobertaTokenizer, pipeline

given = json.load(open(sys.argv[1]))
torch.set_num_threads(1)
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def tokenizer_for(kind, texts, size):
    """A tokenizer of the model type with at most `size` tokens."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    if kind != "roberta":
        trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        trained.pre_tokenizer, trained.normalizer = pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(lowercase=True)
        trained.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, limit_alphabet=size // 4, show_progress=False))
        return BertTokenizer(vocab=trained.get_vocab(), do_lower_case=True)
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return RobertaTokenizer(vocab=trained.get_vocab(), merges=[tuple(merge) for merge in json.loads(trained.to_str())["model"]["merges"]])


def logits_of(model, tokenizer, case):
    with torch.no_grad():
        batch = tokenizer(case["texts"], truncation=True, max_length=positions_of(model, case), padding=True, return_tensors="pt")
        batch.pop("token_type_ids", None)
        return model(**batch).logits.tolist()


def positions_of(model, case):
    return model.config.max_position_embeddings - (model.config.pad_token_id + 1 if case["kind"] == "roberta" else 0)


def adapted(path, case):
    """Saves a trained-looking adapter under the folder; the logits with it."""
    model = AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.float32).eval()
    torch.manual_seed(case["seed"] + 1)
    targets = ["q_lin", "v_lin", "lin1"] if case["kind"] == "distilbert" else ["query", "value", "intermediate.dense"]
    model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, lora_dropout=0.1, target_modules=targets)).eval()
    for name, p in model.named_parameters():
        if "lora_B" in name or "classifier.modules_to_save" in name:
            torch.nn.init.normal_(p, 0.0, 0.02)
    model.save_pretrained(path / "adapter")
    return logits_of(model, AutoTokenizer.from_pretrained(path), case)


def measured(path, case):
    """What a folder gives, its weights as stored but widened."""
    model = AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(path)
    config = model.config
    positions = positions_of(model, case)
    logits = logits_of(model, tokenizer, case)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu", top_k=None, function_to_apply=None)
    rows = classify(case["texts"], truncation=True, max_length=positions)
    probabilities = [{entry["label"]: entry["score"] for entry in row} for row in rows]
    stored = json.load(open(pathlib.Path(path) / "config.json"))
    return {"path": str(path), "logits": logits, "probabilities": probabilities, "id2label": [config.id2label[i] for i in range(config.num_labels)],
            "problemType": config.problem_type, "architectures": config.architectures, "dtype": stored.get("dtype")}


result = []
for i, case in enumerate(given["cases"]):
    if "saved" in given:
        result.append({**measured(given["saved"][i], case), "merged": measured(given["merged"][i], case)["logits"]})
        continue
    path = pathlib.Path(given["folder"]) / f"model-{i}"
    tokenizer = tokenizer_for(case["kind"], case["texts"], case["vocabSize"])
    model = random_model({**case, "config": {**case["config"], "vocab_size": len(tokenizer)}})
    model.config.id2label = {label: name for label, name in enumerate(case["names"])}
    model.config.label2id = {name: label for label, name in enumerate(case["names"])}
    model.config.problem_type = case["problemType"]
    model.to(DTYPES[case["dtype"]]).save_pretrained(path, max_shard_size=case["shardSize"])
    tokenizer.save_pretrained(path)
    files = sorted(p.name for p in path.iterdir())
    assert ("model.safetensors.index.json" in files) == case["sharded"], files
    result.append({**measured(path, case), "merged": adapted(path, case)})
json.dump(result, open(sys.argv[2], "w"))
