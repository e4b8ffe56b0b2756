"""The learning rate of every step by transformers' schedules."""
import json
import sys

import torch
from transformers import get_scheduler


def rates(case):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=case["peak"])
    schedule = get_scheduler(case["kind"], optimizer, num_warmup_steps=case["warmupSteps"], num_training_steps=case["totalSteps"])
    found = []
    for _ in range(case["totalSteps"]):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


json.dump([rates(case) for case in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
