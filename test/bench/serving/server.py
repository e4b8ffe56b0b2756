"""Serves one LoRA adapter with FastAPI, transformers and peft: what tslora serve is compared with.

Arguments: model, adapter, threads, and "single" (one text for each forward pass) or "batched" (all texts that wait, up
to 32, padded to the longest). Prints its port as JSON. Ends with its standard input.
"""

import asyncio
import json
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import torch
import uvicorn
from fastapi import FastAPI
from peft import PeftModel
from pydantic import BaseModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MOST = 32  # texts in a batch

model_path, adapter_path, threads, kind = sys.argv[1:]
torch.set_num_threads(int(threads))
tokenizer = AutoTokenizer.from_pretrained(model_path)
base = AutoModelForSequenceClassification.from_pretrained(model_path, num_labels=2)
model = PeftModel.from_pretrained(base, adapter_path).eval()
labels = [model.config.id2label[i] for i in range(2)]
# one thread computes, as a second one would compete for the same cores
computing = ThreadPoolExecutor(max_workers=1)
app = FastAPI()


class Request(BaseModel):
    inputs: str
    truncate: bool = False


def predict(texts):
    encoded = tokenizer(texts, truncation=True, max_length=512, padding=True, return_tensors="pt")
    with torch.inference_mode():
        probabilities = model(**encoded).logits.softmax(-1).tolist()
    return [
        sorted(({"label": label, "score": score} for label, score in zip(labels, row)), key=lambda one: -one["score"])
        for row in probabilities
    ]


waiting = asyncio.Queue()


async def work():
    loop = asyncio.get_running_loop()
    while True:
        batch = [await waiting.get()]
        while len(batch) < (MOST if kind == "batched" else 1) and not waiting.empty():
            batch.append(waiting.get_nowait())
        answers = await loop.run_in_executor(computing, predict, [text for text, _ in batch])
        for (_, future), answer in zip(batch, answers):
            future.set_result(answer)


@app.post("/predict")
async def answer(request: Request):
    future = asyncio.get_running_loop().create_future()
    await waiting.put((request.inputs, future))
    return await future


@app.get("/health")
def health():
    return {"status": "ok"}


async def main():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    task = asyncio.create_task(work())
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    await server.serve(sockets=[listening])
    task.cancel()


threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
asyncio.run(main())
