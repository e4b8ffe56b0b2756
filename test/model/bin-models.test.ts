import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { AdapterSet } from "../../src/lora/adapter-set";
import { loadAdapter } from "../../src/lora/load-adapter";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments } from "../../src/model/parts/packed-batch";
import { sharedOps } from "../../src/ops/shared-ops";
import { fixtureDirectory, unpack } from "./fixture";

const ops = sharedOps();

interface Expected {
  readonly documents: readonly (readonly number[])[];
}

/** Logits of a folder's model, with an adapter of a folder if there is one. */
async function logitsOf(directory: string, adapter?: string): Promise<number[][]> {
  const { model } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  const set = new AdapterSet(model, { seed: 1 });
  if (adapter !== undefined) await loadAdapter(set, model, { directory: adapter });
  const { documents } = JSON.parse(
    readFileSync(join(fixtureDirectory("distilbert"), "expected.json"), "utf8"),
  ) as Expected;
  const batch = packDocuments(documents.map((ids) => Int32Array.from(ids)));
  const logits = model.predict(batch);
  const rows = unpack(await ops.read(logits), batch, 2);
  ops.dispose(logits);
  set.dispose();
  model.dispose();
  return rows;
}

test("models and adapters of pytorch_model.bin, whole and in parts, give the logits of the same weights in safetensors", async () => {
  const bin = fixtureDirectory("bin");
  const bert = fixtureDirectory("bert");
  assert.deepEqual(await logitsOf(bin), await logitsOf(bert));
  assert.deepEqual(await logitsOf(bin, join(bin, "adapter")), await logitsOf(bert, join(bert, "adapter")));
  assert.deepEqual(await logitsOf(fixtureDirectory("bin-sharded")), await logitsOf(fixtureDirectory("sharded")));
  assert.equal(ops.alive(), 0);
});

test("the pretraining head and buffers of a first BERT repository are skipped and listed once", async () => {
  const { model, unused, newlyInitialized } = await loadClassificationModel(fixtureDirectory("bin"), {
    ops,
    numLabels: 2,
    seed: 1,
  });
  model.dispose();
  assert.deepEqual(newlyInitialized, []);
  assert.deepEqual(unused, [
    "bert.embeddings.position_ids",
    "cls.predictions.bias",
    "cls.predictions.decoder.weight",
    "cls.seq_relationship.weight",
  ]);
});

test("a shard of another format, and a shard that lies outside, are refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-bin-"));
  await cp(fixtureDirectory("bin-sharded"), folder, { recursive: true });
  for (const shard of ["model-00001-of-00002.safetensors", "../x.bin"]) {
    await writeFile(join(folder, "pytorch_model.bin.index.json"), JSON.stringify({ weight_map: { x: shard } }));
    await assert.rejects(
      loadClassificationModel(folder, { ops, numLabels: 2, seed: 1 }),
      /the shard of "x" must be a \.bin file of the same folder/,
    );
  }
  await rm(folder, { recursive: true });
});
