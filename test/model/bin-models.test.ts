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
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { isOfOtherHead } from "../../src/model/weights/weight-names";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
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

test("models and adapters in pytorch_model.bin, sharded or not, give the logits of the same weights in safetensors", async () => {
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

test("a shard of another format, and a shard outside the folder, are refused", async () => {
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

test("names without the base prefix, of DataParallel or Lightning, and gamma and beta are the same weights", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-names-"));
  await cp(fixtureDirectory("bert"), folder, { recursive: true });
  const path = join(folder, "model.safetensors");
  const expected = await logitsOf(fixtureDirectory("bert"));
  const file = await openSafetensors(path);
  const tensors: { name: string; shape: readonly number[]; values: Float32Array }[] = [];
  for (const { name, shape } of file.entries.values())
    tensors.push({ name, shape, values: await file.readFloats(name) });
  await file.close();
  const renamed = (change: (name: string) => string): Promise<void> =>
    writeSafetensors(path, { tensors: tensors.map((each) => ({ ...each, name: change(each.name) })), metadata: {} });
  for (const change of [
    (name: string) => name.replace(/^bert\./, ""),
    (name: string) => `module.${name}`,
    (name: string) => `model.${name}`,
    (name: string) => `module.${name.replace(/^bert\./, "")}`,
    (name: string) => name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
  ]) {
    await renamed(change);
    assert.deepEqual(await logitsOf(folder), expected);
  }
  const norm = tensors.find(({ name }) => name === "bert.embeddings.LayerNorm.weight");
  assert.ok(norm !== undefined);
  const double = (values: Float32Array): Promise<void> =>
    writeSafetensors(path, {
      tensors: [...tensors, { ...norm, name: "embeddings.LayerNorm.gamma", values }],
      metadata: {},
    });
  await double(norm.values);
  assert.deepEqual(await logitsOf(folder), expected);
  await double(norm.values.map((value, i) => (i === 3 ? value + 1 : value)));
  await assert.rejects(
    logitsOf(folder),
    /"bert\.embeddings\.LayerNorm\.weight", "embeddings\.LayerNorm\.gamma" are the same weight .*; they differ/,
  );
  assert.equal(ops.alive(), 0);
  await rm(folder, { recursive: true });
});

test("pretraining heads and buffers of every architecture are recognised as weights of other heads", () => {
  for (const name of [
    "cls.predictions.bias",
    "lm_head.dense.weight",
    "discriminator_predictions.dense.weight",
    "generator_lm_head.bias",
    "generator_predictions.LayerNorm.weight",
    "vocab_projector.bias",
    "lm_predictions.lm_head.bias",
    "predictions.decoder.weight",
    "bert.embeddings.position_ids",
    "embeddings.position_ids",
  ])
    assert.ok(isOfOtherHead(name, { modelType: "bert" }), name);
  for (const name of ["classifier.weight", "bert.pooler.dense.weight", "encoder.cls.weight"])
    assert.ok(!isOfOtherHead(name, { modelType: "bert" }), name);
});
