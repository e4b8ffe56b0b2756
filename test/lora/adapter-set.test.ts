import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { LoraConfig } from "../../src/lora/lora-config";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import { expectWithin, NOTHING } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";
import { FURTHER_MODELS } from "../model/further-models";
import { maxDifference, TINY_MODELS } from "../model/fixture";
import { makeKept, ops, predict, scramble, tinyClassifier, tinyModel, weightsOf } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-set-"))));
after(() => rm(folder, { recursive: true, force: true }));

const MODULES_TO_SAVE = ["word_embeddings", "position_embeddings", "LayerNorm"];
const KINDS: Record<string, LoraConfig> = {
  LoRA: { r: 2, loraAlpha: 5, targetModules: "all-linear" },
  "DoRA with biases": { r: 2, useDora: true, useRslora: true, bias: "all", targetModules: "all-linear" },
  PiSSA: { r: 3, initLoraWeights: "pissa" },
  "LoRA with embeddings": { r: 2, modulesToSave: MODULES_TO_SAVE },
  OLoRA: { r: 3, initLoraWeights: "olora", useDora: true, bias: "lora_only" },
};
const texts = ["2 11 5 3", "2 7 7 9 30 41 3", "2 3"];
const logits = async (c: SequenceClassifier): Promise<Float32Array> => c.predictLogits(texts);

const sampled = new Map<string, ReturnType<typeof sampleRounding>>();

/** Logits with an adapter that is not merged and one that is, in double precision, with bounds. */
function mergedInDouble(kind: string, config: LoraConfig): ReturnType<typeof sampleRounding> {
  const key = `${kind} ${JSON.stringify(config)}`;
  const found =
    sampled.get(key) ??
    sampleRounding(async (on) => {
      const c = await tinyClassifier(kind, on);
      await scramble(c.addAdapter(config).parameters(), 1, on);
      const adapted = await logits(c);
      await c.mergeAdapter({ bound: Infinity });
      return new Map([
        ["adapted", adapted],
        ["merged", await logits(c)],
      ]);
    });
  sampled.set(key, found);
  return found;
}

/** In double precision both ways give the same numbers; in 32 bits they differ by no more than the rounding of both. */
function expectMerged(
  found: { adapted: Float32Array; merged: Float32Array },
  inDouble: ReadonlyMap<string, Bounded>,
): void {
  const [adapted, merged] = [inDouble.get("adapted") ?? NOTHING, inDouble.get("merged") ?? NOTHING];
  expectWithin(
    merged.values,
    { values: adapted.values, bounds: adapted.values.map((value) => 4 * 2 ** -24 * Math.max(1, Math.abs(value))) },
    { what: "in double precision" },
  );
  // Signs of singular vectors are a library's own, and with them what is added to them here: the bounds alone are
  // compared.
  expectWithin(
    found.merged,
    { values: Float64Array.from(found.adapted), bounds: adapted.bounds.map((bound, i) => bound + merged.bounds[i]) },
    { what: "merged" },
  );
}

/** The embeddings and norms of a tiny model, by the ends of their names. */
function embeddingsAndNorms(kind: string): readonly string[] {
  if (kind.startsWith("modernbert")) return ["tok_embeddings", "mlp_norm"];
  return kind.startsWith("deberta") ? ["word_embeddings", "LayerNorm"] : MODULES_TO_SAVE;
}

