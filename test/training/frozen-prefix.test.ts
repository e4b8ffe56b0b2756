import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { clearFrozenPrefixCache } from "../../src/classifier/prefix-cache/cache-room";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { kernelOps } from "../../src/ops/kernel-ops";
import type { Ops } from "../../src/ops/ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { findLearningRate } from "../../src/training/range-test/find-learning-rate";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import type { TrainOptions } from "../../src/training/options/train-options";
import { expectedArchitecture } from "../model/architecture-fixtures";
import { expectedOf, TINY_MODELS } from "../model/fixture";
import { ops, tinyClassifier } from "../lora/tiny";
import { data, eventsOf, validation } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-prefix-"))));
after(() => rm(folder, { recursive: true, force: true }));

const BASIC = ["bert", "distilbert", "roberta"];

/** A tiny model with dropout everywhere and an adapter on its last layer, and texts that are its token ids. */
async function make(
  kind: string,
  { on = ops, head = false }: { on?: Ops; head?: boolean } = {},
): Promise<SequenceClassifier> {
  const classifier = await tinyClassifier(kind, on);
  const { config } = classifier.model;
  Object.assign(config, { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 });
  if (head) classifier.trainHead();
  else
    classifier.addAdapter({
      r: 2,
      loraDropout: 0.2,
      targetModules: "all-linear",
      layersToTransform: [config.numHiddenLayers - 1],
    });
  return classifier;
}

/** Texts for a model. */
function textsOf(kind: string): { text: string; label: number }[] {
  if (kind === "bert" || kind === "distilbert") return data;
  const { documents } = BASIC.includes(kind) ? expectedOf(kind) : expectedArchitecture(kind);
  return Array.from({ length: 24 }, (_, i) => {
    const ids = documents[i % documents.length];
    return { text: ids.slice(0, Math.max(2, ids.length - (i % 3))).join(" "), label: i % 2 };
  });
}

const COMMON: Partial<TrainOptions> = {
  learningRate: 0.02,
  numTrainEpochs: 3,
  perDeviceTrainBatchSize: 8,
  maxTokensPerPass: 40,
  frozenPrefixDropout: false,
};

async function run(classifier: SequenceClassifier, options: Partial<TrainOptions>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(classifier, { train: data, ...COMMON, ...options })) events.push(event);
  return events;
}

/** Everything in which two runs must be equal bit for bit. */
async function outcome(classifier: SequenceClassifier, events: readonly TrainEvent[]): Promise<unknown> {
  const hash = createHash("sha256");
  for (const parameter of classifier.trainableParameters()) {
    const values = await parameter.read();
    hash.update(parameter.name).update(new Uint8Array(values.slice().buffer));
  }
  return {
    weights: hash.digest("hex"),
    steps: eventsOf("step", events).map(({ step, loss, gradNorm }) => ({ step, loss, gradNorm })),
    evaluations: eventsOf("evaluation", events).map(({ step, metrics }) => ({ step, metrics })),
  };
}

/** Trains a new classifier and returns its outcome and events. */
async function trained(
  kind: string,
  { head, on, ...options }: Partial<TrainOptions> & { head?: boolean; on?: Ops },
): Promise<{ outcome: unknown; events: TrainEvent[] }> {
  const classifier = await make(kind, { ...(on && { on }), ...(head !== undefined && { head }) });
  try {
    const events = await run(classifier, options);
    return { outcome: await outcome(classifier, events), events };
  } finally {
    classifier.dispose();
  }
}

async function filesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name.endsWith(".prefix")).map((name) => join(directory, name));
}

