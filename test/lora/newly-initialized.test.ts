import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { evaluate } from "../../src/evaluation/evaluate";
import { predict } from "../../src/evaluation/predict";
import type { LoraConfig } from "../../src/lora/lora-config";
import { expectedOf, fixtureDirectory } from "../model/fixture";
import { expectWithin, NOTHING, SEVEN_DIGITS } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import { data, eventsOf, runToEnd, tokenizer, validation } from "../training/tiny";
import { baseWithout, changeConfig, dropTensors } from "./base-without";
import { referenceClassifier } from "./reference-classifier";
import { goldenFolder, goldens, loadOnto, ops, predict as predictRows, weightsOf } from "./tiny";
import { loadClassificationModel } from "../../src/model/load-classification-model";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-new-"))));
after(() => rm(folder, { recursive: true, force: true }));

/** Parts that checkpoints lack, by the model's type: a masked language model's, a bare encoder's, a damaged one's. */
const LACKING: readonly { kind: string; without: RegExp; modules: readonly string[]; lora?: LoraConfig }[] = [
  { kind: "bert", without: /^bert\.pooler\./, modules: ["bert.pooler.dense"] },
  {
    kind: "bert",
    without: /^(bert\.pooler|classifier)\./,
    modules: ["bert.pooler.dense", "classifier"],
    lora: { targetModules: "all-linear", bias: "all" },
  },
  { kind: "bert", without: /^classifier\./, modules: ["classifier"], lora: { modulesToSave: ["LayerNorm"] } },
  { kind: "bert", without: /pooler\.dense\.bias$/, modules: ["bert.pooler.dense"], lora: { useDora: true } },
  {
    kind: "bert",
    without: /^classifier\.bias$/,
    modules: ["classifier"],
    lora: { modulesToSave: ["pooler.dense"], bias: "lora_only" },
  },
  { kind: "distilbert", without: /^(pre_classifier|classifier)\./, modules: ["pre_classifier", "classifier"] },
  {
    kind: "distilbert",
    without: /^pre_classifier\.weight$/,
    modules: ["pre_classifier"],
    lora: { initLoraWeights: "pissa", r: 2 },
  },
  {
    kind: "roberta",
    without: /^classifier\./,
    modules: ["classifier.dense", "classifier.out_proj"],
    lora: { targetModules: "all-linear" },
  },
  { kind: "roberta", without: /^classifier\.dense\./, modules: ["classifier.dense"] },
];
const open = (base: string, seed: number): Promise<SequenceClassifier> =>
  loadClassifier(base, { tokenizer, labels: ["NEGATIVE", "POSITIVE"], seed });
const texts = data.map(({ text }) => text);

