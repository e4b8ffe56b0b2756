"""Trains tokenizers of 30,000 tokens, saves them as XLM-R, CamemBERT, ALBERT, DeBERTa, ModernBERT, ELECTRA and MPNet do,
and hashes the ids that transformers makes of texts."""
import base64
import hashlib
import io
import json
import pathlib
import random
import re
import sys

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

given = json.load(open(sys.argv[1]))
# half a surrogate pair is no character, and Python's tokenizers refuse it; tslora counts it as U+FFFD
texts = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in given["texts"]]
folder = pathlib.Path(given["folder"])
SIZE = 30_000

# The abstracts alone have too few words for such a vocabulary: words of random letters are added, which share no parts.
drawn = random.Random(1)
words = ["".join(drawn.choices("abcdefghijklmnopqrstuvwxyzéü", k=drawn.randint(4, 8))) for _ in range(50_000)]
corpus = texts[: given["training"]] + [" ".join(words[i:i + 30]) for _ in range(3) for i in range(0, len(words), 30)]


def place(name, model_type, config=None):
    path = folder / name
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": model_type}))
    if config is not None:
        (path / "tokenizer_config.json").write_text(json.dumps(config))
    return path


def train_unigram():
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for text in corpus for line in text.split("\n")]), model_writer=out, vocab_size=SIZE + 500, hard_vocab_limit=False,
        model_type="unigram", character_coverage=0.9999, num_threads=2, minloglevel=2, max_sentence_length=100_000,
        num_sub_iterations=1, seed_sentencepiece_size=150_000, shrinking_factor=0.5)
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(out.getvalue())
    assert len(model.pieces) > SIZE, len(model.pieces)
    return model


Kind = sentencepiece_model_pb2.ModelProto.SentencePiece
unigram = train_unigram()


def with_specials(specials, unk_id):
    """The trained model with other pieces instead of its first three."""
    model = sentencepiece_model_pb2.ModelProto()
    model.CopyFrom(unigram)
    del model.pieces[:]
    for text, kind in specials:
        model.pieces.add(piece=text, score=0, type=kind)
    model.pieces.extend(unigram.pieces[3:])
    model.trainer_spec.unk_id = unk_id
    return model


albert = with_specials([("<pad>", Kind.CONTROL), ("<unk>", Kind.UNKNOWN), ("[CLS]", Kind.CONTROL), ("[SEP]", Kind.CONTROL), ("[MASK]", Kind.USER_DEFINED), ("(p<", Kind.USER_DEFINED)], 1)
deberta = with_specials([("[PAD]", Kind.CONTROL), ("[CLS]", Kind.CONTROL), ("[SEP]", Kind.CONTROL), ("[UNK]", Kind.UNKNOWN)], 3)

for name, model_type, file, model, config in (
    ("XLM-R", "xlm-roberta", "sentencepiece.bpe.model", unigram, None),
    ("CamemBERT", "camembert", "sentencepiece.bpe.model", unigram, None),
    ("CamemBERT, no prefix space", "camembert", "sentencepiece.bpe.model", unigram, {"add_prefix_space": False}),
    ("ALBERT", "albert", "spiece.model", albert, None),
    ("ALBERT, cased", "albert", "spiece.model", albert, {"do_lower_case": False, "keep_accents": True}),
    ("DeBERTa-v3", "deberta-v2", "spm.model", deberta, {"do_lower_case": False}),
    ("DeBERTa-v2, lower case, punctuation apart", "deberta-v2", "spm.model", deberta, {"do_lower_case": True, "split_by_punct": True, "add_prefix_space": False}),
):
    path = place(f"{name}, {file}", model_type, config)
    (path / file).write_bytes(model.SerializeToString())
    saved = folder / f"{name}, tokenizer.json"
    AutoTokenizer.from_pretrained(path).save_pretrained(saved)
    (saved / "config.json").write_text(json.dumps({"model_type": model_type}))

# tokenizer.json as transformers 4 writes it, taken as it is
charsmap = base64.b64encode(unigram.normalizer_spec.precompiled_charsmap).decode()
EXTRA = [AddedToken("cancer", single_word=True, normalized=False), AddedToken("(p", lstrip=True, normalized=False), AddedToken("risk", rstrip=True, normalized=True), AddedToken("É", normalized=True),
         AddedToken("canc", normalized=False), AddedToken("<x>", special=True, normalized=False, lstrip=True, rstrip=True), AddedToken("two words", normalized=False)]