for (const kind of TINY_MODELS.filter((one) => !one.startsWith("albert")))
  for (const head of [false, true])
    test(`${kind}, ${head ? "head" : "adapter"}: a run with the cache equals that without it, bit for bit`, async () => {
      const texts = textsOf(kind);
      const common = { head, train: texts, validation: texts.slice(0, 9) };
      const frozenPrefixCacheDir = join(folder, `${kind} ${String(head)}`);
      const without = await trained(kind, { ...common, frozenPrefixCache: false });
      const cold = await trained(kind, { ...common, frozenPrefixCacheDir });
      const warm = await trained(kind, { ...common, frozenPrefixCacheDir, frozenPrefixCache: true });
      assert.deepEqual(cold.outcome, without.outcome);
      assert.deepEqual(warm.outcome, without.outcome);
      assert.equal(eventsOf("frozen-prefix", without.events).length, 0);
      const [filled, found] = [cold, warm].map(({ events }) => eventsOf("frozen-prefix", events));
      assert.equal(filled[0].done, 0, "the cache was empty");
      assert.ok(
        found.every(({ done, total }) => done === total),
        "the second run computed nothing",
      );
      const tokens = new Set(texts.map(({ text }) => text));
      assert.equal(found[0].total, tokens.size);
      assert.equal(ops.alive(), 0);
    });

test("dropout stays on in the layers above; turning it off in those below changes the run", async () => {
  const [on, off] = [await trained("bert", { frozenPrefixDropout: true }), await trained("bert", {})];
  assert.notDeepEqual(on.outcome, off.outcome);
  assert.equal(eventsOf("frozen-prefix", on.events).length, 0, "with dropout below there is no cache");
});

test("on the composed operations an empty, a full and a damaged cache give the same run, bit for bit", async () => {
  const on = tensorflowOps();
  for (const kind of ["bert", "distilbert", "mpnet"]) {
    const frozenPrefixCacheDir = join(folder, `composed ${kind}`);
    const texts = textsOf(kind);
    const more = { numTrainEpochs: 2, evalSteps: 1000 };
    const options = {
      ...more,
      ...{ on, train: texts, validation: texts.slice(0, 9), frozenPrefixCacheDir, frozenPrefixCache: true },
    };
    const cold = await trained(kind, options);
    const warm = await trained(kind, options);
    assert.deepEqual(warm.outcome, cold.outcome);
    const [file] = await filesIn(frozenPrefixCacheDir);
    await flip(file);
    const mended = await trained(kind, options);
    assert.deepEqual(mended.outcome, cold.outcome);
    assert.match(eventsOf("warning", mended.events).at(-1)?.message ?? "", /was damaged and removed/);
    // Without a cache a text's last bits depend on its batch; so the cache is not used by itself.
    const without = await trained(kind, { ...more, on, train: texts, validation: texts.slice(0, 9) });
    assert.equal(eventsOf("frozen-prefix", without.events).length, 0);
    const [a, b] = [without, cold].map(({ events }) => eventsOf("step", events).map(({ loss }) => loss));
    a.forEach((loss, i) => assert.ok(Math.abs(loss - b[i]) < 1e-4, `${kind}, step ${i + 1}: ${loss} and ${b[i]}`));
  }
  assert.equal(on.alive(), 0);
});

test("bfloat16 has its own results in the cache, and evaluations use 32-bit floats", async () => {
  const frozenPrefixCacheDir = join(folder, "bf16");
  const on = kernelOps(undefined, { bfloat16: "emulated-pairs" });
  const common = { on, validation, bf16: true } as const;
  const without = await trained("distilbert", { ...common, frozenPrefixCache: false });
  const cached = await trained("distilbert", { ...common, frozenPrefixCacheDir });
  assert.deepEqual(cached.outcome, without.outcome);
  const plain = await trained("distilbert", { on, validation, frozenPrefixCacheDir });
  assert.ok(eventsOf("frozen-prefix", plain.events).some(({ done, total }) => done < total));
});

