import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { sharedOps } from "../../src/ops/shared-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { readEncoderConfig } from "../../src/model/encoder-config";
import { TsloraError } from "../../src/base/tslora-error";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
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

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
const changeTensors = async (change: (tensors: Tensor[]) => Tensor[]): Promise<void> => {
  const file = await openSafetensors(weights());
  const tensors = await Promise.all(
    [...file.entries.values()].map(async ({ name, shape }) => ({ name, shape, values: await file.readFloats(name) })),
  );
  await file.close();
  await writeSafetensors(weights(), { tensors: change(tensors), metadata: { format: "pt" } });
};
const refusedShortly = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof TsloraError, String(error));
  assert.match(error.message, message);
  assert.ok(error.message.length < 4000, `${error.message.length} characters`);
  return true;
};

test("a safetensors header above the limit is refused with the limit, one beyond the file with its size", async () => {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(150_000_000n);
  await writeFile(weights(), start);
  await truncate(weights(), 200_000_000); // the rest takes no space on the disk
  await assert.rejects(
    openSafetensors(weights()),
    /its header claims 150000000 bytes; at most 100000000 are read\. Fetch it again/,
  );
  await truncate(weights(), 100_000);
  await assert.rejects(openSafetensors(weights()), /its header claims 150000000 bytes; the file has 100000\./);
});

test("weight files that are truncated at any place are refused before a weight is used", async () => {
  const whole = await readFile(weights());
  for (const length of [0, 7, 100, whole.length >> 1, whole.length - 1]) {
    await writeFile(weights(), whole.subarray(0, length));
    await assert.rejects(
      load(),
      /model\.safetensors is not a whole safetensors file: .*Fetch it again/,
      `${length} bytes`,
    );
  }
  await writeFile(weights(), Buffer.concat([whole, Buffer.alloc(3)]));
  await assert.rejects(load(), /tensors take \d+ bytes, and \d+ are there/);
});

test("headers that contradict the file are refused", async () => {
  const withHeader = async (header: object): Promise<void> => {
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    await writeFile(weights(), Buffer.concat([length, json, Buffer.alloc(16)]));
  };
  await withHeader({ x: { dtype: "F32", shape: [5], data_offsets: [0, 16] } });
  await assert.rejects(
    openSafetensors(weights()),
    /"x" of type F32 and shape \[5\] takes 20 bytes, and its offsets give 16/,
  );
  await withHeader({ x: { dtype: "F32", shape: [2], data_offsets: [8, 16] } });
  await assert.rejects(openSafetensors(weights()), /begins at byte 8, and the one before it ends at 0/);
  await withHeader({ x: { dtype: "Q4", shape: [4], data_offsets: [0, 16] } });
  await assert.rejects(openSafetensors(weights()), /has the type "Q4"/);
  await withHeader({ x: { dtype: "F32", shape: [-4], data_offsets: [0, 16] } });
  await assert.rejects(openSafetensors(weights()), /has the shape \[-4\]/);
});