for (const kind of TINY_MODELS) {
  for (const [what, plan] of Object.entries(KINDS)) {
    // Two of each: all linear layers, and the rest.
    if (FURTHER_MODELS.includes(kind) && !/embeddings|biases/.test(what)) continue;
    const config = plan.modulesToSave === undefined ? plan : { ...plan, modulesToSave: embeddingsAndNorms(kind) };
    test(`${kind}, ${what}: merging does not change the results, and unmerging restores the weights bit for bit`, async () => {
      const c = await tinyClassifier(kind);
      const [own, plain] = [await weightsOf(c.model), await logits(c)];
      const adapter = c.addAdapter(config);
      await scramble(adapter.parameters());
      const adapted = await logits(c);
      assert.ok(maxDifference(adapted, plain) > 1e-3);
      const alive = ops.alive();
      const check = await c.mergeAdapter();
      assert.equal(c.adapterState, "merged");
      assert.ok(check.largestDifference <= check.bound && check.logits === 8);
      assert.match(
        String(check),
        /^Adapter "default" is in the weights of \d+ layers: on a fixed batch, 8 logits differ by at most \S+ \(bound \S+\)\.$/,
      );
      expectMerged({ adapted, merged: await logits(c) }, await mergedInDouble(kind, config));
      assert.deepEqual(await weightsOf(c.model), own);
      c.unmergeAdapter();
      assert.deepEqual(await logits(c), adapted);
      assert.deepEqual(await weightsOf(c.model), own);
      assert.equal(ops.alive(), alive);
      c.disableAdapter();
      assert.deepEqual(await logits(c), plain);
      c.enableAdapter();
      assert.deepEqual(await logits(c), adapted);
      await c.mergeAdapter();
      c.unload();
      assert.equal(c.adapterState, "none");
      assert.deepEqual(await logits(c), plain);
      assert.deepEqual(await weightsOf(c.model), own);
      c.dispose();
    });

    test(`${kind}, ${what}: after mergeAndUnload it is a model without adapter, which is saved and loaded`, async () => {
      const before = ops.alive();
      const c = await tinyClassifier(kind);
      await scramble(c.addAdapter(config).parameters());
      const adapted = await logits(c);
      await c.mergeAdapter();
      const directory = join(folder, `${kind} ${what}`);
      await c.saveModel(directory);
      const check = await c.mergeAndUnload();
      assert.ok(check.logits === 8 && check.largestDifference <= check.bound);
      assert.deepEqual([c.adapterState, c.adapterNames], ["none", []]);
      expectMerged({ adapted, merged: await logits(c) }, await mergedInDouble(kind, config));
      const read = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 9 });
      assert.deepEqual(await predict(read.model, kind), await predict(c.model, kind));
      assert.deepEqual(await weightsOf(read.model), await weightsOf(c.model));
      read.model.dispose();
      c.addAdapter(config); // and takes a new one
      c.dispose();
      assert.equal(ops.alive(), before);
    });
  }
}

test("of several adapters, one is active at a time, with its own head", async () => {
  const c = await tinyClassifier("distilbert");
  const own = await weightsOf(c.model);
  const plain = await logits(c);
  makeKept(c.model);
  const alive = ops.alive();
  const first = c.addAdapter({ r: 2 });
  const second = c.addAdapter({ r: 3, useDora: true, bias: "all", targetModules: "all-linear" }, { name: "second" });
  const third = c.addAdapter({ r: 1, initLoraWeights: "pissa" }, { name: "third" });
  for (const [i, adapter] of [first, second, third].entries()) await scramble(adapter.parameters(), i + 1);
  assert.deepEqual([c.activeAdapter, c.adapter, c.adapterNames], ["default", first, ["default", "second", "third"]]);
  assert.deepEqual(c.trainableParameters(), first.parameters());
  const alone: Record<string, Float32Array> = {};
  for (const name of ["second", "default", "third"]) {
    c.setAdapter(name);
    assert.deepEqual(c.trainableParameters(), c.adapter?.parameters());
    alone[name] = await logits(c);
  }
  assert.ok(maxDifference(alone.default, alone.second) > 1e-3 && maxDifference(alone.second, alone.third) > 1e-3);

  // Saved and loaded one by one, each gives the same results as with the others.
  const { directory } = await c.saveAdapter(folder, { name: "second" });
  assert.equal(directory, join(folder, "second"));
  await c.saveAdapter(folder, { name: "default" });
  assert.deepEqual((await readdir(folder)).filter((name) => /^(second|adapter_.*)$/.test(name)).sort(), [
    "adapter_config.json",
    "adapter_model.safetensors",
    "second",
  ]);
  const other = await tinyClassifier("distilbert");
  assert.deepEqual(await other.loadAdapter(directory, { name: "renamed" }), []);
  await other.loadAdapter(folder);
  assert.deepEqual(await logits(other), alone.second);
  other.setAdapter("default");
  assert.deepEqual(await logits(other), alone.default);
  other.deleteAdapter("renamed");
  await other.loadAdapter(folder, { name: "second" }); // in a folder of its name, next to the files of "default"
  other.setAdapter("second");
  assert.deepEqual(await logits(other), alone.second);
  other.dispose();

  c.setAdapter("second");
  c.disableAdapter();
  assert.deepEqual([c.adapterState, c.method, c.trainableParameters()], ["disabled", "none", []]);
  assert.deepEqual(await logits(c), plain);
  c.setAdapter("default");
  assert.deepEqual(await logits(c), plain);
  c.enableAdapter();
  assert.deepEqual(await logits(c), alone.default);
  c.setAdapter("third");
  c.deleteAdapter("third");
  assert.equal(c.activeAdapter, "default");
  assert.deepEqual(await logits(c), alone.default);
  c.deleteAdapter("default");
  assert.deepEqual(await logits(c), alone.second);
  c.deleteAdapter("second");
  assert.deepEqual([c.activeAdapter, c.adapterState, c.method], [undefined, "none", "none"]);
  assert.deepEqual(await logits(c), plain);
  assert.deepEqual(await weightsOf(c.model), own);
  assert.equal(ops.alive(), alive);
  c.dispose();
});

