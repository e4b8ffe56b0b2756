import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { sharedOps } from "../../src/ops/shared-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments } from "../../src/model/parts/packed-batch";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { positionIds } from "../../src/model/parts/position-ids";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
import { SEVEN_DIGITS } from "../ops/expect-within";
import { expectLogits, fixtureDirectory, referenceOf, unpack } from "./fixture";

const ops = sharedOps();

interface Stored {
  readonly documents: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
}

async function logitsOf(
  directory: string,
  { documents, numLabels }: { documents: Stored["documents"]; numLabels: number },
): Promise<number[][]> {
  const { model } = await loadClassificationModel(directory, { ops, numLabels, seed: 1 });
  const batch = packDocuments(documents.map((ids) => Int32Array.from(ids)));
  const logits = model.predict(batch);
  const rows = unpack(await ops.read(logits), batch, numLabels);
  ops.dispose(logits);
  model.dispose();
  return rows;
}

for (const [kind, numLabels] of [
  ["fp16", 3],
  ["bf16", 2],
  ["sharded", 2],
] as const) {
  test(`${kind}: logits, and transformers', are the double-precision ones of the weights as stored, up to 32-bit rounding`, async () => {
    const { documents, logits } = JSON.parse(
      readFileSync(join(fixtureDirectory(kind), "expected.json"), "utf8"),
    ) as Stored;
    const rows = await logitsOf(fixtureDirectory(kind), { documents, numLabels });
    const expected = { documents, labels: documents.map(() => 0) };
    const reference = await referenceOf(kind, { expected, numLabels, prepare: () => undefined });
    for (const [what, each] of Object.entries({ ours: rows, "transformers'": logits }))
      expectLogits(each, reference, { expected, what, storage: SEVEN_DIGITS });
    assert.equal(ops.alive(), 0);
  });
}

