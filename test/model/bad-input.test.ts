import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { sharedOps } from "../../src/device/shared-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { openSafetensors } from "../../src/model/read-safetensors";
import { writeSafetensors } from "../../src/model/write-safetensors";
import { fixtureDirectory } from "./fixture";

const ops = sharedOps();
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-bad-"));
  await cp(fixtureDirectory("bert"), folder, { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  assert.equal(ops.alive(), 0, "a model that was refused leaves tensors behind");
});

const load = (numLabels = 2): Promise<unknown> => loadClassificationModel(folder, { ops, numLabels, seed: 1 });
const weights = (): string => join(folder, "model.safetensors");
const changeConfig = async (change: Record<string, unknown>): Promise<void> => {
  const path = join(folder, "config.json");
  await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ...change }));
};

test("weights cut off anywhere are refused before any is used", async () => {
  const whole = await readFile(weights());
  for (const length of [0, 7, 100, whole.length >> 1, whole.length - 1]) {
    await writeFile(weights(), whole.subarray(0, length));
    await assert.rejects(load(), /model\.safetensors is not a whole safetensors file: .*Fetch it again/, `${length} bytes`);
  }
  await writeFile(weights(), Buffer.concat([whole, Buffer.alloc(3)]));
  await assert.rejects(load(), /tensors take \d+ bytes, and \d+ are there/);
});

test("headers that lie are refused", async () => {
  const withHeader = async (header: object): Promise<void> => {
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    await writeFile(weights(), Buffer.concat([length, json, Buffer.alloc(16)]));
  };
  await withHeader({ x: { dtype: "F32", shape: [5], data_offsets: [0, 16] } });
  await assert.rejects(openSafetensors(weights()), /"x" of type F32 and shape \[5\] takes 20 bytes, and its offsets give 16/);
  await withHeader({ x: { dtype: "F32", shape: [2], data_offsets: [8, 16] } });
  await assert.rejects(openSafetensors(weights()), /begins at byte 8, and the one before it ends at 0/);
  await withHeader({ x: { dtype: "Q4", shape: [4], data_offsets: [0, 16] } });
  await assert.rejects(openSafetensors(weights()), /has the type "Q4"/);
  await withHeader({ x: { dtype: "F32", shape: [-4], data_offsets: [0, 16] } });
  await assert.rejects(openSafetensors(weights()), /has the shape \[-4\]/);
});

test("F16 and BF16 are widened", async () => {
  const json = Buffer.from(JSON.stringify({ h: { dtype: "F16", shape: [4], data_offsets: [0, 8] }, b: { dtype: "BF16", shape: [2], data_offsets: [8, 12] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const words = Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x3f80, 0xc2f7).buffer);
  await writeFile(weights(), Buffer.concat([length, json, words]));
  const file = await openSafetensors(weights());
  assert.deepEqual([...(await file.readFloats("h"))], [1, -2, 2 ** -24, 65504]);
  assert.deepEqual([...(await file.readFloats("b"))], [1, -123.5]);
  await file.close();
});

test("another architecture is refused by name", async () => {
  await changeConfig({ model_type: "electra" });
  await assert.rejects(load(), /model_type is "electra"; tslora reads "bert", "distilbert", "roberta"/);
});

test("a config that makes no sense is refused with everything wrong in it", async () => {
  await changeConfig({ hidden_size: 13, num_hidden_layers: 0, hidden_dropout_prob: 1, hidden_act: "swish", position_embedding_type: "relative_key" });
  await assert.rejects(load(), /"num_hidden_layers"[\s\S]*"hidden_dropout_prob"[\s\S]*swish[\s\S]*multiple of the 3 heads[\s\S]*"relative_key"/);
  await writeFile(join(folder, "config.json"), "{");
  await assert.rejects(load(), /config\.json is not JSON/);
});

test("missing, unexpected and mis-shaped weights are all named", async () => {
  await changeConfig({ num_hidden_layers: 4 });
  await assert.rejects(load(), /"bert\.encoder\.layer\.3\.attention\.self\.query\.weight" of shape \[12, 12\] is missing/);
  await changeConfig({ num_hidden_layers: 2 });
  await assert.rejects(load(), /"bert\.encoder\.layer\.2\.[\w.]+" is unexpected/);
  await changeConfig({ num_hidden_layers: 3 });
  await assert.rejects(load(3), (error: Error) => /^The model's head has 2 labels.*; 3 labels were asked for.*newHead: true/.test(error.message) && !error.message.includes("config.json"));
});

test("a folder without weights, or with a pickle alone, says what to do", async () => {
  await rm(weights());
  await assert.rejects(load(), /looked for at .*model\.safetensors and are not there/);
  await writeFile(join(folder, "pytorch_model.bin"), "x");
  await assert.rejects(load(), /a pickle, which can run code[\s\S]*save_pretrained/);
});

test("what is written is read back to the bit", async () => {
  const path = join(folder, "out.safetensors");
  const tensors = [{ name: "b", shape: [2, 2], values: Float32Array.of(1, -0, NaN, 1e-40) }, { name: "a", shape: [], values: Float32Array.of(3) }];
  await writeSafetensors(path, { tensors, metadata: { format: "pt" } });
  const file = await openSafetensors(path);
  for (const { name, shape, values } of tensors) {
    assert.deepEqual(file.entries.get(name)?.shape, shape);
    assert.deepEqual(new Uint8Array((await file.readFloats(name)).buffer), new Uint8Array(values.buffer));
  }
  assert.deepEqual(file.metadata, { format: "pt" });
  await file.close();
});