test("each call is allowed in the states of the table, and is otherwise an error with advice", async () => {
  const c = await tinyClassifier("bert");
  const drain = async (): Promise<void> => {
    for await (const _ of train(c, {
      train: [
        { text: texts[0], label: 0 },
        { text: texts[1], label: 1 },
      ],
      numTrainEpochs: 1,
    }))
      void _;
  };
  const refuses = async (calls: Record<string, () => unknown>, message: RegExp): Promise<void> => {
    for (const [call, run] of Object.entries(calls))
      await assert.rejects(
        async () => await run(),
        (error: Error) => message.test(error.message) && error.message.startsWith(call),
        call,
      );
  };
  const merge = () => c.mergeAdapter();
  await refuses(
    {
      disableAdapter: () => c.disableAdapter(),
      enableAdapter: () => c.enableAdapter(),
      mergeAdapter: merge,
      mergeAndUnload: () => c.mergeAndUnload(),
      saveAdapter: () => c.saveAdapter(folder),
    },
    /has no adapter/,
  );
  await refuses(
    {
      setAdapter: () => c.setAdapter("x"),
      deleteAdapter: () => c.deleteAdapter("x"),
      addWeightedAdapter: () => c.addWeightedAdapter({ adapters: ["x"], weights: [1], name: "y" }),
    },
    /no adapter "x"; the model has none/,
  );
  await refuses({ unmergeAdapter: () => c.unmergeAdapter() }, /no adapter is merged/);
  await refuses({ train: drain }, /there is nothing to train/);
  c.unload();

  c.addAdapter({ r: 1, bias: "all" });
  c.addAdapter({ r: 1 }, { name: "other" });
  await refuses({ addAdapter: () => c.addAdapter() }, /there is an adapter "default" already/);
  await refuses(
    { addAdapter: () => c.addAdapter({ bias: "lora_only" }, { name: "third" }) },
    /one adapter of a model may train biases, and "default" does/,
  );
  await refuses(
    { setAdapter: () => c.setAdapter("x"), saveAdapter: () => c.saveAdapter(folder, { name: "x" }) },
    /no adapter "x"; there are "default", "other"/,
  );
  await refuses({ trainAllWeights: () => c.trainAllWeights() }, /Call unload first/);
  await refuses({ unmergeAdapter: () => c.unmergeAdapter() }, /no adapter is merged/);
  await refuses(
    { saveModel: () => c.saveModel(folder) },
    /mergeAdapter \(or mergeAndUnload\) first[\s\S]*disableAdapter/,
  );
  c.enableAdapter();

  c.disableAdapter();
  c.disableAdapter();
  await refuses(
    { mergeAdapter: merge, mergeAndUnload: () => c.mergeAndUnload(), train: drain },
    /disabled. Call enableAdapter first/,
  );
  await refuses({ trainAllWeights: () => c.trainAllWeights() }, /Call unload first/);
  await c.saveModel(join(folder, "disabled"));
  c.enableAdapter();

  await c.mergeAdapter();
  const calls = {
    addAdapter: () => c.addAdapter({}, { name: "z" }),
    loadAdapter: () => c.loadAdapter(join(folder, "none"), { name: "z" }),
    setAdapter: () => c.setAdapter("other"),
    disableAdapter: () => c.disableAdapter(),
    enableAdapter: () => c.enableAdapter(),
    deleteAdapter: () => c.deleteAdapter("other"),
    mergeAdapter: merge,
    train: drain,
    addWeightedAdapter: () => c.addWeightedAdapter({ adapters: ["other"], weights: [1], name: "y" }),
  };
  await refuses(calls, /adapter "default" is merged into the weights. Call unmergeAdapter first/);
  await refuses({ trainAllWeights: () => c.trainAllWeights() }, /mergeAndUnload/);
  await c.saveAdapter(join(folder, "merged"));
  assert.deepEqual([c.method, c.trainableParameters()], ["none", []]);
  c.unmergeAdapter();
  assert.equal(c.method, "lora");
  c.dispose();
});