test("a header of any size and depth gives a short error", async () => {
  const withHeader = async (json: string | Buffer): Promise<void> => {
    const bytes = Buffer.from(json);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    await writeFile(weights(), Buffer.concat([length, bytes, Buffer.alloc(16)]));
  };
  const refused = async (json: string | Buffer, message: RegExp): Promise<void> => {
    await withHeader(json);
    await assert.rejects(openSafetensors(weights()), refusedShortly(message));
  };
  const x = '"dtype":"F32","shape":[4],"data_offsets":[0,16]';
  await refused(
    `{"x":{"dtype":"${"F".repeat(5e7)}","shape":[4],"data_offsets":[0,16]}}`,
    /tensor "x" has the type "FFF.*50,000,000 characters/,
  );
  await refused(`{"${"x".repeat(1e6)}":{"dtype":"?"}}`, /tensor "xxx.*1,000,000 characters\) has the type "\?"/);
  await refused(
    `{"x":{"dtype":"F32","shape":${"[".repeat(1e6)}${"]".repeat(1e6)},"data_offsets":[0,16]}}`,
    /its header is nested deeper than 64 levels/,
  );
  await refused(
    `{"x":{"dtype":"F32","shape":[${"1,".repeat(1e5)}4],"data_offsets":[0,16]}}`,
    /must have at most 16 dimensions; it has 100001/,
  );
  await refused(
    '{"x":{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,16]}}',
    /takes 3\.24\d*e\+32 bytes/,
  );
  await refused(`{"x":{${x}},"x":{${x}}}`, /its header has the key "x" twice/);
  await refused(`{"x":{${x},"dtype":"F32"}}`, /its header has the key "dtype" twice/);
  await refused(`{"x":{"dtype":"toString","shape":[4],"data_offsets":[0,16]}}`, /has the type "toString"/);
  await refused(`{"__metadata__":{"format":5},"x":{${x}}}`, /its metadata must be an object of texts/);
  await refused('{"x":null}', /has the type undefined/);
  await refused("[1]", /its header must hold a JSON object/);
  await refused(Buffer.from([0x7b, 0xff, 0x7d]), /its header is not UTF-8/);
  await refused(
    '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
    /"y" begins at byte 4, and the one before it ends at 8/,
  );
  await refused(
    '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}',
    /"y" begins at byte 12, and the one before it ends at 8/,
  );
  await withHeader(`{"__proto__":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}}`);
  const file = await openSafetensors(weights());
  assert.deepEqual([...file.entries.keys()], ["__proto__"]);
  await file.close();
});

test("a weight that is NaN, infinite or implausibly large is refused, at any place and of any type", async () => {
  for (const value of [NaN, Infinity, -Infinity, 3e38, -2e18]) {
    for (const tensor of ["bert.encoder.layer.1.output.dense.bias", "classifier.weight"]) {
      await cp(join(fixtureDirectory("bert"), "model.safetensors"), weights());
      await changeTensors((tensors) =>
        tensors.map((t) =>
          t.name === tensor ? { ...t, values: t.values.map((v, i) => (i === t.values.length - 1 ? value : v)) } : t,
        ),
      );
      await assert.rejects(
        load(),
        refusedShortly(
          new RegExp(`tensor "${tensor.replaceAll(".", "\\.")}" must hold finite numbers; number \\d+ of \\d+ is `),
        ),
      );
    }
  }
  await cp(join(fixtureDirectory("bert"), "model.safetensors"), weights());
  await changeTensors((tensors) => [
    ...tensors,
    { name: "cls.predictions.bias", shape: [2], values: Float32Array.of(1, NaN) },
  ]);
  await assert.rejects(
    load(),
    refusedShortly(/tensor "cls\.predictions\.bias" must hold finite numbers; number 1 of 2 is NaN/),
  );
  const half = Buffer.from(
    JSON.stringify({
      h: { dtype: "F16", shape: [2], data_offsets: [0, 4] },
      b: { dtype: "BF16", shape: [2], data_offsets: [4, 8] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(half.length));
  await writeFile(weights(), Buffer.concat([length, half, Buffer.from(Uint16Array.of(0, 0x7c00, 0x7fc0, 0).buffer)]));
  const file = await openSafetensors(weights());
  await assert.rejects(file.readFloats("h"), refusedShortly(/"h" must hold finite numbers; number 1 of 2 is Infinity/));
  await assert.rejects(file.readFloats("b"), refusedShortly(/"b" must hold finite numbers; number 0 of 2 is NaN/));
  await file.close();
});

test("invalid sizes in config.json, and sizes that do not fit the weights, are refused at once", async () => {
  for (const name of [
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
  ]) {
    for (const value of [1e308, 2 ** 31, 0, -1, 2.5, "12", true, [12], {}, null]) {
      await cp(join(fixtureDirectory("bert"), "config.json"), join(folder, "config.json"));
      await changeConfig({ [name]: value });
      await assert.rejects(
        load(),
        refusedShortly(new RegExp(`"${name}" must be a whole number from 1 to 2147483647; got `)),
      );
    }
    await changeConfig({ [name]: 2 ** 31 - 1 });
    await assert.rejects(load(), refusedShortly(/must have the shape|number of layers|multiple of/));
  }
  await cp(join(fixtureDirectory("bert"), "config.json"), join(folder, "config.json"));
  await changeConfig({ model_type: "x".repeat(1e6) });
  await assert.rejects(load(), refusedShortly(/model_type is "xxx/));
  await changeConfig({
    model_type: "bert",
    hidden_act: Array.from({ length: 1e5 }, () => "gelu"),
    initializer_range: 1e308,
    layer_norm_eps: 1e9,
    id2label: Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [i + 1, "x"])),
  });
  await assert.rejects(load(), refusedShortly(/initializer_range[\s\S]*id2label|id2label[\s\S]*initializer_range/));
});

test("a folder, a pipe or a broken link instead of a file is an error at once", async () => {
  for (const name of ["config.json", "model.safetensors"]) {
    const path = join(folder, name);
    await rm(path, { force: true });
    await mkdir(path);
    await assert.rejects(
      load(),
      refusedShortly(new RegExp(`${name.replace(".", "\\.")} must be a file; got a folder`)),
    );
    await rm(path, { recursive: true });
    execFileSync("mkfifo", [path]);
    await assert.rejects(
      load(),
      refusedShortly(new RegExp(`${name.replace(".", "\\.")} must be a file; got a named pipe`)),
    );
    await rm(path);
    await symlink("nowhere", path);
    await assert.rejects(load(), refusedShortly(/is a link to a file that does not exist|weights were not found at/));
    await rm(path);
    await cp(join(fixtureDirectory("bert"), name), path);
  }
});

test("F16 and BF16 are widened", async () => {
  const json = Buffer.from(
    JSON.stringify({
      h: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
      b: { dtype: "BF16", shape: [2], data_offsets: [8, 12] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const words = Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x3f80, 0xc2f7).buffer);
  await writeFile(weights(), Buffer.concat([length, json, words]));
  const file = await openSafetensors(weights());
  assert.deepEqual([...(await file.readFloats("h"))], [1, -2, 2 ** -24, 65504]);
  assert.deepEqual([...(await file.readFloats("b"))], [1, -123.5]);
  await file.close();
});

test("another architecture is refused by name, and the message names the nearest supported one", async () => {
  const known = '"bert", "distilbert", "roberta", [^.]*"modernbert"[^.]*\\.';
  for (const [type, what] of [
    ["gpt2", 'It is a decoder, which generates text; the nearest choice is "modernbert"\\.'],
    ["roformer", 'rotary positions; the nearest choice is "modernbert"\\.'],
    ["constructor", "Choose a model of one of these types\\."],
  ]) {
    await changeConfig({ model_type: type });
    await assert.rejects(load(), refusedShortly(new RegExp(`model_type is "${type}"; tslora reads ${known}.*${what}`)));
  }
});

test("an invalid config is refused with all its problems", async () => {
  await changeConfig({
    hidden_size: 13,
    num_hidden_layers: 0,
    hidden_dropout_prob: 1,
    hidden_act: "selu",
    position_embedding_type: "relative_key",
  });
  await assert.rejects(
    load(),
    /"num_hidden_layers"[\s\S]*"hidden_dropout_prob"[\s\S]*selu[\s\S]*multiple of the 3 heads[\s\S]*"relative_key"/,
  );
  await writeFile(join(folder, "config.json"), "{");
  await assert.rejects(load(), /config\.json is not JSON/);
});

test("null is refused where transformers does not accept it; as classifier dropout it means the hidden dropout", async () => {
  for (const name of [
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "hidden_act",
    "layer_norm_eps",
    "initializer_range",
  ]) {
    await cp(join(fixtureDirectory("bert"), "config.json"), join(folder, "config.json"));
    await changeConfig({ [name]: null });
    await assert.rejects(load(), refusedShortly(/must be .*; got null/), name);
  }
  await cp(join(fixtureDirectory("bert"), "config.json"), join(folder, "config.json"));
  await changeConfig({ classifier_dropout: null, hidden_dropout_prob: 0.25 });
  assert.equal((await readEncoderConfig(folder)).classifierDropout, 0.25);
  await changeConfig({ classifier_dropout: 0.5 });
  assert.equal((await readEncoderConfig(folder)).classifierDropout, 0.5);
  await cp(join(fixtureDirectory("bert"), "config.json"), join(folder, "config.json"));
});

test("missing, unexpected and mis-shaped weights are all named", async () => {
  for (const num_hidden_layers of [4, 2, 1e5, 2 ** 31 - 1]) {
    await changeConfig({ num_hidden_layers });
    await assert.rejects(
      load(),
      new RegExp(`"num_hidden_layers" must be the number of layers in the weights, 3; got ${num_hidden_layers}\\.$`),
    );
  }
  await changeConfig({ num_hidden_layers: 3 });
  await changeTensors((tensors) => [
    ...tensors.filter(({ name }) => !name.endsWith("layer.1.attention.self.query.weight")),
    { name: "bert.more", shape: [1], values: Float32Array.of(1) },
  ]);
  await assert.rejects(
    load(),
    /"bert\.encoder\.layer\.1\.attention\.self\.query\.weight" of shape \[12, 12\] is missing[\s\S]*"bert\.more" is unexpected/,
  );
  await cp(join(fixtureDirectory("bert"), "model.safetensors"), weights());
  await assert.rejects(
    load(3),
    (error: Error) =>
      /^The model's head has 2 labels.*; 3 labels were requested.*newHead: true/.test(error.message) &&
      !error.message.includes("config.json"),
  );
});

test("a folder without weights, or only with another library's, is an error with advice", async () => {
  await rm(weights());
  await assert.rejects(load(), /not found at .*model\.safetensors\. A model folder/);
  await writeFile(join(folder, "bert_model.ckpt.index"), "x");
  await assert.rejects(load(), /its weights are a TensorFlow 1 or Lightning checkpoint \(bert_model\.ckpt\.index\)/);
  await writeFile(join(folder, "pytorch_model.bin"), "x");
  await assert.rejects(load(), /pytorch_model\.bin is not a whole file of torch\.save: it begins with "x"/);
});

test("written weights are read back bit for bit", async () => {
  const path = join(folder, "out.safetensors");
  const tensors = [
    { name: "b", shape: [2, 2], values: Float32Array.of(1, -0, -1e18, 1e-40) },
    { name: "a", shape: [], values: Float32Array.of(3) },
  ];
  await writeSafetensors(path, { tensors, metadata: { format: "pt" } });
  const file = await openSafetensors(path);
  for (const { name, shape, values } of tensors) {
    assert.deepEqual(file.entries.get(name)?.shape, shape);
    assert.deepEqual(new Uint8Array((await file.readFloats(name)).buffer), new Uint8Array(values.buffer));
  }
  assert.deepEqual(file.metadata, { format: "pt" });
  await file.close();
});
