"""The learning rate of every step by transformers' schedules."""
import json
import sys

import torch
from transformers import get_constant_schedule_with_warmup, get_linear_schedule_with_warmup


def rates(case):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=case["peak"])
    if case["kind"] == "linear":
        schedule = get_linear_schedule_with_warmup(optimizer, case["warmupSteps"], case["totalSteps"])
    else:
        schedule = get_constant_schedule_with_warmup(optimizer, case["warmupSteps"])
    found = []
    for _ in range(case["totalSteps"]):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


json.dump([rates(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
