import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { clearFrozenPrefixCache, makeRoom } from "../../src/classifier/prefix-cache/cache-room";
import { PrefixCache } from "../../src/classifier/prefix-cache/prefix-cache";
import { PrefixFolder } from "../../src/classifier/prefix-cache/prefix-folder";
import { hashPrefixWeights, prefixKey, textKey, type PrefixPass } from "../../src/classifier/prefix-cache/prefix-key";
import type { ClassificationModel } from "../../src/model/classification-model";
import { packDocuments, type TokenDocument } from "../../src/model/parts/packed-batch";
import { TINY_MODELS } from "../model/fixture";
import { ops, tinyModel } from "../lora/tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-cache-"))));
after(() => rm(folder, { recursive: true, force: true }));

const PASS: PrefixPass = { prefix: { kind: "layers", layers: 1 }, pass: "training" };
const DEVICE = "a processor";

async function keyOf(model: ClassificationModel, pass: PrefixPass = PASS, device = DEVICE): Promise<string> {
  const weights = await hashPrefixWeights(model, { prefix: pass.prefix, inUse: (own) => own });
  return prefixKey(model, { ...pass, weights, device });
}

function documents(model: ClassificationModel, count = 9): TokenDocument[] {
  const { vocabSize, maxTokens } = model.config;
  return Array.from({ length: count }, (_, i) => ({
    ids: Int32Array.from({ length: 2 + ((5 * i) % (maxTokens - 2)) }, (_, k) => (7 * i + 11 * k + 4) % vocabSize),
  }));
}

async function openCache(
  model: ClassificationModel,
  more: { directory: string; limit?: number },
): Promise<PrefixCache> {
  const key = await keyOf(model);
  return PrefixCache.open(model, { ...PASS, key, limit: 1e9, inUse: [key], ...more });
}

async function fill(cache: PrefixCache, texts: readonly TokenDocument[]): Promise<number> {
  let computed = 0;
  let first: number | undefined;
  for await (const { done } of cache.fill(texts, new AbortController().signal)) {
    first ??= done;
    computed = done - first;
  }
  return computed;
}

for (const kind of TINY_MODELS)
  test(`${kind}: the kernels' results for a text do not depend on its batch, to the bit`, async () => {
    const model = await tinyModel(kind);
    assert.equal(model.isBatchIndependent, true);
    const texts = documents(model);
    const { numHiddenLayers } = model.config;
    for (const pass of ["training", "evaluation"] as const)
      for (const prefix of [{ kind: "layers", layers: numHiddenLayers - 1 }, { kind: "pooled" }] as const) {
        const rowsOf = async (some: readonly TokenDocument[]): Promise<Float32Array[]> => {
          const batch = packDocuments(some);
          const rows = model.computePrefix(batch, { prefix, pass });
          const values = await ops.read(rows);
          ops.dispose(rows);
          const parts: Float32Array[] = [];
          let at = 0;
          for (const index of batch.order) {
            const size = model.prefixRows(prefix, some[index].ids.length) * model.config.hiddenSize;
            parts[index] = values.slice(at, (at += size));
          }
          return parts;
        };
        const together = await rowsOf(texts);
        for (const [i, text] of texts.entries()) {
          assert.deepEqual((await rowsOf([text]))[0], together[i]);
          const half = texts.filter((_, j) => j % 2 === i % 2);
          assert.deepEqual((await rowsOf(half))[half.indexOf(text)], together[i]);
        }
      }
    model.dispose();
    assert.equal(ops.alive(), 0);
  });

test("a weight, a size, the layer of the cut, the pass, the precision and the device each change a prefix's key", async () => {
  const model = await tinyModel("bert");
  const key = await keyOf(model);
  assert.equal(await keyOf(model), key);
  const again = await tinyModel("bert");
  assert.equal(await keyOf(again), key, "another process with the same model finds it");
  again.dispose();
  const others = [
    await keyOf(model, { ...PASS, prefix: { kind: "pooled" } }),
    await keyOf(model, { ...PASS, prefix: { kind: "layers", layers: 2 } }),
    await keyOf(model, { ...PASS, pass: "evaluation" }),
    await keyOf(model, { ...PASS, precision: "bfloat16" }),
    await keyOf(model, PASS, "another processor"),
  ];
  const { layerNormEps } = model.config;
  Object.assign(model.config, { layerNormEps: 2 * layerNormEps });
  others.push(await keyOf(model));
  Object.assign(model.config, { layerNormEps });
  for (const parameter of model.prefixParameters(PASS.prefix)) {
    const before = await parameter.read();
    const changed = before.slice();
    changed[changed.length - 1] += 1e-6;
    parameter.assign(ops.float(changed, parameter.shape));
    others.push(await keyOf(model));
    parameter.assign(ops.float(before, parameter.shape));
  }
  assert.equal(new Set([key, ...others]).size, others.length + 1);
  const above = model.parameters().filter((one) => !model.prefixParameters(PASS.prefix).includes(one));
  for (const parameter of above)
    parameter.assign(ops.float(new Float32Array(await parameter.read()).fill(1), parameter.shape));
  Object.assign(model.config, { hiddenDropout: 0.3, attentionDropout: 0 });
  assert.equal(await keyOf(model), key, "layers above and dropout do not count");
  model.dispose();
});