test("every half precision number that a weight can be is converted as IEEE 754 requires", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-halves-"));
  const bits = new DataView(new ArrayBuffer(4));
  const bfloat = (word: number): number => (bits.setUint16(0, word), bits.getFloat32(0));
  const all = Array.from({ length: 65536 }, (_, i) => i);
  const [halfWords, brainWords] = [
    all.filter((word) => ((word >> 10) & 31) < 31),
    all.filter((word) => Math.abs(bfloat(word)) < 2 ** 60),
  ].map((words) => Uint16Array.from(words));
  const [inHalves, inAll] = [halfWords.byteLength, halfWords.byteLength + brainWords.byteLength];
  const json = Buffer.from(
    JSON.stringify({
      h: { dtype: "F16", shape: [halfWords.length], data_offsets: [0, inHalves] },
      b: { dtype: "BF16", shape: [brainWords.length], data_offsets: [inHalves, inAll] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(
    join(folder, "x.safetensors"),
    Buffer.concat([length, json, Buffer.from(halfWords.buffer), Buffer.from(brainWords.buffer)]),
  );
  const file = await openSafetensors(join(folder, "x.safetensors"));
  const [halves, brains] = [await file.readFloats("h"), await file.readFloats("b")];
  await file.close();
  halfWords.forEach((word, i) => {
    const [sign, exponent, fraction] = [word >> 15 ? -1 : 1, (word >> 10) & 31, word & 1023];
    const half = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    assert.ok(Object.is(halves[i], sign * half), `half ${word}`);
  });
  brainWords.forEach((word, i) => assert.ok(Object.is(brains[i], bfloat(word)), `bfloat ${word}`));
  await rm(folder, { recursive: true });
});

test("RoBERTa without a head or a prefix: the pooler is ignored, and the head is initialized", async () => {
  const { model, newlyInitialized, unused } = await loadClassificationModel(fixtureDirectory("bare-roberta"), {
    ops,
    numLabels: 4,
    seed: 1,
  });
  assert.deepEqual(newlyInitialized, [
    "classifier.dense.weight",
    "classifier.dense.bias",
    "classifier.out_proj.weight",
    "classifier.out_proj.bias",
  ]);
  assert.deepEqual(unused, ["pooler.dense.bias", "pooler.dense.weight"]);
  assert.equal(model.config.maxTokens, 20);
  model.dispose();
});

test("RoBERTa's positions begin after the pad token's id, and do not count pad tokens in a text", () => {
  const batch = packDocuments([Int32Array.of(0, 2), Int32Array.of(0, 1, 7, 2), Int32Array.of(0, 5, 1, 2)]);
  assert.deepEqual([...positionIds(batch, { kind: "learned", countedFrom: 1 })], [2, 3, 2, 1, 3, 4, 2, 3, 1, 4]);
});

test("shards that do not fit their index are refused, and named", async () => {
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const inCopy = async (
    change: (folder: string, index: { weight_map: Record<string, unknown> }) => Promise<void>,
    message: RegExp,
  ): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "tslora-shards-"));
    await cp(fixtureDirectory("sharded"), folder, { recursive: true });
    const path = join(folder, "model.safetensors.index.json");
    const index = JSON.parse(await readFile(path, "utf8")) as { weight_map: Record<string, unknown> };
    await change(folder, index);
    await writeFile(path, JSON.stringify(index));
    await assert.rejects(loadClassificationModel(folder, { ops, numLabels: 2, seed: 1 }), message);
    await rm(folder, { recursive: true });
    assert.equal(ops.alive(), 0);
  };
  const bias = "pre_classifier.bias";
  for (const outside of [
    "../x.safetensors",
    "/etc/x.safetensors",
    "a\\x.safetensors",
    "sub/x.safetensors",
    "pytorch_model.bin",
    7,
    null,
  ]) {
    await inCopy(
      async (_, index) => void (index.weight_map[bias] = outside),
      /the shard of "pre_classifier\.bias" must be .*same folder; got/,
    );
  }
  await inCopy(
    (folder) => rm(join(folder, second)),
    /names "model-00002-of-00002\.safetensors", and the folder has no such file/,
  );
  await inCopy(
    async (_, index) => void (index.weight_map[bias] = index.weight_map[bias] === first ? second : first),
    /"pre_classifier\.bias" must be in model-0000\d.*; it is in model-0000\d/,
  );
  await inCopy(
    async (_, index) => void (index.weight_map.other = first),
    /"other" must be in model-00001.*; it is in no shard/,
  );
  await inCopy(
    async (_, index) => void delete index.weight_map[bias],
    /"pre_classifier\.bias" in model-0000\d.* is not in the index/,
  );
  await inCopy(async (folder, index) => {
    const extra = "model-extra.safetensors";
    await writeSafetensors(join(folder, extra), {
      tensors: [
        { name: bias, shape: [8], values: new Float32Array(8) },
        { name: "cls.x", shape: [1], values: new Float32Array(1) },
      ],
    });
    index.weight_map["cls.x"] = extra;
  }, /"pre_classifier\.bias" is in several shards: .*model-extra\.safetensors/);
  await inCopy(async (folder) => {
    await rename(join(folder, first), join(folder, "x"));
    await rename(join(folder, second), join(folder, first));
    await rename(join(folder, "x"), join(folder, second));
  }, /must be in model-00001/);
  await inCopy(async (_, index) => void (index.weight_map = {}), /"weight_map"/);
});

test("a header that holds one tensor twice is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-twice-"));
  const json = Buffer.from(
    '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(join(folder, "x.safetensors"), Buffer.concat([length, json, Buffer.alloc(8)]));
  await assert.rejects(
    openSafetensors(join(folder, "x.safetensors")),
    /its header has the key "x" twice in one object/,
  );
  await rm(folder, { recursive: true });
});

test("other architectures are refused by name, with the supported ones", async () => {
  for (const type of ["deberta", "longformer", "xlnet", "t5", "gpt2", "llama"]) {
    const folder = await mkdtemp(join(tmpdir(), "tslora-type-"));
    await cp(fixtureDirectory("bert"), folder, { recursive: true });
    const path = join(folder, "config.json");
    await writeFile(
      path,
      JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), model_type: type }),
    );
    await assert.rejects(
      loadClassificationModel(folder, { ops, numLabels: 2, seed: 1 }),
      new RegExp(`model_type is "${type}"; tslora reads "bert", "distilbert", "roberta", `),
    );
    await rm(folder, { recursive: true });
  }
});
