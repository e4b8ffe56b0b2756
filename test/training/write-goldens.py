"""What torch and transformers compute for the tests of training: losses with their gradients, and schedules.

Written with torch 2.13.0 and transformers 5.24.0 by `python test/training/write-goldens.py`.
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import get_scheduler


def numbers(tensor):
    return [round(x, 9) for x in tensor.detach().double().flatten().tolist()]


def softmax_focal(logits, labels, weights, gamma):
    """Lin et al., 2017, for softmax: -w (1 - p)^gamma log p, its mean by the weights' sum."""
    log_p = logits.log_softmax(-1).gather(1, labels[:, None])[:, 0]
    w = weights[labels]
    return (-w * (1 - log_p.exp()) ** gamma * log_p).sum() / w.sum()


def sigmoid_focal(logits, labels, weights, gamma):
    """torchvision's sigmoid_focal_loss without alpha, over torch's BCE with pos_weight."""
    bce = F.binary_cross_entropy_with_logits(logits, labels, pos_weight=weights, reduction="none")
    p = logits.sigmoid()
    p_of_label = p * labels + (1 - p) * (1 - labels)
    return (bce * (1 - p_of_label) ** gamma).mean()


def loss_case(generator, classes, multi, weighted, smoothing, gamma, spread):
    logits = (torch.randn(7, classes, generator=generator, dtype=torch.float64) * spread).float().double().requires_grad_()
    weights = (torch.rand(classes, generator=generator, dtype=torch.float64) * 3 + 0.1).float().double() if weighted else torch.ones(classes, dtype=torch.float64)
    if multi:
        labels = torch.randint(0, 2, (7, classes), generator=generator)
        target = labels.double()
        loss = sigmoid_focal(logits, target, weights, gamma) if gamma else F.binary_cross_entropy_with_logits(logits, target, pos_weight=weights)
    else:
        labels = torch.randint(0, classes, (7,), generator=generator)
        loss = softmax_focal(logits, labels, weights, gamma) if gamma else F.cross_entropy(logits, labels, weight=weights, label_smoothing=smoothing)
    loss.backward()
    return {
        "problemType": "multi_label_classification" if multi else "single_label_classification",
        "classes": classes,
        "classWeights": numbers(weights) if weighted else None,
        "labelSmoothing": smoothing,
        "focalGamma": gamma,
        "labels": labels.tolist(),
        "logits": numbers(logits),
        "loss": loss.item(),
        "gradient": numbers(logits.grad),
    }


def schedule(kind, warmup, total):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = get_scheduler(kind, optimizer, num_warmup_steps=warmup, num_training_steps=total)
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"kind": kind, "warmupSteps": warmup, "totalSteps": total, "rates": rates}


generator = torch.Generator().manual_seed(4)
losses = []
for weighted in (False, True):
    for spread in (1.0, 12.0):
        for classes in (2, 4):
            for smoothing, gamma in ((0.0, 0.0), (0.1, 0.0), (0.6, 0.0), (0.0, 0.5), (0.0, 2.0)):
                losses.append(loss_case(generator, classes, False, weighted, smoothing, gamma, spread))
            for gamma in (0.0, 0.5, 2.0):
                losses.append(loss_case(generator, classes, True, weighted, 0.0, gamma, spread))
schedules = [schedule(kind, warmup, total) for kind in ("linear", "cosine", "constant", "constant_with_warmup") for warmup, total in ((0, 7), (3, 10), (10, 10), (12, 9))]
folder = Path(__file__).parent
(folder / "golden-losses.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in losses) + "\n]\n")
(folder / "golden-schedules.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in schedules) + "\n]\n")