for (const [i, { kind, without, modules, lora = {} }] of LACKING.entries()) {
  test(`${kind} without ${String(without)}: newly initialized weights are trained and saved with the adapter`, async () => {
    const base = await baseWithout(kind, { folder: join(folder, `base-${i}`), without });
    const trained = await open(base, 7);
    assert.deepEqual(
      [...new Set(trained.newlyInitialized.map((name) => name.replace(/\.(weight|bias)$/, "")))],
      modules,
    );
    assert.deepEqual(trained.untrainedWeights, trained.newlyInitialized);
    trained.addAdapter({ r: 2, ...lora });
    assert.deepEqual(trained.untrainedWeights, trained.newlyInitialized);
    const names = trained.trainableParameters().map(({ name }) => name);
    for (const name of trained.newlyInitialized) assert.ok(names.includes(`base_model.model.${name}`), name);

    const outputDir = join(folder, `run-${i}`);
    const events = await runToEnd(trained, { numTrainEpochs: 2, outputDir });
    const [start] = eventsOf("start", events);
    const warnings = eventsOf("warning", events).filter((event) => event.kind === "newly-initialized");
    assert.deepEqual(start.newlyInitialized, trained.newlyInitialized);
    assert.equal(warnings.length, 1);
    for (const name of trained.newlyInitialized) assert.ok(warnings[0].message.includes(name));
    assert.match(warnings[0].message, /are newly initialized: \[.*saved with the adapter/);
    assert.ok(
      (await readFile(join(outputDir, "trainer_log.jsonl"), "utf8")).includes(JSON.stringify(warnings[0].message)),
    );
    assert.deepEqual(trained.untrainedWeights, []);
    assert.equal(
      eventsOf("warning", await runToEnd(trained, { numTrainEpochs: 1 })).length,
      0,
      "trained on, nothing is new",
    );

    const adapter = join(folder, `adapter-${i}`);
    await trained.saveAdapter(adapter);
    const [score, logits] = [await evaluate(trained, validation), await trained.predictLogits(texts)];
    assert.equal(score.notice, undefined);
    const read = await open(base, 1234); // another seed draws another head, which counts for nothing
    await read.loadAdapter(adapter);
    assert.deepEqual(read.untrainedWeights, []);
    assert.deepEqual(await read.predictLogits(texts), logits);
    assert.equal((await evaluate(read, validation)).accuracy, score.accuracy);
    await read.mergeAndUnload();
    await read.saveModel(join(folder, `merged-${i}`));
    const merged = await open(join(folder, `merged-${i}`), 5);
    assert.deepEqual(merged.newlyInitialized, []);
    const reference = await referenceClassifier(read, async (twin) => {
      await twin.loadAdapter(adapter);
      const adapted = await twin.predictLogits(texts);
      await twin.mergeAndUnload();
      return { adapted, merged: await twin.predictLogits(texts) };
    });
    for (const [what, found] of Object.entries({ adapted: logits, merged: await merged.predictLogits(texts) }))
      expectWithin(found, reference.get(what) ?? NOTHING, { what });
    expectWithin(reference.get("merged")?.values ?? [], reference.get("adapted") ?? NOTHING, { what: "merging" });
    for (const classifier of [trained, read, merged]) classifier.dispose();
  });
}

test("a resumed run on a base without a pooler has the same bits for any seed of the pooler, which the checkpoint replaces", async () => {
  const base = await baseWithout("bert", { folder: join(folder, "resumed"), without: /^bert\.pooler\./ });
  const whole = await open(base, 7);
  whole.addAdapter({ r: 2 });
  await runToEnd(whole, {
    numTrainEpochs: 2,
    saveSteps: 5,
    evalSteps: 5,
    loadBestModelAtEnd: false,
    outputDir: join(folder, "whole"),
    saveTotalLimit: 5,
  });
  const again = await open(base, 99);
  again.addAdapter({ r: 2 });
  const events = await runToEnd(again, {
    numTrainEpochs: 2,
    saveSteps: 5,
    evalSteps: 5,
    loadBestModelAtEnd: false,
    outputDir: join(folder, "again"),
    resumeFrom: join(folder, "whole", "checkpoint-5"),
  });
  assert.match(eventsOf("resume", events)[0].message, /^Resuming from step 5 of 10 /);
  assert.deepEqual(
    eventsOf("warning", events).map(({ kind }) => kind),
    [],
  );
  assert.deepEqual(await again.predictLogits(texts), await whole.predictLogits(texts));
  whole.dispose();
  again.dispose();
});

test("after training all weights, none is newly initialized, and the folder is complete", async () => {
  const base = await baseWithout("bert", { folder: join(folder, "full"), without: /pooler|^classifier/ });
  const c = await open(base, 7);
  c.trainAllWeights();
  const [warning] = eventsOf("warning", await runToEnd(c, { numTrainEpochs: 1, learningRate: 0.01 }));
  assert.match(warning.message, /"bert\.pooler\.dense\.weight".*trained and saved with all others/);
  assert.deepEqual(c.untrainedWeights, []);
  await c.saveModel(join(folder, "full-saved"));
  const read = await open(join(folder, "full-saved"), 1);
  assert.deepEqual([read.newlyInitialized, await read.predictLogits(texts)], [[], await c.predictLogits(texts)]);
  c.dispose();
  read.dispose();
});

test("peft's adapter with a pooler gives peft's logits on a base that has none", async () => {
  const { logits } = goldens.adapters["bert-modules-to-save"];
  const base = await baseWithout("bert", { folder: join(folder, "golden"), without: /pooler|^classifier/ });
  const { model } = await loadClassificationModel(base, { ops, numLabels: 2, seed: 3 });
  await loadOnto(model, goldenFolder("bert-modules-to-save"));
  const rows = await predictRows(model, "bert");
  assert.equal(rows.length, expectedOf("bert").documents.length);
  const reference = await sampleRounding(async (on) => {
    const twin = (await loadClassificationModel(base, { ops: on, numLabels: 2, seed: 3 })).model;
    await loadOnto(twin, goldenFolder("bert-modules-to-save"));
    return new Map([["logits", (await predictRows(twin, "bert")).flat()]]);
  });
  for (const [what, found] of Object.entries({ ours: rows, peft: logits }))
    expectWithin(found.flat(), reference.get("logits") ?? NOTHING, { what, storage: SEVEN_DIGITS });
  model.dispose();
});

/** Every use but training, of a classifier with one adapter. */
const USES: Readonly<Record<string, (c: SequenceClassifier) => Promise<unknown>>> = {
  predictLogits: (c) => c.predictLogits(texts),
  predict: (c) => predict(c, texts),
  evaluate: (c) => evaluate(c, validation),
  mergeAdapter: (c) => c.mergeAdapter(),
  mergeAndUnload: (c) => c.mergeAndUnload(),
  saveAdapter: (c) => c.saveAdapter(join(folder, "refused")),
};
const refuses = async (c: SequenceClassifier, uses: readonly string[], names: RegExp, adapter = /^/): Promise<void> => {
  for (const use of uses) {
    const isRefused = ({ message, code }: Error & { code?: string }): boolean =>
      [names, /newly initialized/, use === "predict" ? /load an adapter that holds them/ : adapter].every((part) =>
        part.test(message),
      ) && code === "bad-input";
    await assert.rejects(async () => USES[use](c), isRefused, use);
  }
};

for (const [what, prepare] of Object.entries({
  "of no task and without a head": (directory: string) =>
    changeConfig(directory, { task_type: null, modules_to_save: null }).then(() =>
      dropTensors(directory, /classifier|pooler/),
    ),
  "that was saved without the pooler": (directory: string) =>
    changeConfig(directory, { modules_to_save: ["classifier", "score"] }).then(() => dropTensors(directory, /pooler/)),
})) {
  test(`an adapter ${what} is an error for everything except training, which trains the missing weights`, async () => {
    const base = await baseWithout("bert", { folder: join(folder, `${what} base`), without: /pooler|^classifier/ });
    const c = await open(base, 7);
    c.addAdapter({ r: 2 });
    const adapter = join(folder, what);
    await c.saveAdapter(adapter);
    c.dispose();
    await prepare(adapter);

    const read = await open(base, 8);
    await read.loadAdapter(adapter);
    assert.ok(read.untrainedWeights.includes("bert.pooler.dense.weight"));
    await refuses(
      read,
      Object.keys(USES),
      /bert\.pooler\.dense\.weight/,
      /adapter "default" does not hold them.*train the adapter again/,
    );
    await read.addWeightedAdapter({ adapters: ["default"], weights: [2], name: "twice" });
    read.setAdapter("twice");
    await refuses(read, Object.keys(USES), /bert\.pooler\.dense\.weight/, /adapter "twice"/);
    read.deleteAdapter("twice");
    read.disableAdapter();
    assert.match((await evaluate(read, validation)).notice ?? "", /untrained classifier: "bert\.pooler\.dense\.weight/);
    await refuses(read, ["predict"], /bert\.pooler/);
    await assert.rejects(
      read.saveModel(join(folder, "refused")),
      /saveModel: "bert\.pooler\.dense\.weight.*newly initialized/,
    );
    read.enableAdapter();

    await runToEnd(read, { numTrainEpochs: 2 });
    await read.saveAdapter(join(folder, `${what}, trained`));
    const logits = await read.predictLogits(texts);
    read.dispose();
    const again = await open(base, 9);
    await again.loadAdapter(join(folder, `${what}, trained`));
    assert.deepEqual(await again.predictLogits(texts), logits);
    again.dispose();
  });
}

test("newly initialized weights are tracked per adapter: one contains the head, one lacks it", async () => {
  const base = await baseWithout("distilbert", { folder: join(folder, "several"), without: /classifier/ });
  const c = await open(base, 7);
  c.addAdapter({ r: 2 });
  await runToEnd(c, { numTrainEpochs: 1 });
  const [whole, headless] = [join(folder, "brings"), join(folder, "lacks")];
  for (const directory of [whole, headless]) await c.saveAdapter(directory);
  const logits = await c.predictLogits(texts);
  c.dispose();
  await changeConfig(headless, { task_type: null, modules_to_save: null });
  await dropTensors(headless, /classifier/);

  const both = await open(base, 8);
  await both.loadAdapter(whole);
  await both.loadAdapter(headless, { name: "headless" });
  assert.deepEqual(await both.predictLogits(texts), logits);
  await assert.rejects(
    both.saveAdapter(join(folder, "refused"), { name: "headless" }),
    /saveAdapter: .*classifier\.weight.*"headless" does not hold/,
  );
  both.setAdapter("headless");
  await refuses(both, Object.keys(USES), /classifier\.weight/, /adapter "headless"/);
  await assert.rejects(
    both.addWeightedAdapter({ adapters: ["headless", "default"], weights: [1, 1], name: "sum" }),
    /heads .*differ/,
  );
  const sum = {
    adapters: ["headless", "default"],
    weights: [0.5, 0.5],
    name: "sum",
    head: "default",
    combinationType: "cat",
  } as const;
  await both.addWeightedAdapter(sum);
  both.setAdapter("sum");
  const reference = await referenceClassifier(both, async (twin) => {
    await twin.loadAdapter(whole);
    const alone = await twin.predictLogits(texts);
    await twin.loadAdapter(headless, { name: "headless" });
    await twin.addWeightedAdapter(sum);
    twin.setAdapter("sum");
    return { alone, halves: await twin.predictLogits(texts) };
  });
  for (const [what, found] of Object.entries({ alone: logits, halves: await both.predictLogits(texts) }))
    expectWithin(found, reference.get(what) ?? NOTHING, { what });
  expectWithin(reference.get("halves")?.values ?? [], reference.get("alone") ?? NOTHING, {
    what: "two halves of one update, with the head of the whole one",
  });
  both.setAdapter("default");
  both.deleteAdapter("headless");
  await both.mergeAndUnload();
  assert.deepEqual(both.untrainedWeights, []);
  both.dispose();

  const own = await open(fixtureDirectory("distilbert"), 8);
  await own.loadAdapter(headless); // the base has a head of its own, which peft would use
  assert.deepEqual(own.untrainedWeights, []);
  await predict(own, texts);
  own.dispose();
});

test("an adapter that updates a layer which the base lacks is refused when it is read", async () => {
  const base = await baseWithout("bert", { folder: join(folder, "adapted"), without: /^bert\.pooler\./ });
  const c = await open(fixtureDirectory("bert"), 7);
  c.addAdapter({ r: 2, targetModules: "all-linear" });
  await c.saveAdapter(join(folder, "updates the pooler"));
  c.dispose();
  const read = await open(base, 8);
  await assert.rejects(
    read.loadAdapter(join(folder, "updates the pooler")),
    /updates "bert\.pooler\.dense", but neither the adapter nor the model holds their own weights/,
  );
  assert.equal(read.adapterState, "none");
  read.dispose();
});

test("a new classifier can be evaluated before training, with a notice, but not predict, be merged or be saved", async () => {
  const c = await open(await baseWithout("distilbert", { folder: join(folder, "fresh"), without: /classifier/ }), 7);
  const own = await weightsOf(c.model);
  const before = await evaluate(c, validation);
  assert.match(
    before.notice ?? "",
    /untrained classifier: "pre_classifier\.weight", "pre_classifier\.bias", "classifier\.weight", "classifier\.bias" were newly initialized/,
  );
  await refuses(c, ["predict"], /pre_classifier\.weight/);
  await assert.rejects(c.saveModel(join(folder, "refused")), /newly initialized/);
  c.addAdapter({ r: 2 });
  assert.equal((await evaluate(c, validation)).accuracy, before.accuracy);
  await refuses(c, ["predict", "mergeAdapter", "mergeAndUnload"], /pre_classifier\.weight/);
  assert.deepEqual([await weightsOf(c.model), c.adapterState], [own, "active"]);
  const names = c.untrainedWeights;
  await c.mergeAndUnload({ allowUntrained: true }); // allowed on request; the weights still count as untrained
  assert.deepEqual(c.untrainedWeights, names);
  await refuses(c, ["predict"], /pre_classifier\.weight/);
  await c.saveModel(join(folder, "untrained"), { allowUntrained: true });
  c.dispose();
});
