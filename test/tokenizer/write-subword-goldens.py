"""Trains small tokenizers of the kinds of XLM-R, CamemBERT, ALBERT, DeBERTa, ModernBERT, ELECTRA and MPNet on hostile
texts, and writes what transformers makes of the texts.

    pip install transformers==5.24.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf
    python test/tokenizer/write-subword-goldens.py

Writes test/tokenizer/subword-folders and subword-goldens.json. Half a surrogate pair counts as U+FFFD, as tslora has it.
The normalization rules are a part of sentencepiece's own (nmt_nfkc), compiled by sentencepiece.
"""
import base64
import io
import json
import pathlib
import re
import shutil
import tempfile
import unicodedata

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in json.load(open(HERE / "hostile-texts.json"))]
TEXTS += ["e\u0301\u0302 \uff45\u0301 x\r\ny", "  \u3000two  blanks\n\n\tdon't ``quote''  ", "\u0600e\u0301 \u00a9\u200d\u00a9", "▁▁a▁b ▁", "<mask>  [MASK] <s>a</s>", "\u1100\u1161\u0301 क्\u0958\u0301", "(p< 0.05) cancer canc  risk "]
FOLDERS = HERE / "subword-folders"
shutil.rmtree(FOLDERS, ignore_errors=True)


def place(name, model_type, config=None):
    path = FOLDERS / name
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"model_type": model_type}) + "\n")
    if config is not None:
        (path / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
    return path


def rules():
    """Composed and compatible characters of the texts as rules, and control characters and blanks."""
    found = {}
    for char in sorted(set("".join(TEXTS)) | {chr(code) for code in [*range(0xC0, 0x180), *range(0xFF01, 0xFF5F)]}):
        for source in {char, unicodedata.normalize("NFD", char)}:
            target = unicodedata.normalize("NFKC", source)
            if target != source:
                found[source] = target
    found.update({char: " " for char in "\t\n\r\u00a0\u3000\u2028\ufeff\u200b\u200d\ufffd"} | {"\r\n": " "} | {chr(code): "" for code in range(1, 9)})
    return "".join(f"{' '.join(f'{ord(c):x}' for c in source)}\t{' '.join(f'{ord(c):x}' for c in target)}\n" for source, target in sorted(found.items()) if source)


with tempfile.NamedTemporaryFile("w", suffix=".tsv") as tsv:
    tsv.write(rules())
    tsv.flush()
    out = io.BytesIO()
    lines = [line for text in TEXTS for line in text.split("\n") if line.strip()]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines * 3), model_writer=out, vocab_size=400, hard_vocab_limit=False, model_type="unigram", character_coverage=0.98,
                                             normalization_rule_tsv=tsv.name, num_threads=1, minloglevel=2)
unigram = sentencepiece_model_pb2.ModelProto()
unigram.ParseFromString(out.getvalue())
unigram.trainer_spec.ClearField("input")
unigram.normalizer_spec.ClearField("normalization_rule_tsv")
Kind = sentencepiece_model_pb2.ModelProto.SentencePiece


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
(place("xlm-r", "xlm-roberta") / "sentencepiece.bpe.model").write_bytes(unigram.SerializeToString())
(place("albert", "albert") / "spiece.model").write_bytes(albert.SerializeToString())
(place("deberta-v3", "deberta-v2", {"do_lower_case": False}) / "spm.model").write_bytes(deberta.SerializeToString())
(place("deberta-v2-lower", "deberta-v2", {"do_lower_case": True, "split_by_punct": True, "add_prefix_space": False}) / "spm.model").write_bytes(deberta.SerializeToString())
path = place("camembert", "camembert")
(path / "sentencepiece.bpe.model").write_bytes(unigram.SerializeToString())
AutoTokenizer.from_pretrained(path).save_pretrained(path)
(path / "sentencepiece.bpe.model").unlink()

# tokenizer.json as transformers 4 writes it, taken as it is
pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["<mask>", 0.0], *[[piece.piece, piece.score] for piece in unigram.pieces[3:]], *[[f"<0x{byte:02X}>", 0.0] for byte in range(256)]]
charsmap = base64.b64encode(unigram.normalizer_spec.precompiled_charsmap).decode()
description = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "post_processor": None, "decoder": None,
               "normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": charsmap}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
               "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "str_rep": "▁", "add_prefix_space": True},
               "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": True}}
tokenizer = Tokenizer.from_str(json.dumps(description))
tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
tokenizer.add_tokens([AddedToken("cancer", single_word=True, normalized=False), AddedToken("risk", rstrip=True, normalized=True)])
tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
path = place("unigram-as-it-is", "xlm-roberta", {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"})
tokenizer.save(str(path / "tokenizer.json"))

pairs = Tokenizer(models.BPE())
pairs.normalizer, pairs.pre_tokenizer = normalizers.NFC(), pre_tokenizers.ByteLevel(add_prefix_space=False)
alphabet = sorted(set(pre_tokenizers.ByteLevel.alphabet()) - set("ÀÁõö÷øùúûüýþÿ"))
pairs.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=360, special_tokens=["|||IP_ADDRESS|||", "<|padding|>"], initial_alphabet=alphabet, show_progress=False))
pairs.add_tokens([AddedToken(" " * length, normalized=True) for length in range(6, 1, -1)])
pairs.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", AddedToken("[MASK]", lstrip=True)])
pairs.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[(end, pairs.token_to_id(end)) for end in ("[CLS]", "[SEP]")])
path = place("modernbert", "modernbert", {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"})
pairs.save(str(path / "tokenizer.json"))

for name, special in (("electra", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]), ("mpnet", ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"])):
    word_pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    word_pieces.pre_tokenizer, word_pieces.normalizer = pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer()
    word_pieces.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, limit_alphabet=150, show_progress=False))
    vocab = word_pieces.get_vocab()
    (place(name, name) / "vocab.txt").write_text("\n".join(sorted(vocab, key=vocab.get)) + "\n", encoding="utf-8")

goldens = {"texts": TEXTS, "ids": {}}
for path in sorted(FOLDERS.iterdir()):
    tokenizer = AutoTokenizer.from_pretrained(path)
    goldens["ids"][path.name] = {length: [",".join(map(str, tokenizer(text, truncation=True, max_length=length)["input_ids"])) for text in TEXTS] for length in (9, 512)}
    goldens["ids"][path.name]["pair"] = ",".join(map(str, tokenizer(TEXTS[-1], TEXTS[-6])["input_ids"]))
(HERE / "subword-goldens.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
