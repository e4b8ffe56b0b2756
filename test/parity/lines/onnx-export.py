"""Saves random models, or runs exported ones: onnx.checker on each file, and Python's onnxruntime on documents with padding."""
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

given = json.load(open(sys.argv[1]))


def logits(session, documents, pad, types):
    longest = max(len(document) for document in documents)
    filled = lambda rows, fill: np.array([row + [fill] * (longest - len(row)) for row in rows], dtype=np.int64)
    inputs = {
        "input_ids": filled(documents, pad),
        "attention_mask": filled([[1] * len(document) for document in documents], 0),
        "token_type_ids": filled(types or [[0] * len(document) for document in documents], 0),
    }
    names = [each.name for each in session.get_inputs()]
    return session.run(["logits"], {name: inputs[name] for name in names})[0].tolist()


def run(case):
    onnx.checker.check_model(case["path"], full_check=True)
    opset = {each.domain: each.version for each in onnx.load(case["path"], load_external_data=False).opset_import}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(case["path"], options, providers=["CPUExecutionProvider"])
    rows = [row for batch in case["batches"] for row in logits(session, batch["documents"], case["pad"], batch.get("types"))]
    return {"logits": rows, "opset": opset}


if given["step"] == "save":
    from random_models import random_model, save

    result = []
    for i, case in enumerate(given["cases"]):
        path = pathlib.Path(given["folder"]) / f"model-{i}"
        save(random_model(case), path, case)
        result.append(str(path))
else:
    result = [run(case) for case in given["cases"]]
json.dump(result, open(sys.argv[2], "w"))
