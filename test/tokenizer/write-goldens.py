"""Writes goldens.json: what Python's fast tokenizer makes of hostile texts and, as hashes, of the study's abstracts.

    pip install transformers==5.23.0
    python test/tokenizer/write-goldens.py MODEL_FOLDER DATASET_ZIP

MODEL_FOLDER is the embedded encoder's; the abstracts are hashed, not written.
"""
import hashlib
import json
import pathlib
import sys
import zipfile

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
HOSTILE = ["", "   ", "a", "tab\tnew\nline\r\n", "a\u0000b\u0001c\ufffd d", "中文文本测试。", "😀😃 emoji 👩‍👩‍👧 family", "مرحبا بالعالم",
           "שלום עולם", "naïve café Ångström İstanbul ß ﬁ", "a" * 99, "a" * 100, "a" * 101, "[CLS] inside [SEP] and [MASK]",
           "don't stop... (p<0.05); 5'-ATG-3' α-β±γ", "\u200bzero\u200dwidth\u00a0nbsp\u2028ls", "½ ² ™ © ®", "e\u0301 combining", "한국어",
           "ไทย ภาษา", "हिन्दी भाषा", "𝒜𝓑 math 𝟘", "₿$€£¥", "\ud7ff\ue000", "_under_score_", "1,234.56e-7", "日本語カタカナ ひらがな",
           "Σ ς σ", "\x7fdel\x80c1\x9f", "a\u00adb soft hyphen", "\ufeffbom", "𠀀𠀁 rare", "é" * 200]
LONG = [["x", 100_000], ["word ", 20_000], ["中", 100_000], [". ", 50_000], ["ab ", 700], ["a\u0301", 20_000]]


def ids(text, length=512):
    return tokenizer(text, truncation=True, max_length=length)["input_ids"]


hashes = {}
with zipfile.ZipFile(sys.argv[2]) as archive:
    names = sorted(n for n in archive.namelist() if n.endswith(".txt"))
    texts = [archive.read(n).decode("utf-8").split("Abstract:", 1)[1].strip() for n in names]
for length in (256, 512):
    digest = hashlib.sha256()
    for text in texts:
        digest.update((",".join(map(str, ids(text, length))) + "\n").encode())
    hashes[length] = digest.hexdigest()
golden = {"hostile": [[text, ids(text)] for text in HOSTILE], "long": [[*pair, hashlib.sha256(",".join(map(str, ids(pair[0] * pair[1]))).encode()).hexdigest()] for pair in LONG], "abstracts": hashes}
(pathlib.Path(__file__).parent / "goldens.json").write_text(json.dumps(golden) + "\n")
