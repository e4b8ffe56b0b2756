import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { distributeRanks } from "../../src/lora/eva/distribute-ranks";
import { evaComponents } from "../../src/lora/eva/find-directions";
import { minimalTargets } from "../../src/lora/eva/minimal-targets";
import { TorchNormals } from "../../src/lora/eva/torch-normals";
import type { EvaConfig, LoraConfig } from "../../src/lora/lora-config";
import { toPeftConfig } from "../../src/lora/peft-config";
import type { Ops } from "../../src/ops/ops";
import { initializeLoraEvaWeights, type InitializeEvaOptions } from "../../src/training/initialize-lora-eva-weights";
import { train } from "../../src/training/train";
import { expectWithin, SEVEN_DIGITS } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";
import { ops, tinyClassifier } from "./tiny";

interface Golden {
  readonly kind: "bert" | "distilbert";
  readonly options: Readonly<Record<string, unknown>>;
  readonly eva: Readonly<Record<string, unknown>>;
  readonly saved: Readonly<Record<string, unknown>>;
  readonly directions: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly scalings: Readonly<Record<string, number>>;
}

/** Results of peft and torch: see test/lora/write-eva-goldens.py. */
const goldens = JSON.parse(readFileSync(join(projectRoot(), "test", "lora", "golden-eva.json"), "utf8")) as {
  readonly normals: readonly {
    readonly seed: number;
    readonly count: number;
    readonly precision: "float32" | "float64";
    readonly first: readonly number[];
    readonly last: readonly number[];
  }[];
  readonly cases: readonly Golden[];
};

/** The texts of the goldens: token ids, with a label that EVA does not read. */
const data = Array.from({ length: 40 }, (_, i) => ({
  text: [2, ...Array.from({ length: 3 + (i % 7) }, (_, k) => 5 + ((i * i + 3 * k * (i % 4) + k) % 40)), 3].join(" "),
  label: i % 2,
}));
const BATCHES: InitializeEvaOptions = { perDeviceTrainBatchSize: 8, trainSamplingStrategy: "sequential" };

/** Options under tslora's names. */
function camelCase(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

async function start(golden: Golden, on: Ops = ops): Promise<SequenceClassifier> {
  const c = await tinyClassifier(golden.kind, on);
  c.addAdapter({
    ...(camelCase(golden.options) as LoraConfig),
    loraDropout: 0,
    initLoraWeights: "eva",
    evaConfig: camelCase(golden.eva),
  });
  return c;
}

/** A of each adapted layer, by its module. */
async function directionsOf(c: SequenceClassifier): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const [module, { a }] of c.adapter?.updates ?? []) found.set(module, await a.read());
  return found;
}

/**
 * peft whitens the directions of two layers with one input in place, once for each layer: rows of length 1 / sqrt(s)
 * get the length 1 / s.
 */
function whitenedTwice({ values, bounds }: Bounded, features = 8): Bounded {
  const length = values.map((_, i) => {
    const row = i - (i % features);
    return Math.hypot(...values.subarray(row, row + features));
  });
  return {
    values: values.map((value, i) => value * length[i]),
    bounds: bounds.map((bound, i) => 2 * bound * length[i]),
  };
}

for (const golden of goldens.cases) {
  test(`${golden.kind}, ${JSON.stringify(golden.eva)}: ranks and files are peft's, and directions up to rounding`, async () => {
    const c = await start(golden);
    const logits = await c.predictLogits(data.map(({ text }) => text));
    const adapter = await initializeLoraEvaWeights(c, data, { ...BATCHES, maxTokensPerPass: 40 });
    assert.equal(c.adapter, adapter);
    assert.deepEqual(await c.predictLogits(data.map(({ text }) => text)), logits, "B is 0");

    const { eva_config, init_lora_weights, rank_pattern, alpha_pattern, target_modules, r, lora_alpha } = toPeftConfig(
      adapter.config,
      "tiny",
    );
    const saved = { eva_config, init_lora_weights, rank_pattern, alpha_pattern, target_modules, r, lora_alpha };
    assert.deepEqual({ ...saved, target_modules: [...(target_modules as string[])].sort() }, golden.saved);
    const scalings = Object.fromEntries([...adapter.updates].map(([module, { scaling }]) => [module, scaling]));
    assert.deepEqual(scalings, golden.scalings);

    const found = await directionsOf(c);
    const exact = await sampleRounding(async (on) => {
      const twin = await start(golden, on);
      await initializeLoraEvaWeights(twin, data, BATCHES);
      const directions = await directionsOf(twin);
      twin.dispose();
      return directions;
    });
    for (const [module, reference] of exact) {
      const wanted = (golden.directions[module] ?? []).flat();
      expectWithin(found.get(module) ?? [], reference, { what: `ours: ${module}` });
      const inPeft = golden.eva.whiten === true && /[qv]_lin/.test(module) ? whitenedTwice(reference) : reference;
      expectWithin(wanted, inPeft, { what: `peft: ${module}`, storage: SEVEN_DIGITS });
    }
    c.dispose();
  });
}

test("random numbers are torch's", () => {
  for (const { seed, count, precision, first, last } of goldens.normals) {
    const values = [...new TorchNormals(seed).draw(count, precision)];
    const bound = precision === "float32" ? 1e-6 : 1e-12;
    const pairs = [...values.slice(0, 5), ...values.slice(-20)].map((value, i) => [value, [...first, ...last][i]]);
    for (const [value, wanted] of pairs) assert.ok(Math.abs(value - wanted) <= bound, `${seed}: ${value}, ${wanted}`);
  }
});