GENERIC = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>", "bos_token": "<s>", "eos_token": "</s>"}
pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["<mask>", 0.0], *[[piece.piece, piece.score] for piece in unigram.pieces[3:]]]
pieces += [[f"<0x{byte:02X}>", 0.0] for byte in range(256)]
METASPACE = {"type": "Metaspace", "replacement": "▁"}
REPLACE = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
TEMPLATE = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
for name, byte_fallback, normalizer, pre_tokenizer in (
    ("precompiled", False, {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": charsmap}, REPLACE]}, {**METASPACE, "str_rep": "▁", "add_prefix_space": True}),
    ("NFKC, bytes for unknown characters", True, {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}, {"type": "Strip", "strip_left": True, "strip_right": True}, REPLACE]}, {**METASPACE, "prepend_scheme": "first", "split": True}),
    ("prepended, one word", True, {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}, {**METASPACE, "prepend_scheme": "never", "split": False}),
    ("accents stripped, digits and marks apart", False, {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]},
     {"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Isolated"}, {"type": "Digits", "individual_digits": True}, {"type": "WhitespaceSplit"}, {**METASPACE, "prepend_scheme": "first", "split": True}]}),
):
    description = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": None,
                   "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": byte_fallback}}
    tokenizer = Tokenizer.from_str(json.dumps(description))
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
    tokenizer.add_tokens(EXTRA)
    tokenizer.post_processor = TEMPLATE
    path = place(f"Unigram as it is, {name}", "xlm-roberta", GENERIC)
    tokenizer.save(str(path / "tokenizer.json"))

# ModernBERT: byte-level BPE with normal forms and added tokens of runs of spaces
SPECIAL = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
alphabet = sorted(set(pre_tokenizers.ByteLevel.alphabet()) - set("ÀÁõö÷øùúûüýþÿ"))
pairs = Tokenizer(models.BPE())
pairs.normalizer = normalizers.NFC()
pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
pairs.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=SIZE, special_tokens=["|||IP_ADDRESS|||", "<|padding|>"], initial_alphabet=alphabet, show_progress=False))
pairs.add_tokens([AddedToken(" " * length, normalized=True) for length in range(24, 1, -1)])
pairs.add_special_tokens([*SPECIAL[:-1], AddedToken("[MASK]", lstrip=True)])
pairs.add_tokens([f"[unused{i}]" for i in range(8)])
pairs.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[(end, pairs.token_to_id(end)) for end in ("[CLS]", "[SEP]")])
NAMED = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
path = place("ModernBERT", "modernbert", {"tokenizer_class": "PreTrainedTokenizerFast", **NAMED})
pairs.save(str(path / "tokenizer.json"))
AutoTokenizer.from_pretrained(path).save_pretrained(folder / "ModernBERT, saved")
(folder / "ModernBERT, saved" / "config.json").write_text(json.dumps({"model_type": "modernbert"}))

for name, model_type, special in (("ELECTRA", "electra", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]), ("MPNet", "mpnet", ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"])):
    word_pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    word_pieces.pre_tokenizer, word_pieces.normalizer = pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer()
    word_pieces.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False))
    vocab = word_pieces.get_vocab()
    path = place(f"{name}, vocab.txt", model_type)
    (path / "vocab.txt").write_text("\n".join(sorted(vocab, key=vocab.get)) + "\n", encoding="utf-8")
    saved = folder / f"{name}, tokenizer.json"
    AutoTokenizer.from_pretrained(path).save_pretrained(saved)
    (saved / "config.json").write_text(json.dumps({"model_type": model_type}))

def hashed(ids):
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:16]


result = {}
for path in sorted(path for path in folder.iterdir() if path.is_dir()):
    tokenizer = AutoTokenizer.from_pretrained(path)
    assert len(tokenizer) >= SIZE, (path.name, len(tokenizer))
    # Python's tokenizers take minutes for long texts at each length: a text is encoded once and cut here
    whole = tokenizer(texts, verbose=False)["input_ids"]
    cut = {length: [ids if len(ids) <= length else [*ids[: length - 1], ids[-1]] for ids in whole] for length in given["lengths"]}
    assert cut[given["lengths"][-1]][:100] == tokenizer(texts[:100], truncation=True, max_length=given["lengths"][-1])["input_ids"]
    result[path.name] = {"path": str(path), "hashes": {length: list(map(hashed, ids)) for length, ids in cut.items()}}
json.dump(result, open(sys.argv[2], "w"))
