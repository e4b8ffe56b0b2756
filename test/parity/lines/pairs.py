"""Trains small tokenizers, saves them with random models, and computes what transformers makes of pairs of texts."""
import hashlib
import json
import pathlib
import re
import sys

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (AutoTokenizer, BertConfig, BertForSequenceClassification, BertTokenizer, DistilBertConfig,
                          DistilBertForSequenceClassification, DistilBertTokenizer, PreTrainedTokenizerFast,
                          RobertaConfig, RobertaForSequenceClassification, RobertaTokenizer)

given = json.load(open(sys.argv[1]))
torch.set_num_threads(1)
torch.manual_seed(given["seed"])
# half a surrogate pair is no character, and Python's tokenizers refuse it; tslora counts it as U+FFFD
firsts, seconds = [[re.sub("[\ud800-\udfff]", "\ufffd", text) for text in side] for side in (given["firsts"], given["seconds"])]
folder = pathlib.Path(given["folder"])

pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
pieces.pre_tokenizer, pieces.normalizer = pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(lowercase=True)
pieces.train_from_iterator(firsts, trainers.WordPieceTrainer(vocab_size=2000, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
bytes_ = Tokenizer(models.BPE())
bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bytes_.train_from_iterator(firsts, trainers.BpeTrainer(vocab_size=1500, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
merges = [tuple(merge) for merge in json.loads(bytes_.to_str())["model"]["merges"]]
special = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}


def generic(names):
    """A tokenizer of no class of its own, with BERT's template in its tokenizer.json."""
    own = BertTokenizer(vocab=pieces.get_vocab(), do_lower_case=True)
    return PreTrainedTokenizerFast(tokenizer_object=own.backend_tokenizer, model_input_names=names, **special)


NAMES = ["input_ids", "token_type_ids", "attention_mask"]
SIZES = dict(max_position_embeddings=600, initializer_range=0.2)
bert = lambda: BertForSequenceClassification(BertConfig(**SIZES, vocab_size=pieces.get_vocab_size(), hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48))
distil = lambda: DistilBertForSequenceClassification(DistilBertConfig(**SIZES, vocab_size=pieces.get_vocab_size(), dim=24, n_layers=2, n_heads=3, hidden_dim=48))
roberta = lambda: RobertaForSequenceClassification(RobertaConfig(**SIZES, vocab_size=bytes_.get_vocab_size(), type_vocab_size=1, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, pad_token_id=1))
CASES = {
    "BERT": (bert, BertTokenizer(vocab=pieces.get_vocab(), do_lower_case=True)),
    "BERT, tokenizer.json with token types": (bert, generic(NAMES)),
    "BERT, tokenizer.json without token types": (bert, generic(["input_ids", "attention_mask"])),
    "DistilBERT": (distil, DistilBertTokenizer(vocab=pieces.get_vocab(), do_lower_case=True)),
    "RoBERTa": (roberta, RobertaTokenizer(vocab=bytes_.get_vocab(), merges=merges)),
}
# Python's tokenizers also make every combination of the parts that truncation cuts off, some 20,000 a second: for two
# long texts cut to few tokens they would take minutes.
MOST = 1000


def combinations(m, n, length):
    kept = max(1, (length - 3) // 2)
    return (m // kept + 1) * (n // kept + 1) if m + n + 3 > length else 1


result = {}
for number, (name, (make, tokenizer)) in enumerate(CASES.items()):
    path = folder / f"pairs-{number}"
    model = make().eval()
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    tokenizer = AutoTokenizer.from_pretrained(path)
    hashes, logits = {}, {}
    counts = [[len(ids) for ids in tokenizer(side, add_special_tokens=False, verbose=False)["input_ids"]] for side in (firsts, seconds)]
    for length in given["lengths"]:
        few = [i for i, (m, n) in enumerate(zip(*counts)) if combinations(m, n, length) <= MOST]
        encoded = tokenizer([firsts[i] for i in few], [seconds[i] for i in few], truncation=True, max_length=length)
        types = encoded.get("token_type_ids", [[0] * len(ids) for ids in encoded["input_ids"]])
        lines = [",".join(map(str, ids)) + "|" + ",".join(map(str, kinds)) for ids, kinds in zip(encoded["input_ids"], types)]
        hashes[length] = [[i, hashlib.sha256(line.encode()).hexdigest()[:16]] for i, line in zip(few, lines)]
        with torch.no_grad():
            batch = tokenizer.pad({key: rows[: given["computed"]] for key, rows in encoded.items()}, return_tensors="pt")
            logits[length] = model(**batch).logits.tolist()
    result[name] = {"path": str(path), "hashes": hashes, "logits": logits}
json.dump(result, open(sys.argv[2], "w"))