test("an interrupt while the cache is filled keeps what was computed, and the next run continues", async () => {
  const frozenPrefixCacheDir = join(folder, "interrupted");
  const outputDir = join(folder, "interrupted run");
  const many = Array.from({ length: 400 }, (_, i) => ({
    text: `2 ${Array.from({ length: 14 }, (_, k) => 5 + ((i * (k + 3)) % 40)).join(" ")} ${5 + (i % 40)} ${5 + Math.trunc(i / 40)} 3`,
    label: i % 2,
  }));
  const without = await trained("bert", { train: many, maxSteps: 60, frozenPrefixCache: false });
  const classifier = await make("bert");
  const stop = new AbortController();
  const events: TrainEvent[] = [];
  const options = { train: many, ...COMMON, maxSteps: 60, frozenPrefixCacheDir, outputDir };
  for await (const event of train(classifier, { ...options, signal: stop.signal })) {
    events.push(event);
    if (event.type === "frozen-prefix" && event.done > 0) stop.abort();
  }
  classifier.dispose();
  const [end] = eventsOf("end", events);
  assert.deepEqual([end.steps, end.stopped], [0, true]);
  const { done } = eventsOf("frozen-prefix", events).at(-1) ?? { done: 0 };
  assert.ok(done > 0 && done < many.length, `stopped at ${done}`);
  const again = await trained("bert", options);
  assert.equal(eventsOf("frozen-prefix", again.events)[0].done, done);
  assert.deepEqual(again.outcome, without.outcome);
});

test("a run that was stopped between steps resumes to the same bits with an empty and with a full cache", async () => {
  const outputDir = join(folder, "resumed run");
  const frozenPrefixCacheDir = join(folder, "resumed");
  const options = { validation, evalSteps: 3 } as const;
  const without = await trained("bert", { ...options, frozenPrefixCache: false });
  const first = await make("bert");
  const stop = new AbortController();
  for await (const event of train(first, {
    ...{ train: data, ...COMMON, ...options, outputDir, frozenPrefixCacheDir, signal: stop.signal },
  }))
    if (event.type === "step" && event.step === 5) stop.abort();
  first.dispose();
  await clearFrozenPrefixCache({ directory: frozenPrefixCacheDir });
  const second = await make("bert");
  const events = await run(second, { ...options, outputDir, resumeFrom: "last", frozenPrefixCacheDir });
  const { weights } = (await outcome(second, events)) as { weights: string };
  assert.equal(weights, (without.outcome as { weights: string }).weights);
  second.dispose();
});

test("a head alone resumes from a checkpoint, which holds the frozen weights too", async () => {
  const outputDir = join(folder, "head run");
  const options = { head: true, outputDir, frozenPrefixCacheDir: join(folder, "head") } as const;
  const whole = await trained("distilbert", { head: true, frozenPrefixCache: false });
  const first = await make("distilbert", { head: true });
  const stop = new AbortController();
  for await (const event of train(first, { train: data, ...COMMON, outputDir, signal: stop.signal }))
    if (event.type === "step" && event.step === 4) stop.abort();
  first.dispose();
  const second = await trained("distilbert", { ...options, resumeFrom: "last" });
  const [a, b] = [whole, second].map(({ outcome: one }) => (one as { weights: string }).weights);
  assert.equal(a, b);
});

test("files that disappear during a run are computed again, with one notice", async () => {
  const frozenPrefixCacheDir = join(folder, "disappearing");
  // more than stays in memory is not needed: the cache is removed before its first read
  const without = await trained("bert", { frozenPrefixCache: false });
  await trained("bert", { frozenPrefixCacheDir });
  const classifier = await make("bert");
  const events: TrainEvent[] = [];
  for await (const event of train(classifier, { train: data, ...COMMON, frozenPrefixCacheDir })) {
    events.push(event);
    if (event.type === "frozen-prefix") await rm(frozenPrefixCacheDir, { recursive: true, force: true });
  }
  assert.deepEqual(await outcome(classifier, events), without.outcome);
  classifier.dispose();
});