test("a merge that changes logits is refused, and the model is as it was", async () => {
  const c = await tinyClassifier("bert");
  const adapter = c.addAdapter({ r: 2 });
  await scramble(adapter.parameters());
  const adapted = await logits(c);
  const alive = ops.alive();
  await assert.rejects(
    c.mergeAdapter({ bound: -1 }),
    /mergeAdapter: merging "default" must change logits by at most -1; it changes them by [\d.e-]+/,
  );
  await assert.rejects(c.mergeAndUnload({ bound: -1 }), /must change logits by at most -1/);
  assert.deepEqual(await logits(c), adapted);
  assert.deepEqual([c.adapterState, ops.alive()], ["active", alive]);
  const [{ a }] = adapter.updates.values();
  a.assign(ops.float(new Float32Array(24).fill(NaN), a.shape));
  await assert.rejects(c.mergeAdapter(), /changes them by NaN/);
  assert.equal(c.adapterState, "active");
  c.dispose();
});

test("of two merges at once, the second is refused; an adapter that changes during a merge is not merged", async () => {
  const c = await tinyClassifier("bert");
  await scramble(c.addAdapter({ r: 2 }).parameters());
  await scramble(c.addAdapter({ r: 2 }, { name: "other" }).parameters(), 2);
  const adapted = await logits(c);
  await c.mergeAdapter();
  const merged = await logits(c);
  c.unmergeAdapter();
  const alive = ops.alive();
  const [first, second] = await Promise.allSettled([c.mergeAdapter(), c.mergeAdapter()]);
  assert.equal(first.status, "fulfilled");
  assert.match(second.status === "rejected" ? String(second.reason) : "", /adapter "default" is merged/);
  assert.equal(c.adapterState, "merged");
  assert.deepEqual(await logits(c), merged);
  c.unmergeAdapter();
  assert.deepEqual(await logits(c), adapted);
  const merging = c.mergeAdapter();
  c.setAdapter("other");
  await assert.rejects(merging, /mergeAdapter: another call has changed the adapters meanwhile/);
  assert.deepEqual([c.adapterState, c.activeAdapter, ops.alive()], ["active", "other", alive]);
  c.dispose();
});

test("training changes only the active adapter: the model's weights and the other adapter's stay equal bit for bit", async () => {
  const c = await tinyClassifier("distilbert");
  const own = await weightsOf(c.model);
  const other = c.addAdapter({ r: 2 }, { name: "other" });
  c.addAdapter({ r: 2, useDora: true, bias: "all" }, { name: "trained" });
  const values = async (): Promise<Float32Array[]> =>
    Promise.all(other.parameters().map((parameter) => parameter.read()));
  const kept = await values();
  c.setAdapter("trained");
  const start = await logits(c);
  const data = Array.from({ length: 8 }, (_, i) => ({ text: texts[i % 2], label: i % 2 }));
  for await (const event of train(c, {
    train: data,
    numTrainEpochs: 2,
    perDeviceTrainBatchSize: 4,
    learningRate: 0.05,
  }))
    void event;
  assert.ok(maxDifference(await logits(c), start) > 1e-2);
  assert.deepEqual(await weightsOf(c.model), own);
  assert.deepEqual(await values(), kept);
  c.dispose();
});

test("a fresh model of the same seed has the same weights", async () => {
  const [a, b] = [await tinyModel("bert"), await tinyModel("bert")];
  assert.deepEqual(await weightsOf(a), await weightsOf(b));
  a.dispose();
  b.dispose();
});
