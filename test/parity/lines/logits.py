"""Saves random models and computes the logits of their documents: padded, one by one, and in double precision."""
import json
import pathlib
import sys

import torch
from random_models import padded, random_model, save

given = json.load(open(sys.argv[1]))
torch.set_num_threads(1)
result = []
with torch.no_grad():
    for i, case in enumerate(given["cases"]):
        model = random_model(case)
        path = pathlib.Path(given["folder"]) / f"model-{i}"
        save(model, path, case)
        ids, mask = padded(case["documents"], case["padTokenId"])
        together = model(input_ids=ids, attention_mask=mask).logits.tolist()
        alone = [model(input_ids=torch.tensor([d]), attention_mask=torch.ones(1, len(d), dtype=torch.long)).logits[0].tolist() for d in case["documents"]]
        exact = model.double()(input_ids=ids, attention_mask=mask).logits.tolist()
        result.append({"path": str(path), "padded": together, "alone": alone, "exact": exact})
json.dump(result, open(sys.argv[2], "w"))