test("damaged files of every kind are found, removed and computed again", async () => {
  const frozenPrefixCacheDir = join(folder, "damaged");
  const whole = await trained("bert", { frozenPrefixCacheDir });
  const damages: readonly [string, (file: string) => Promise<void>][] = [
    ["a number", flip],
    ["the header", (file) => flip(file, 60)],
    ["the magic", (file) => flip(file, 0)],
    ["the header's length", (file) => flip(file, 11)],
    ["cut off", (file) => truncate(file, 5000)],
    ["cut off in its header", (file) => truncate(file, 30)],
    ["empty", (file) => writeFile(file, "")],
  ];
  for (const [name, damage] of damages) {
    for (const file of await filesIn(frozenPrefixCacheDir)) await damage(file);
    const again = await trained("bert", { frozenPrefixCacheDir });
    assert.deepEqual(again.outcome, whole.outcome, name);
    const messages = eventsOf("warning", again.events).map(({ message }) => message);
    assert.equal(messages.filter((message) => message.includes("damaged and removed")).length, 1, name);
  }
});

test("two simultaneous runs fill one cache and end with the same bits", async () => {
  const frozenPrefixCacheDir = join(folder, "two writers");
  const without = await trained("bert", { validation, frozenPrefixCache: false });
  const both = await Promise.all([1, 2].map(() => trained("bert", { validation, frozenPrefixCacheDir })));
  const third = await trained("bert", { validation, frozenPrefixCacheDir });
  for (const one of [...both, third]) assert.deepEqual(one.outcome, without.outcome);
  assert.ok(eventsOf("frozen-prefix", third.events).every(({ done, total }) => done === total));
  assert.deepEqual(
    (await readdir(frozenPrefixCacheDir, { recursive: true })).filter((name) => name.endsWith(".incomplete")),
    [],
  );
});

test("options of frozen layers are refused where there are none, before anything is written", async () => {
  const outputDir = join(folder, "never made");
  const all = await tinyClassifier("bert");
  all.addAdapter({ r: 2 });
  const needs = /needs a frozen layer below the first trained one/;
  await assert.rejects(run(all, { frozenPrefixDropout: false, outputDir }), needs);
  await assert.rejects(run(all, { frozenPrefixDropout: true, frozenPrefixCache: true, outputDir }), needs);
  await assert.rejects(async () => {
    for await (const event of findLearningRate(all, data, { frozenPrefixDropout: false })) void event;
  }, needs);
  all.dispose();
  const top = await make("bert");
  await assert.rejects(
    run(top, { frozenPrefixDropout: true, frozenPrefixCache: true, outputDir }),
    /theirs is 0\.1: set frozenPrefixDropout to false/,
  );
  await assert.rejects(
    run(top, { frozenPrefixCache: false, frozenPrefixCacheDir: folder, outputDir }),
    /have no effect with frozenPrefixCache false/,
  );
  await assert.rejects(
    run(top, { frozenPrefixCache: true, frozenPrefixCacheLimit: 1e-6, outputDir }),
    /frozenPrefixCacheLimit must be at least .* \(GB\)/,
  );
  top.dispose();
  await assert.rejects(readdir(outputDir), /ENOENT/);
});

test("by default no cache is used if it saves nothing, does not fit, or cannot be written", async () => {
  const frozenPrefixCacheDir = join(folder, "left out");
  const one = await trained("bert", { numTrainEpochs: 1, frozenPrefixCacheDir });
  assert.equal(eventsOf("frozen-prefix", one.events).length, 0);
  const small = await trained("bert", { frozenPrefixCacheLimit: 1e-6, frozenPrefixCacheDir });
  assert.equal(eventsOf("frozen-prefix", small.events).length, 0);
  await writeFile(frozenPrefixCacheDir, "a file where the folder should be");
  const blocked = await trained("bert", { frozenPrefixCacheDir });
  assert.match(eventsOf("warning", blocked.events)[0].message, /computed in each step: .* could not be written/);
  assert.deepEqual(blocked.outcome, small.outcome);
  const asked = await make("bert");
  await assert.rejects(run(asked, { frozenPrefixCacheDir, frozenPrefixCache: true }), /could not be written/);
  asked.dispose();
});

/** Changes one bit of a file, near its end unless given. */
async function flip(file: string, at?: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at ?? bytes.length - 7] ^= 1;
  await writeFile(file, bytes);
}
