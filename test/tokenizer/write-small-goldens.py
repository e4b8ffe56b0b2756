"""Trains two small tokenizers on hostile texts, saves them in each way, and writes what transformers makes of the texts.

    pip install transformers==5.24.0
    python test/tokenizer/write-small-goldens.py

Writes test/tokenizer/folders and small-goldens.json. Half a surrogate pair counts as U+FFFD, as tslora has it.
"""
import json
import pathlib
import re
import shutil

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, BertTokenizer, RobertaTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in json.load(open(HERE / "hostile-texts.json"))]
FOLDERS = HERE / "folders"
shutil.rmtree(FOLDERS, ignore_errors=True)


def place(name, model_type, tokenizer=None):
    path = FOLDERS / name
    path.mkdir(parents=True)
    if tokenizer is not None:
        tokenizer.save_pretrained(path)
    (path / "config.json").write_text(json.dumps({"model_type": model_type}) + "\n")
    return path


pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
pieces.pre_tokenizer, pieces.normalizer = pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(lowercase=False)
pieces.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], limit_alphabet=150, show_progress=False))
pairs = Tokenizer(models.BPE())
pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
pairs.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=360, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
merges = [tuple(merge) for merge in json.loads(pairs.to_str())["model"]["merges"]]

place("cased", "bert", BertTokenizer(vocab=pieces.get_vocab(), do_lower_case=False))
place("uncased-accents-kept", "distilbert", BertTokenizer(vocab=pieces.get_vocab(), do_lower_case=True, strip_accents=False))
place("roberta", "roberta", RobertaTokenizer(vocab=pairs.get_vocab(), merges=merges, mask_token=AddedToken("<mask>", lstrip=True)))
path = place("roberta-files", "roberta")
(path / "vocab.json").write_text(json.dumps(pairs.get_vocab()) + "\n")
(path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(map(" ".join, merges)) + "\n", encoding="utf-8")
(path / "tokenizer_config.json").write_text(json.dumps({"add_prefix_space": True}) + "\n")
pieces.add_tokens([AddedToken("cancer", single_word=True, normalized=False), AddedToken("(p", lstrip=True, normalized=False), AddedToken("risk", rstrip=True), AddedToken("\u00c9")])
pieces.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[(end, pieces.token_to_id(end)) for end in ("[CLS]", "[SEP]")])
path = place("as-it-stands", "bert")
pieces.save(str(path / "tokenizer.json"))
(path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}) + "\n")

goldens = {}
for path in sorted(FOLDERS.iterdir()):
    tokenizer = AutoTokenizer.from_pretrained(path)
    goldens[path.name] = {length: [",".join(map(str, tokenizer(text, truncation=True, max_length=length)["input_ids"])) for text in TEXTS] for length in (2, 9, 512)}
(HERE / "small-goldens.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
