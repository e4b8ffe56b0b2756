"""Writes pair-goldens.json: what transformers makes of pairs of texts, cut to each length, by the tokenizers in folders.

    pip install transformers==5.24.0
    python test/tokenizer/write-pair-goldens.py

A case is a folder, and what it replaces in the folder's files. Ids and token types are hashed; those of the first pair
are there in full. Half a surrogate pair counts as U+FFFD, as tslora has it.
"""
import hashlib
import json
import pathlib
import re
import shutil
import tempfile

from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in json.load(open(HERE / "hostile-texts.json"))]
WORDS = "a b c d e f g h i j k l m n o p q r s t u v w x y z".split()
# lengths around every border: empty, equal, odd, longer than the limit on one side and on both
SIDES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 26]
LENGTHS = [3, 4, 5, 6, 7, 8, 9, 12, 13, 64, 512]
LETTERS = [[" ".join(WORDS[:first]), " ".join(WORDS[:second])] for first in SIDES for second in SIDES]
HOSTILE = [[TEXTS[i], TEXTS[(7 * i + 3) % len(TEXTS)]] for i in range(len(TEXTS))]


def token(name, type_id=0):
    return {"SpecialToken": {"id": name, "type_id": type_id}}


def text(which, type_id=0):
    return {"Sequence": {"id": which, "type_id": type_id}}


def template(pair):
    special = {name: {"id": name, "ids": [i], "tokens": [name]} for name, i in (("[CLS]", 2), ("[SEP]", 3))}
    return {"type": "TemplateProcessing", "single": [token("[CLS]"), text("A"), token("[SEP]")], "pair": pair, "special_tokens": special}


BERT = [token("[CLS]"), text("A"), token("[SEP]"), text("B", 1), token("[SEP]", 1)]
NAMES = ["input_ids", "token_type_ids", "attention_mask"]
CASES = [
    {"folder": "cased"},
    {"folder": "cased", "config": {"model_input_names": ["input_ids", "attention_mask"]}},
    {"folder": "uncased-accents-kept"},
    {"folder": "uncased-accents-kept", "config": {"tokenizer_class": "DistilBertTokenizer"}},
    {"folder": "roberta"},
    {"folder": "roberta", "config": {"model_input_names": NAMES}},
    {"folder": "roberta-files"},
    {"folder": "as-it-stands", "postProcessor": template(BERT)},
    {"folder": "as-it-stands", "postProcessor": template(BERT), "config": {"model_input_names": NAMES}},
    {"folder": "as-it-stands", "postProcessor": template([token("[CLS]"), text("A", 2), token("[SEP]", 2), token("[SEP]", 2), text("B", 1)]), "config": {"model_input_names": NAMES}},
    {"folder": "as-it-stands", "postProcessor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, "config": {"model_input_names": NAMES}},
    {"folder": "as-it-stands", "postProcessor": {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": True, "add_prefix_space": False}, "config": {"model_input_names": NAMES}},
]


def line(encoded):
    ids = encoded["input_ids"][0]
    types = encoded["token_type_ids"][0] if "token_type_ids" in encoded else [0] * len(ids)
    return ",".join(map(str, ids)) + "|" + ",".join(map(str, types))


for case in CASES:
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "tokenizer"
        shutil.copytree(HERE / "folders" / case["folder"], folder)
        for name, change in (("tokenizer_config.json", case.get("config", {})), ("tokenizer.json", {"post_processor": case["postProcessor"]} if "postProcessor" in case else {})):
            if change:
                (folder / name).write_text(json.dumps({**json.load(open(folder / name)), **change}))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        added = tokenizer.num_special_tokens_to_add(pair=True)
        case["example"] = line(tokenizer([HOSTILE[8][0]], [HOSTILE[8][1]], truncation=True, max_length=512))
        case["lengths"] = {}
        for length in LENGTHS:
            if length < added:
                continue  # transformers then cuts nothing
            # in a batch, as data sets are encoded: alone, tokenizer(text, "") would drop an empty second text
            lines = [line(tokenizer([first], [second], truncation=True, max_length=length)) for first, second in LETTERS + HOSTILE]
            case["lengths"][length] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
(HERE / "pair-goldens.json").write_text(json.dumps({"words": WORDS, "sides": SIDES, "example": HOSTILE[8], "cases": CASES}, indent=1) + "\n")
