import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { exportOnnx } from "../../src/export/export-onnx";
import { compareRuntimes, type RuntimeFolders } from "../../src/export/runtimes/compare-runtimes";
import { findPython, pythonLogits } from "../../src/export/runtimes/python-runtime";
import { largestDifference } from "../../src/export/runtimes/runtime-logits";
import { runtimesTable } from "../../src/figures/tables/runtimes-table";
import { tableText } from "../../src/figures/tables/table-text";

let root = "";
let classifier: SequenceClassifier;
let folders: RuntimeFolders;
let texts: string[] = [];

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tslora-runtimes-"));
  folders = { adapter: join(root, "adapter"), merged: join(root, "merged"), onnx: join(root, "onnx") };
  texts = readFrame((await loadCorpus("sample")).frame).texts.slice(0, 3);
  classifier = await loadClassifier("embedded", { labels: ["no", "yes"], seed: 5 });
  for (const parameter of classifier.model.parameters()) parameter.drawn = false; // the head as it is
  classifier.addAdapter({ r: 4, initLoraWeights: false });
  await classifier.saveAdapter(folders.adapter);
  await classifier.mergeAdapter();
  await classifier.saveModel(folders.merged);
  classifier.unmergeAdapter();
  await exportOnnx(classifier, folders.onnx, { quantize: "int8" });
});
after(async () => {
  classifier.dispose();
  await rm(root, { recursive: true, force: true });
});

test("the logits of all runtimes with 32-bit floats are within 1e-4, Python's too where there is one", async () => {
  const python = findPython();
  const { runtimes, notices } = await compareRuntimes(classifier, texts, folders);
  const names = runtimes.map(({ runtime }) => runtime);
  assert.deepEqual(names.slice(0, 5), [
    "tslora, adapter",
    "tslora, merged",
    "onnxruntime-node",
    "onnxruntime-node, int8",
    "@xenova/transformers",
  ]);
  if (python.kind === "none") assert.match(notices.join(), /Python is left out: there is no /);
  else assert.match(names[5], /^Python: transformers \S+, peft \S+$/);
  for (const one of runtimes) {
    const difference = largestDifference(one, runtimes[0]);
    if (one.runtime.endsWith("int8")) assert.ok(difference > 1e-6 && difference < 0.5, `int8: ${difference}`);
    else assert.ok(difference < 1e-4, `${one.runtime}: ${difference}`);
  }
  const table = tableText(runtimesTable({ labels: ["no", "yes"], runtimes }, { names: ["a", "b", "c"] }));
  for (const name of [...names, "text a", "Probability of yes"]) assert.ok(table.includes(name), table);
});

test("a text that would be truncated, a path that is not Python, and a Python without peft are errors", async () => {
  await assert.rejects(compareRuntimes(classifier, [texts.join(" ").repeat(9)], folders), /at most 512 tokens/);
  const request = { base: "", adapter: "", onnx: "", texts: [], labels: 2, maxLength: 8 };
  await assert.rejects(pythonLogits(join(root, "none"), request), { code: "not-found", message: /cannot be started/ });
  await assert.rejects(pythonLogits(process.execPath, request), { code: "bad-input" });
  const stopped = pythonLogits(process.execPath, request, { signal: AbortSignal.abort() });
  await assert.rejects(stopped, { code: "aborted", message: /was stopped/ });
});
