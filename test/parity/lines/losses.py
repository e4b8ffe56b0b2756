"""torch's losses and their gradients, in 64-bit floats."""
import json
import sys

import torch
import torch.nn.functional as F


def run(case):
    loss = case["loss"]
    logits = torch.tensor(case["logits"], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor(case["labels"])
    weights = torch.tensor(loss["classWeights"], dtype=torch.float64) if "classWeights" in loss else None
    gamma = loss["focalGamma"]
    if loss["problemType"] == "multi_label_classification":
        bce = F.binary_cross_entropy_with_logits(logits, labels.double(), pos_weight=weights, reduction="none")
        value = (bce * torch.where(labels == 1, -logits, logits).sigmoid() ** gamma).mean() if gamma else F.binary_cross_entropy_with_logits(logits, labels.double(), pos_weight=weights)
    elif gamma:
        w = torch.ones(len(labels), dtype=torch.float64) if weights is None else weights[labels]
        log_p = logits.log_softmax(-1)
        log_p_of_label = log_p.gather(1, labels[:, None])[:, 0]
        others = log_p.scatter(1, labels[:, None], float("-inf")).logsumexp(-1)  # log(1 - p), without the loss of digits
        value = (-w * (gamma * others).exp() * log_p_of_label).sum() / w.sum()
    else:
        value = F.cross_entropy(logits, labels, weight=weights, label_smoothing=loss["labelSmoothing"])
    value.backward()
    return {"loss": value.item(), "gradient": logits.grad.flatten().tolist()}


json.dump([run(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
