import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TensorflowOps } from "../../src/device/tensorflow-ops";
import { addAdapter } from "../../src/lora/adapter";
import { loadAdapter } from "../../src/lora/load-adapter";
import { resolveLoraConfig, type LoraConfig } from "../../src/lora/lora-config";
import { matchModules } from "../../src/lora/match-modules";
import { saveAdapter } from "../../src/lora/save-adapter";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import type { ClassificationModel } from "../../src/model/classification-model";
import { openSafetensors } from "../../src/model/read-safetensors";
import { batchOf, expectedOf, fixtureDirectory, gradientsOf, maxDifference, TINY_MODELS, unpack } from "../model/fixture";

const ops = new TensorflowOps();
let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-adapter-"))));
after(() => rm(folder, { recursive: true, force: true }));

const load = async (kind: string): Promise<ClassificationModel> => (await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 })).model;
const predict = async (model: ClassificationModel, kind: string): Promise<number[][]> => {
  const batch = batchOf(expectedOf(kind));
  const logits = model.predict(batch);
  const rows = unpack(await ops.read(logits), batch, 2);
  ops.dispose(logits);
  return rows;
};
const resolve = (model: ClassificationModel, config: LoraConfig): ReturnType<typeof resolveLoraConfig> => resolveLoraConfig(config, model.config);

for (const kind of TINY_MODELS) {
  test(`${kind}: an adapter that peft wrote gives peft's logits and gradients`, async () => {
    const expected = expectedOf(kind);
    const model = await load(kind);
    const { adapter, unknownKeys } = await loadAdapter(model, { directory: join(fixtureDirectory(kind), "adapter") });
    assert.deepEqual(unknownKeys, []);
    const { logits, gradients } = await gradientsOf(model, expected);
    logits.forEach((row, i) => assert.ok(maxDifference(row, expected.lora.logits[i]) < 1e-5));
    const named = new Map([...gradients].map(([name, g]) => [name.startsWith("base_model.") ? name : `base_model.model.${name}`, g]));
    const wanted = expected.lora.gradients;
    assert.deepEqual([...named.keys()].sort(), Object.keys(wanted).sort());
    for (const [name, gradient] of named) {
      const scale = Math.max(...wanted[name].map(Math.abs), 1e-3);
      assert.ok(maxDifference(gradient, wanted[name]) < 1e-4 * scale, `${name}: ${maxDifference(gradient, wanted[name])} of ${scale}`);
    }
    adapter.dispose();
    model.dispose();
  });

  test(`${kind}: an adapter saved and read back gives equal logits, and the file has peft's names and shapes`, async () => {
    const model = await load(kind);
    const peft = join(fixtureDirectory(kind), "adapter");
    const { adapter } = await loadAdapter(model, { directory: peft });
    const wanted = await predict(model, kind);
    const directory = join(folder, kind);
    await saveAdapter(adapter, { directory, baseModel: "some/model" });
    const other = await load(kind);
    await loadAdapter(other, { directory });
    assert.deepEqual(await predict(other, kind), wanted);

    const [ours, theirs] = [await openSafetensors(join(directory, "adapter_model.safetensors")), await openSafetensors(join(peft, "adapter_model.safetensors"))];
    const shapes = (file: typeof ours): unknown[] => [...file.entries.values()].map(({ name, shape, dtype }) => [name, shape, dtype]).sort();
    assert.deepEqual(shapes(ours), shapes(theirs));
    assert.deepEqual(ours.metadata, theirs.metadata);
    await ours.close();
    await theirs.close();
    const config = JSON.parse(await readFile(join(directory, "adapter_config.json"), "utf8")) as Record<string, unknown>;
    const peftConfig = JSON.parse(await readFile(join(peft, "adapter_config.json"), "utf8")) as Record<string, unknown>;
    for (const [key, value] of Object.entries(config)) if (key !== "base_model_name_or_path") assert.deepEqual(value, peftConfig[key], key);
  });

  test(`${kind}: a new adapter changes no logit, trains A, B and the head alone, and comes off without a trace`, async () => {
    const model = await load(kind);
    const plain = await predict(model, kind);
    const alive = ops.alive();
    const adapter = addAdapter(model, { config: resolve(model, { r: 2, targetModules: "all-linear", loraDropout: 0 }), seed: 3 });
    assert.deepEqual(await predict(model, kind), plain);
    const trained = [...(await gradientsOf(model, expectedOf(kind))).gradients.keys()];
    assert.deepEqual(trained.sort(), adapter.parameters().map(({ name }) => name).sort());
    adapter.dispose();
    assert.deepEqual(await predict(model, kind), plain);
    assert.equal(ops.alive(), alive);
    model.dispose();
  });
}

