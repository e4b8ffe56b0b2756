"""Writes golden-rotary.json: cosine and sine of rotary positions as transformers computes them, in 32-bit floats.

    .tslora/reference/bin/python test/ops/write-rotary-goldens.py
"""
import json
import pathlib

import torch

POSITIONS = [0, 1, 2, 77, 512, 4097, 8191]
cases = []
for theta in (10_000.0, 160_000.0):
    for dim in (4, 12, 64):
        frequencies = 1.0 / (theta ** (torch.arange(0, dim, 2, dtype=torch.int64).to(dtype=torch.float) / dim))
        angles = torch.tensor(POSITIONS).float()[:, None] * frequencies[None, :]
        cases.append(
            {
                "theta": theta,
                "headDim": dim,
                "positions": POSITIONS,
                "cos": [float(f"{value:.9g}") for value in angles.cos().flatten().tolist()],
                "sin": [float(f"{value:.9g}") for value in angles.sin().flatten().tolist()],
            }
        )
path = pathlib.Path(__file__).with_name("golden-rotary.json")
path.write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