test("ranks go to the largest ratios, and the first layer of an input has the highest", () => {
  const layers = [
    { module: "q", source: "q" },
    { module: "o", source: "o" },
    { module: "k", source: "q" },
    { module: "v", source: "q" },
  ];
  const ratios = new Map([
    ["q", [0.5, 0.2, 0.1]],
    ["o", [0.4, 0.05, 0.01]],
  ]);
  const ranks = (budget: number): Record<string, number> =>
    Object.fromEntries(distributeRanks({ layers, ratios, budget }));
  assert.deepEqual(ranks(4), { q: 1, o: 1, k: 1, v: 1 });
  assert.deepEqual(ranks(5), { q: 2, o: 1, k: 1, v: 1 });
  assert.deepEqual(ranks(2), { q: 1, o: 0, k: 1, v: 0 });
  assert.deepEqual([evaComponents(3, 1.5), evaComponents(5, 1.5), evaComponents(3, 2)], [4, 8, 6]);
});

test("from 20 targets on, adapter_config.json has their shortest unambiguous endings", () => {
  const names = (part: string, count = 24): string[] =>
    Array.from({ length: count }, (_, i) => `encoder.layer.${i}.${part}`);
  assert.deepEqual([...minimalTargets([...names("query"), ...names("value")], names("key"))].sort(), [
    "query",
    "value",
  ]);
  const targets = names("query").slice(1);
  assert.deepEqual(
    new Set(minimalTargets(targets, ["encoder.layer.0.query"])),
    new Set(targets.map((t) => t.slice(14))),
  );
  assert.deepEqual(minimalTargets(names("query", 3), []), names("query", 3));
});

test("an adapter is trained only after its initialization by EVA, and is then read back as by peft", async () => {
  const [golden] = goldens.cases;
  const c = await start(golden);
  const run = async (): Promise<void> => {
    for await (const event of train(c, { train: data, maxSteps: 2 })) assert.ok(event);
  };
  await assert.rejects(
    run(),
    /"default" has initLoraWeights "eva" and no directions yet. Call initializeLoraEvaWeights/,
  );
  const notices: [number, number][] = [];
  await initializeLoraEvaWeights(c, data, {
    ...BATCHES,
    onProgress: (done, total) => void notices.push([done, total]),
  });
  assert.deepEqual(
    [notices[0], notices.at(-1)],
    [
      [0, 3],
      [3, 3],
    ],
  ); // query and value of a layer have one input
  await assert.rejects(
    initializeLoraEvaWeights(c, data),
    /must be new, with initLoraWeights "eva", and not initialized/,
  );
  await run();
  const folder = await mkdtemp(join(tmpdir(), "tslora-eva-"));
  await c.saveAdapter(folder);
  const config = JSON.parse(await readFile(join(folder, "adapter_config.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(config.eva_config, golden.saved.eva_config);
  const other = await tinyClassifier(golden.kind);
  assert.deepEqual(await other.loadAdapter(folder), []);
  assert.deepEqual(other.adapter?.config, c.adapter?.config);
  assert.deepEqual(await directionsOf(other), await directionsOf(c));
  await rm(folder, { recursive: true });
  for (const one of [c, other]) one.dispose();
});

test("the same texts give the same directions, bit for bit, and no tensor is left", async () => {
  const c = await tinyClassifier("bert");
  const once = async (): Promise<{ alive: number; directions: ReadonlyMap<string, Float32Array> }> => {
    c.addAdapter({ r: 2, initLoraWeights: "eva", targetModules: "all-linear", excludeModules: ["pooler.dense"] });
    await initializeLoraEvaWeights(c, data);
    const result = { alive: ops.alive(), directions: await directionsOf(c) };
    c.deleteAdapter("default");
    return result;
  };
  await once(); // makes what the model keeps of its weights
  assert.deepEqual(await once(), await once());
  c.dispose();
});

test("options that EVA does not support are refused, and the adapter does not change", async () => {
  const c = await tinyClassifier("bert");
  assert.throws(
    () => c.addAdapter({ evaConfig: { rho: 2 } }),
    /evaConfig must be left out unless initLoraWeights is "eva"; got initLoraWeights true/,
  );
  const wrong = { rho: 0.5, tau: 1, whiten: 1, alpha: 2 } as unknown as EvaConfig;
  assert.throws(
    () => c.addAdapter({ initLoraWeights: "eva", evaConfig: wrong }),
    /"alpha" is not an option[\s\S]*rho must be[\s\S]*tau must be[\s\S]*whiten must be/,
  );
  await assert.rejects(initializeLoraEvaWeights(c, data), /got no adapter/);
  const adapter = c.addAdapter({ initLoraWeights: "eva", r: 4, targetModules: ["query", "pooler.dense"] });
  const before = await directionsOf(c);
  await assert.rejects(
    initializeLoraEvaWeights(c, data, { perDeviceTrainBatchSize: 4 }),
    /at least 8 rows for bert.pooler.dense.*Use larger batches/,
  );
  await assert.rejects(
    initializeLoraEvaWeights(c, data, { perDeviceTrainBatchSize: 0, maxTokensPerPass: 0.5 }),
    /perDeviceTrainBatchSize must be[\s\S]*maxTokensPerPass must be/,
  );
  const stop = AbortSignal.abort();
  await assert.rejects(initializeLoraEvaWeights(c, data, { signal: stop }), /abort/i);
  assert.equal(c.adapter, adapter);
  assert.deepEqual(await directionsOf(c), before);
  c.deleteAdapter("default");
  c.addAdapter({ initLoraWeights: "eva", r: 7, targetModules: ["query"] });
  await assert.rejects(initializeLoraEvaWeights(c, data), /r times rho must be at most 12, the inputs of .*; got 14/);
  c.dispose();
});