test("the same seed draws the same A, uniform within 1 / sqrt(in); B is 0", async () => {
  const model = await load("bert");
  const draw = async (seed: number): Promise<Float32Array[]> => {
    const adapter = addAdapter(model, { config: resolve(model, { r: 4 }), seed });
    const values = await Promise.all([...adapter.updates.values()].flatMap(({ a, b }) => [ops.read(a.value), ops.read(b.value)]));
    adapter.dispose();
    return values;
  };
  const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
  first.forEach((values, i) => assert.ok(values.every((x) => (i % 2 === 0 ? Math.abs(x) <= 1 / Math.sqrt(12) : x === 0))));
});

test("target_modules match as in peft", () => {
  const modules = ["m.layer.0.attention.q_lin", "m.layer.0.attention.k_lin", "m.layer.1.attention.q_lin", "m.layer.0.ffn.lin1"];
  assert.deepEqual(matchModules(modules, ["q_lin"]), [modules[0], modules[2]]);
  assert.deepEqual(matchModules(modules, ["attention.k_lin", "m.layer.0.ffn.lin1"]), [modules[1], modules[3]]);
  assert.deepEqual(matchModules(modules, ".*layer\\.0.*(q|k)_lin"), [modules[0], modules[1]]);
  assert.throws(() => matchModules(modules, ["lin"]), /"lin" matches no linear layer[\s\S]*m\.layer\.\*\.attention\.q_lin/);
  assert.throws(() => matchModules(modules, "q_lin"), /pattern q_lin matches no/);
});

test("options out of range are refused, all at once", async () => {
  const model = await load("distilbert");
  assert.throws(() => resolve(model, { r: 0, loraAlpha: NaN, loraDropout: 1, targetModules: [] }), /r is to be[\s\S]*loraAlpha[\s\S]*loraDropout[\s\S]*targetModules/);
  assert.throws(() => resolve(model, { r: 9 }), /from 1 to the model's width, 8; 9 came/);
  assert.throws(() => resolve(model, { targetModules: "(" }), /not a regular expression/);
  assert.throws(() => resolve(model, { rank: 3 } as LoraConfig), /"rank" is not an option/);
  model.dispose();
});

test("an adapter that does not fit is refused with every key at fault, and the model stays as it was", async () => {
  const model = await load("bert");
  const plain = await predict(model, "bert");
  const directory = join(fixtureDirectory("distilbert"), "adapter");
  await assert.rejects(loadAdapter(model, { directory }), /matches no linear layer/);
  const config = JSON.parse(await readFile(join(fixtureDirectory("bert"), "adapter", "adapter_config.json"), "utf8")) as Record<string, unknown>;
  const bytes = await readFile(join(fixtureDirectory("bert"), "adapter", "adapter_model.safetensors"));
  await writeFile(join(folder, "adapter_model.safetensors"), bytes);
  const tryWith = async (change: Record<string, unknown>): Promise<unknown> => {
    await writeFile(join(folder, "adapter_config.json"), JSON.stringify({ ...config, ...change }));
    return loadAdapter(model, { directory: folder });
  };
  await assert.rejects(tryWith({ r: 2 }), /lora_A\.weight" has the shape \[3, 12\]; \[2, 12\] was expected[\s\S]*lora_B/);
  await assert.rejects(tryWith({ target_modules: ["query"] }), /value\.lora_A\.weight" is unexpected/);
  await assert.rejects(tryWith({ use_dora: true, bias: "all" }), /bias is "all"[\s\S]*use_dora is true/);
  await writeFile(join(folder, "adapter_model.safetensors"), bytes.subarray(0, bytes.length - 7));
  await assert.rejects(tryWith({}), /not a whole safetensors file/);
  assert.deepEqual(await predict(model, "bert"), plain);
  model.dispose();
});
