"""Writes goldens.json: Captum's attributions of tiny models, in double precision.

    pip install torch==2.13.0 transformers==5.24.0 captum==0.9.0
    python test/attribution/write-goldens.py

The word embeddings of the first and the last token stay as they are; those of the others are 0, or the pad token's, in
the baseline. Scores are summed over the width.
"""
import json
import pathlib

import torch
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients
from transformers import AutoModelForSequenceClassification

HERE = pathlib.Path(__file__).parent
KINDS = [
    "bert", "distilbert", "roberta", "xlm-roberta", "camembert", "electra", "mpnet", "albert", "albert-inner",
    "modernbert", "modernbert-mean", "deberta-v2", "deberta-v2-own-keys",
]  # fmt: skip
DOCUMENTS = [[2, 11, 5, 9, 3], [2, 7, 9, 30, 31, 8, 21, 3], [2, 12, 3]]
WORDS = [[[1, 3], [3, 4]], [[1, 2], [2, 4], [4, 7]], [[1, 2]]]
STEPS = 50
TARGET = 1


def rounded(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def attributions(model, ids, words, pad):
    table = model.get_input_embeddings().weight.detach()
    embedded = table[torch.tensor(ids)][None]
    baseline = embedded.clone()
    baseline[:, 1:-1] = 0 if pad is None else table[pad]
    forward = lambda x: model(inputs_embeds=x, attention_mask=torch.ones(x.shape[:2], dtype=torch.long)).logits
    features = torch.zeros(embedded.shape, dtype=torch.long)
    for number, (start, end) in enumerate(words):
        features[:, start:end] = number + 1
    path = IntegratedGradients(forward).attribute(
        embedded, baseline, target=TARGET, n_steps=STEPS, method="gausslegendre"
    )
    product = InputXGradient(forward).attribute(embedded.clone().requires_grad_(), target=TARGET)
    ablated = FeatureAblation(forward).attribute(embedded, baseline, target=TARGET, feature_mask=features)
    with torch.no_grad():
        logits = [forward(x)[0, TARGET].item() for x in (baseline, embedded)]
    result = {
        "logits": logits,
        "integrated-gradients": rounded(path.sum(-1)),
        "occlusion": [ablated[0, start, 0].item() for start, _ in words],
    }
    if pad is None:  # Captum multiplies with the input itself, which is the difference to zeros
        result["gradient-x-input"] = rounded(product.sum(-1))
    return result


goldens = []
for kind in KINDS:
    model = AutoModelForSequenceClassification.from_pretrained(HERE.parent / "fixtures" / f"tiny-{kind}").double().eval()
    for pad in [None] if kind != "bert" else [None, model.config.pad_token_id]:
        goldens.append(
            {
                "kind": kind,
                "baseline": "zero" if pad is None else "pad",
                "documents": [
                    {"ids": ids, "words": words, **attributions(model, ids, words, pad)}
                    for ids, words in zip(DOCUMENTS, WORDS)
                ],
            }
        )
(HERE / "goldens.json").write_text(json.dumps(goldens) + "\n")
