"""Trains small tokenizers, saves them in all the ways there are, and hashes the ids that transformers makes of texts."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, BertTokenizer, RobertaTokenizer

given = json.load(open(sys.argv[1]))
# half a surrogate pair is no character, and Python's tokenizers refuse it; tslora counts it as U+FFFD
texts = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in given["texts"]]
folder = pathlib.Path(given["folder"])
corpus = texts[: given["training"]]


def train(model, trainer, pre_tokenizer, normalizer=None):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def word_piece(lowercase):
    trainer = trainers.WordPieceTrainer(vocab_size=3000, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False)
    return train(models.WordPiece(unk_token="[UNK]"), trainer, pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(lowercase=lowercase))


def place(name, model_type):
    path = folder / name
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": model_type}))
    return path


def saved(name, model_type, tokenizer):
    path = place(name, model_type)
    tokenizer.save_pretrained(path)
    (path / "config.json").write_text(json.dumps({"model_type": model_type}))
    return path


lower, cased = word_piece(True), word_piece(False)
bytes_ = train(models.BPE(), trainers.BpeTrainer(vocab_size=2500, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False), pre_tokenizers.ByteLevel(add_prefix_space=False))
merges = [tuple(merge) for merge in json.loads(bytes_.to_str())["model"]["merges"]]

saved("BERT, uncased", "bert", BertTokenizer(vocab=lower.get_vocab(), do_lower_case=True))
saved("BERT, cased", "bert", BertTokenizer(vocab=cased.get_vocab(), do_lower_case=False))
saved("BERT, cased, accents stripped, no ideographs", "bert", BertTokenizer(vocab=cased.get_vocab(), do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False))
saved("BERT, uncased, accents kept", "distilbert", BertTokenizer(vocab=lower.get_vocab(), do_lower_case=True, strip_accents=False))
saved("RoBERTa", "roberta", RobertaTokenizer(vocab=bytes_.get_vocab(), merges=merges, mask_token=AddedToken("<mask>", lstrip=True)))
saved("RoBERTa, prefix space", "roberta", RobertaTokenizer(vocab=bytes_.get_vocab(), merges=merges, add_prefix_space=True))

path = place("BERT, vocab.txt", "bert")
(path / "vocab.txt").write_text("\n".join(sorted(cased.get_vocab(), key=cased.get_vocab().get)) + "\n", encoding="utf-8")
(path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False}))
path = place("RoBERTa, vocab.json and merges.txt", "roberta")
(path / "vocab.json").write_text(json.dumps(bytes_.get_vocab()))
(path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(merge) for merge in merges) + "\n", encoding="utf-8")
path = place("DistilBERT, tokenizer.json alone", "distilbert")
cased.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", cased.token_to_id("[CLS]")), ("[SEP]", cased.token_to_id("[SEP]"))])
cased.enable_truncation(7)
cased.save(str(path / "tokenizer.json"))
cased.no_truncation()

# tokenizer.json unchanged, with added tokens of every kind
extra = [AddedToken("cancer", single_word=True, normalized=False), AddedToken("(p", lstrip=True, normalized=False), AddedToken("risk", rstrip=True, normalized=True), AddedToken("É", normalized=True),
         AddedToken("canc", normalized=False), AddedToken("<x>", special=True, normalized=False, lstrip=True, rstrip=True), AddedToken("two words", normalized=False)]
generic = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
for name, tokenizer in (("tokenizer.json as it stands, WordPiece", word_piece(True)), ("tokenizer.json as it stands, BPE", bytes_)):
    ends = ("[CLS]", "[SEP]") if "Word" in name else ("<s>", "</s>")
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{ends[0]} $A {ends[1]}", special_tokens=[(end, tokenizer.token_to_id(end)) for end in ends])
    tokenizer.add_tokens(extra)
    path = place(name, "bert")
    tokenizer.save(str(path / "tokenizer.json"))
    special = generic if "Word" in name else {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>", "bos_token": "<s>", "eos_token": "</s>"}
    (path / "tokenizer_config.json").write_text(json.dumps(special))

names = sorted(path.name for path in folder.iterdir() if path.is_dir())
places = {**{name: str(folder / name) for name in names}, **given["models"]}
result = {}
for name, path in places.items():
    tokenizer = AutoTokenizer.from_pretrained(path)
    by_length = {}
    for length in given["lengths"]:
        hashes = []
        encoded = tokenizer(texts, truncation=True, max_length=length)
        for ids, mask in zip(encoded["input_ids"], encoded["attention_mask"]):
            assert mask == [1] * len(ids)
            hashes.append(hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:16])
        by_length[length] = hashes
    result[name] = {"path": path, "hashes": by_length}
json.dump(result, open(sys.argv[2], "w"))
