"""Python's sides of prediction, torch and ONNX Runtime, and of tokenizing.

Texts come in batches of like length; each is tokenized by the fast tokenizer, padded to its longest and run.
"""
import json
import os
import time

import numpy as np
from serve import serve

state = {}


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True))[:, 1].tolist()


def export(request):
    """The merged model as ONNX, where @xenova/transformers looks for it; opset 17, which ONNX Runtime 1.14 reads.

    The exporter that traces: the newer one's graph was no faster, and is of a version that 1.14 does not read.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(request["model"]).eval()

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.randint(1000, 20000, (2, 64))
    mask = torch.ones_like(ids)
    mask[1, 40:] = 0
    names = ["input_ids", "attention_mask"]
    os.makedirs(os.path.join(request["model"], "onnx"), exist_ok=True)
    torch.onnx.export(
        Logits(), (ids, mask), os.path.join(request["model"], "onnx", "model.onnx"), input_names=names, output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in names} | {"logits": {0: "batch"}}, opset_version=17, dynamo=False,
    )


def quantize(request):
    """ONNX Runtime's dynamic quantization: 8-bit weights by channel, activations rounded as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder = os.path.join(request["model"], "onnx")
    quantize_dynamic(
        os.path.join(folder, "model.onnx"), os.path.join(folder, "model_int8.onnx"), weight_type=QuantType.QInt8, per_channel=True,
    )


def load(request):
    from transformers import AutoTokenizer

    state["texts"] = json.load(open(request["file"]))
    state["tokenizer"] = AutoTokenizer.from_pretrained(request["model"])
    if request["engine"] == "torch":
        import torch
        from transformers import AutoModelForSequenceClassification

        state["model"] = AutoModelForSequenceClassification.from_pretrained(request["model"]).eval()
        return {"runtime": f"torch {torch.__version__}"}
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    file = "model_int8.onnx" if request.get("quantized") else "model.onnx"
    state["session"] = onnxruntime.InferenceSession(os.path.join(request["model"], "onnx", file), providers=["CPUExecutionProvider"])
    return {"runtime": f"onnxruntime {onnxruntime.__version__}"}


def run_torch(batch):
    import torch

    with torch.inference_mode():
        encoded = state["tokenizer"](batch, truncation=True, max_length=512, padding=True, return_tensors="pt", return_token_type_ids=False)
        return state["model"](**encoded).logits.numpy()


def run_onnx(batch):
    encoded = state["tokenizer"](batch, truncation=True, max_length=512, padding=True, return_tensors="np", return_token_type_ids=False)
    return state["session"].run(None, {name: value.astype(np.int64) for name, value in encoded.items()})[0]


def predict(request):
    run = run_torch if "model" in state else run_onnx
    texts = state["texts"]
    start = time.perf_counter()
    logits = [run([texts[i] for i in batch]) for batch in request["batches"]]
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "probabilities": softmax(np.concatenate(logits))}


def tokenize(request):
    from transformers import AutoTokenizer

    wanted = json.load(open(request["file"]))
    tokenizer = AutoTokenizer.from_pretrained(request["model"])
    start = time.perf_counter()
    ids = tokenizer(wanted, truncation=True, max_length=512)["input_ids"]
    return {"seconds": time.perf_counter() - start, "tokens": sum(map(len, ids))}


serve({"export": export, "quantize": quantize, "load": load, "predict": predict, "tokenize": tokenize})
