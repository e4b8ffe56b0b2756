import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { exportOnnx } from "../../src/export/export-onnx";
import { loadOnnxClassifier } from "../../src/export/onnx-classifier";
import { maxDifference } from "../model/fixture";

test("the embedded encoder's logits on abstracts of all lengths are within 1e-4, as text to logits", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-abstracts-"));
  const classifier = await loadClassifier("embedded", { labels: ["NEGATIVE", "POSITIVE"], seed: 1 });
  try {
    for (const parameter of classifier.model.parameters()) parameter.drawn = false; // the head as it is
    const { texts } = readFrame((await loadCorpus("sample")).frame);
    const byLength = [...texts].sort((a, b) => a.length - b.length);
    // 8 of all lengths; the parity line onnx-export takes 200 abstracts of the study
    const chosen = Array.from({ length: 8 }, (_, i) => byLength[Math.floor((i * (byLength.length - 1)) / 7)]);
    chosen.push("", "cancer", byLength.slice(-8).join(" ")); // the last is cut
    await exportOnnx(classifier, join(folder, "onnx"));
    const own = await classifier.predictLogits(chosen);
    const found = await (await loadOnnxClassifier(join(folder, "onnx"))).predictLogits(chosen);
    assert.ok(maxDifference(found, own) < 1e-4, `${maxDifference(found, own)}`);
  } finally {
    classifier.dispose();
    await rm(folder, { recursive: true, force: true });
  }
});