test("one token id, one token type or the order changes a text's key", () => {
  const ids = (...values: number[]): TokenDocument => ({ ids: Int32Array.from(values) });
  const typed = (...types: number[]): TokenDocument => ({ ...ids(2, 5, 6, 3), types: Int32Array.from(types) });
  const keys = [ids(2, 5, 6, 3), ids(2, 6, 5, 3), ids(2, 5, 7, 3), ids(2, 5, 6), typed(0, 0, 1, 1), typed(0, 1, 1, 1)];
  assert.equal(new Set(keys.map(textKey)).size, keys.length);
  assert.equal(textKey(typed(0, 0, 0, 0)), textKey(ids(2, 5, 6, 3)), "types of 0 alone are the same as none");
});

test("a second process reads the results of the first, and computes only those of new texts", async () => {
  const model = await tinyModel("distilbert");
  const directory = join(folder, "shared");
  const texts = documents(model, 9);
  const distinct = new Set(texts.map(textKey)).size;
  assert.equal(await fill(await openCache(model, { directory }), texts.slice(0, 4)), 4);
  const second = await openCache(model, { directory });
  assert.equal(await fill(second, texts), distinct - 4);
  const third = await openCache(model, { directory });
  assert.equal(await fill(third, texts), 0);
  assert.deepEqual(await third.valuesOf(texts), await second.valuesOf(texts));
  assert.ok((await clearFrozenPrefixCache({ directory })) > 0);
  assert.deepEqual(await readdir(directory), []);
  assert.equal(await fill(await openCache(model, { directory }), texts), distinct);
  model.dispose();
});

test("results of texts that are not in the cache are computed on request", async () => {
  const model = await tinyModel("mpnet");
  const texts = documents(model);
  const full = await openCache(model, { directory: join(folder, "full") });
  await fill(full, texts);
  const empty = await openCache(model, { directory: join(folder, "empty") });
  assert.deepEqual(await empty.valuesOf(texts), await full.valuesOf(texts));
  assert.deepEqual(empty.takeNotices(), []);
  await rm(join(folder, "full"), { recursive: true });
  const gone = await openCache(model, { directory: join(folder, "full") });
  await fill(gone, texts.slice(0, 2));
  assert.deepEqual(await gone.valuesOf(texts), await empty.valuesOf(texts));
  model.dispose();
});

test("a removed file of results that are not in memory is noticed once", async () => {
  const directory = join(folder, "noticed");
  const key = "0".repeat(40);
  const writer = PrefixFolder.open(directory, key);
  await writer.add([{ text: "a", values: Float32Array.of(1, 2) }]);
  const reader = PrefixFolder.open(directory, key);
  assert.equal(await reader.scan(), 0);
  assert.deepEqual(await reader.read("a"), Float32Array.of(1, 2));
  await rm(join(directory, key), { recursive: true });
  assert.ok(reader.has("a"));
  assert.equal(await reader.read("a"), undefined);
});

test("the least recently used prefixes are removed to make room, and never those in use", async () => {
  const directory = join(folder, "room");
  const names = ["a", "b", "c"].map((letter) => letter.repeat(40));
  for (const [i, name] of names.entries()) {
    await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, name, "x.prefix"), new Uint8Array(1000));
    await utimes(join(directory, name), 1000 + i, 1000 + i);
  }
  await writeFile(join(directory, "notes.txt"), "not the cache's");
  const [oldest, middle, newest] = names;
  assert.equal(await makeRoom(directory, { bytes: 500, limit: 3600, inUse: [] }), true);
  assert.equal((await readdir(directory)).length, 4);
  assert.equal(await makeRoom(directory, { bytes: 1000, limit: 3600, inUse: [oldest] }), true);
  assert.deepEqual((await readdir(directory)).sort(), [oldest, newest, "notes.txt"].sort());
  assert.ok(!(await readdir(directory)).includes(middle));
  assert.equal(await makeRoom(directory, { bytes: 9000, limit: 3600, inUse: [oldest] }), false);
  assert.deepEqual((await readdir(directory)).sort(), [oldest, "notes.txt"].sort());
});

test("a prefix's results of other texts are deleted before the limit becomes an error", async () => {
  const model = await tinyModel("bert");
  const directory = join(folder, "limited");
  const texts = documents(model, 9);
  await fill(await openCache(model, { directory }), texts.slice(0, 4));
  const bytes = await clearFrozenPrefixCache({ directory });
  const limit = 2 * bytes;
  await fill(await openCache(model, { directory, limit }), texts.slice(0, 4));
  const short = documents(model, 30).slice(20, 24);
  await fill(await openCache(model, { directory, limit }), short);
  await assert.rejects(
    fill(await openCache(model, { directory, limit: 100 }), texts),
    /frozenPrefixCacheLimit must be at least/,
  );
  model.dispose();
});
