"""Writes tokenizers as Python's tools save them, with ids of a few texts: none of them may be refused.

    pip install transformers==5.24.0 tokenizers==0.23.3
    python test/tokenizer/write-valid-folders.py
"""
import json
import pathlib
import shutil

from tokenizers import ByteLevelBPETokenizer, BertWordPieceTokenizer
from transformers import AutoTokenizer

OUT = pathlib.Path(__file__).parent / "valid-folders"
CORPUS = ["The effect of exercise on health is large.", "Vitamin D levels in older adults.", "Sleep, diet and exercise: effects on adults' health!"] * 3
TEXTS = ["The effects of <e1> diet", "older adults [MASK] sleep", " <e2><e1>  </s> vitamins", "Ünïcode \u6771\u4eac"]
BERT = {"model_type": "bert"}
ROBERTA = {"model_type": "roberta"}


def folder(name, config):
    path = OUT / name
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(config))
    return path


def word_piece():
    tokenizer = BertWordPieceTokenizer()
    tokenizer.train_from_iterator(CORPUS, vocab_size=120, show_progress=False)
    return tokenizer


def byte_pairs():
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(CORPUS, vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)
    return tokenizer


shutil.rmtree(OUT, ignore_errors=True)
pieces, pairs = word_piece(), byte_pairs()  # trained once, since each training breaks ties between words in its own way
size = pieces.get_vocab_size()
pieces.save_model(str(folder("vocab-txt", {**BERT, "vocab_size": size})))
padded = -(-size // 64) * 64
pieces.save_model(str(folder("vocab-txt-padded", {**BERT, "vocab_size": padded})))

path = folder("added-tokens-json", {**BERT, "vocab_size": padded})
pieces.save_model(str(path))
(path / "added_tokens.json").write_text(json.dumps({"<e1>": size}))
(path / "special_tokens_map.json").write_text(json.dumps({"additional_special_tokens": ["<e2>"]}))

path = folder("saved-with-added", {**BERT, "vocab_size": padded})
pieces.save_model(str(path))
tokenizer = AutoTokenizer.from_pretrained(path)
tokenizer.add_tokens(["<e1>"])
tokenizer.add_special_tokens({"additional_special_tokens": ["<e2>"]})
(path / "vocab.txt").unlink()
tokenizer.save_pretrained(path)

bytes_size = pairs.get_vocab_size()
pairs.save_model(str(folder("vocab-json", {**ROBERTA, "vocab_size": bytes_size})))
path = folder("vocab-json-spare", {**ROBERTA, "vocab_size": 520})
pairs.save_model(str(path))
tokenizer = AutoTokenizer.from_pretrained(path)
tokenizer.add_tokens(["<e1>", "<e2>"])
for name in ("vocab.json", "merges.txt"):
    (path / name).unlink()
tokenizer.save_pretrained(path)

path = folder("no-mask", {**BERT, "vocab_size": padded})
pieces.save_model(str(path))
lines = (path / "vocab.txt").read_text().split("\n")
lines.remove("[MASK]")
(path / "vocab.txt").write_text("\n".join(lines))

ids = {path.name: AutoTokenizer.from_pretrained(path)(TEXTS).input_ids for path in sorted(OUT.iterdir())}
(OUT / "ids.json").write_text(json.dumps({"texts": TEXTS, "ids": ids}) + "\n")
