"""Saves random state dicts with torch.save in both formats; the bytes of every tensor as torch.load(weights_only=True) gives them."""
import hashlib
import json
import pathlib
import random
import sys
import zipfile
from collections import OrderedDict

import torch

given = json.load(open(sys.argv[1]))
torch.set_num_threads(1)
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def numbers(draw, shape):
    dtype = draw.choice(list(DTYPES.values()))
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    return torch.randint(0, 2 if dtype == torch.bool else 100, shape).to(dtype)


def view(draw, tensor):
    """The same numbers, or a view with an offset, other strides, no strides, or fewer dimensions."""
    kind = draw.randrange(8)
    if kind == 0 and tensor.dim() > 1:
        return tensor.transpose(0, draw.randrange(1, tensor.dim()))
    if kind == 1 and tensor.shape[0] > 1:
        return tensor[1:]
    if kind == 2:
        return tensor[..., ::2]
    if kind == 3:
        return tensor.unsqueeze(0).expand(3, *tensor.shape)
    if kind == 4:
        return tensor.flatten()[-1]
    if kind == 5:
        return tensor[:0]
    return tensor


def state_dict(seed):
    draw = random.Random(seed)
    torch.manual_seed(seed)
    state = OrderedDict() if draw.random() < 0.7 else {}
    kept = []
    for i in range(draw.randrange(1, 12)):
        shape = [draw.randrange(1, 7) for _ in range(draw.randrange(1, 5))]
        tensor = draw.choice(kept) if kept and draw.random() < 0.3 else numbers(draw, shape)
        kept.append(tensor)
        tensor = view(draw, tensor)
        if draw.random() < 0.2:
            tensor = torch.nn.Parameter(tensor, requires_grad=tensor.is_floating_point())
        state[f"part {i}.{'ü' * draw.randrange(2)}weight"] = tensor
    if kept and draw.random() < 0.3:
        state["tied"] = next(iter(state.values()))
    if isinstance(state, OrderedDict) and draw.random() < 0.5:
        state._metadata = OrderedDict([("", {"version": 1})])
    return state


def big_endian(path):
    """The same file as a machine of the other byte order writes it."""
    with zipfile.ZipFile(path) as archive:
        records = [(name, archive.read(name)) for name in archive.namelist()]
    sizes = {}

    class Ids(torch._weights_only_unpickler.Unpickler):
        def persistent_load(self, pid):
            sizes[pid[2]] = torch._utils._element_size(pid[1].dtype)
            return torch.storage.TypedStorage(pid[4], dtype=pid[1].dtype, device="cpu")

    import io
    Ids(io.BytesIO(next(data for name, data in records if name.endswith("/data.pkl"))), encoding="utf-8").load()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records:
            if name.endswith("/byteorder"):
                data = b"big"
            elif "/data/" in name:
                n = sizes[name.rsplit("/", 1)[1]]
                data = b"".join(data[i:i + n][::-1] for i in range(0, len(data), n))
            archive.writestr(name, data)


def raw(tensor):
    tensor = tensor.detach().flatten().clone(memory_format=torch.contiguous_format)
    return tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() > 0 else b""


def digest(tensor):
    return hashlib.sha256(raw(tensor)).hexdigest()


result = []
for i, case in enumerate(given["cases"]):
    path = pathlib.Path(given["folder"]) / f"{i}.bin"
    state = state_dict(case["seed"])
    saved = {"plain": state, "wrapped": {"epoch": 3, "state_dict": state, "rate": 0.5, "betas": (0.9, [1, 2 ** 40, -7])}}[case["shape"]]
    if case["format"] == "legacy":
        torch.save(saved, path, _use_new_zipfile_serialization=False, pickle_protocol=case["protocol"])
    else:
        torch.save(saved, path, pickle_protocol=case["protocol"])
        if case["format"] == "zip, big-endian":
            big_endian(path)
    loaded = torch.load(path, weights_only=True)
    loaded = loaded["state_dict"] if case["shape"] == "wrapped" else loaded
    result.append({"path": str(path), "tensors": {
        name: {"dtype": NAMES[t.dtype], "shape": list(t.shape), "bytes": digest(t),
               "floats": digest(t.float()) if t.is_floating_point() else None}
        for name, t in loaded.items()}})
json.dump(result, open(sys.argv[2], "w"))
