import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { readTrainingLog } from "../../src/training/log/read-training-log";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import type { TrainOptions } from "../../src/training/options/train-options";
import { classifier, data, eventsOf, hashOfWeights, runToEnd, several, validation } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-resume-"))));
after(() => rm(folder, { recursive: true, force: true }));

const COMMON: Partial<TrainOptions> = {
  maxSteps: 9,
  perDeviceTrainBatchSize: 4,
  gradientAccumulationSteps: 2,
  evalSteps: 2,
  saveSteps: 4,
  saveTotalLimit: 2,
  classWeights: "balanced",
};

async function trainable(method: "lora" | "full"): Promise<SequenceClassifier> {
  const c = await classifier("bert", { dropout: 0.1 });
  if (method === "lora") c.addAdapter({ r: 2, loraDropout: 0.2 });
  else c.trainAllWeights();
  return c;
}

/** Trains until a step is done, then has it stop. */
async function stopAt(c: SequenceClassifier, step: number, options: Partial<TrainOptions>): Promise<TrainEvent[]> {
  const stop = new AbortController();
  const events: TrainEvent[] = [];
  for await (const event of train(c, {
    train: data,
    validation,
    learningRate: 0.02,
    ...options,
    signal: stop.signal,
  })) {
    events.push(event);
    if (event.type === "step" && event.step === step) stop.abort();
  }
  return events;
}

/** Results that must be equal in both runs: weights, every step's numbers, every evaluation. */
async function outcome(c: SequenceClassifier, outputDir: string): Promise<unknown> {
  const log = await readTrainingLog(outputDir);
  const steps = eventsOf("step", log).map(({ step, loss, gradNorm, learningRate }) => ({
    step,
    loss,
    gradNorm,
    learningRate,
  }));
  const sums = (await readFile(join(outputDir, "checkpoint-9", "SHA256SUMS"), "utf8")).split("\n");
  return {
    weights: await hashOfWeights(c),
    steps,
    evaluations: eventsOf("evaluation", log),
    sums,
    kept: (await readdir(outputDir)).filter((name) => name.startsWith("checkpoint")).sort(),
  };
}

for (const method of ["lora", "full"] as const) {
  test(`${method}: a run that is stopped at any step and resumed ends with the same weights bit for bit, and logs each step once`, async () => {
    const whole = await trainable(method);
    const outputDir = join(folder, `${method} whole`);
    await runToEnd(whole, { ...COMMON, outputDir });
    const wanted = await outcome(whole, outputDir);
    whole.dispose();
    for (const step of method === "lora" ? [1, 4, 6, 9] : [3]) {
      const stopped = join(folder, `${method} ${step}`);
      const first = await trainable(method);
      const end = eventsOf("end", await stopAt(first, step, { ...COMMON, outputDir: stopped }))[0];
      assert.deepEqual([end.steps, end.stopped], [step, true]);
      first.dispose();
      const second = await trainable(method);
      const events = await runToEnd(second, { ...COMMON, outputDir: stopped, resumeFrom: "last" });
      assert.deepEqual(
        eventsOf("resume", events).map((event) => event.step),
        [step],
      );
      assert.deepEqual(await outcome(second, stopped), wanted, `stopped at step ${step}`);
      second.dispose();
    }
  });
}

for (const config of [
  { useDora: true, bias: "lora_only", modulesToSave: ["pooler"] },
  { initLoraWeights: "pissa" },
] as const) {
  test(`an adapter with ${Object.keys(config).join(", ")} is resumed to the same weights`, async () => {
    const make = async (): Promise<SequenceClassifier> => {
      const c = await classifier("bert", { dropout: 0.1 });
      c.addAdapter({ r: 2, ...config });
      return c;
    };
    const [whole, first, second] = [await make(), await make(), await make()];
    const at = (name: string): string => join(folder, `${Object.keys(config).join()} ${name}`);
    await runToEnd(whole, { ...COMMON, outputDir: at("whole") });
    const wanted = await outcome(whole, at("whole"));
    await stopAt(first, 5, { ...COMMON, outputDir: at("stopped") });
    await runToEnd(second, { ...COMMON, outputDir: at("stopped"), resumeFrom: "last" });
    assert.deepEqual(await outcome(second, at("stopped")), wanted);
    for (const c of [whole, first, second]) c.dispose();
  });
}

test("resuming a finished run ends at once, with its best weights", async () => {
  const c = await trainable("lora");
  const outputDir = join(folder, "over");
  await runToEnd(c, { ...COMMON, outputDir });
  const again = await trainable("lora");
  const events = await runToEnd(again, { ...COMMON, outputDir, resumeFrom: "last" });
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "resume", "end"],
  );
  assert.equal(await hashOfWeights(again), await hashOfWeights(c));
  c.dispose();
  again.dispose();
});

test("several labels per text, cosine schedule, focal loss: resumed from another folder's checkpoint", async () => {
  const options: Partial<TrainOptions> = {
    ...COMMON,
    train: several(data),
    validation: several(validation),
    lrSchedulerType: "cosine",
    focalGamma: 1.5,
    metricForBestModel: "eval_f1",
  };
  const make = async (): Promise<SequenceClassifier> => {
    const c = await classifier("distilbert", { problemType: "multi_label_classification", dropout: 0.1 });
    c.addAdapter({ r: 2 });
    return c;
  };
  const whole = await make();
  const outputDir = join(folder, "multi");
  await runToEnd(whole, { ...options, outputDir });
  const wanted = await outcome(whole, outputDir);
  const elsewhere = join(folder, "multi elsewhere");
  const first = await make();
  await stopAt(first, 5, { ...options, outputDir: join(folder, "multi stopped") });
  const second = await make();
  await runToEnd(second, {
    ...options,
    outputDir: elsewhere,
    resumeFrom: join(folder, "multi stopped", "checkpoint-5"),
  });
  assert.deepEqual(await outcome(second, elsewhere), wanted);
  for (const c of [whole, first, second]) c.dispose();
});

test("a run resumes in its own folder where a link leads to it", async () => {
  const at = (name: string): string => join(folder, `linked ${name}`);
  const [whole, first, second] = [await trainable("lora"), await trainable("lora"), await trainable("lora")];
  await runToEnd(whole, { ...COMMON, outputDir: at("whole") });
  const wanted = await outcome(whole, at("whole"));
  await stopAt(first, 5, { ...COMMON, outputDir: at("stopped") });
  await symlink(at("stopped"), at("link"), "junction");
  await runToEnd(second, { ...COMMON, outputDir: at("link"), resumeFrom: join(at("stopped"), "checkpoint-5") });
  assert.deepEqual(await outcome(second, at("stopped")), wanted);
  assert.deepEqual(
    (await readdir(at("stopped"))).filter((name) => name.startsWith("earlier-")),
    [],
  );
  for (const c of [whole, first, second]) c.dispose();
});

test(
  "a run does not begin if the best checkpoint cannot be copied to its folder",
  { skip: process.platform === "win32" },
  async () => {
    const stopped = join(folder, "with a pipe");
    const [first, second] = [await trainable("lora"), await trainable("lora")];
    await stopAt(first, 5, { ...COMMON, outputDir: stopped });
    const state = await readFile(join(stopped, "checkpoint-5", "trainer_state.json"), "utf8");
    const { best_global_step: best } = JSON.parse(state) as { best_global_step: number };
    assert.ok(best === 2 || best === 4);
    execFileSync("mkfifo", [join(stopped, `checkpoint-${best}`, "pipe")]); // cannot be copied
    const options = { ...COMMON, outputDir: join(folder, "without it"), resumeFrom: join(stopped, "checkpoint-5") };
    await assert.rejects(runToEnd(second, options), /FIFO/);
    for (const c of [first, second]) c.dispose();
  },
);

test("a damaged checkpoint is detected, the one before it is used, and both are reported", async () => {
  const c = await trainable("lora");
  const outputDir = join(folder, "whole again");
  await runToEnd(c, { ...COMMON, outputDir: outputDir });
  const wanted = await outcome(c, outputDir);
  c.dispose();
  const stopped = join(folder, "to be damaged");
  const first = await trainable("lora");
  await stopAt(first, 7, { ...COMMON, outputDir: stopped });
  first.dispose();
  const damages: readonly [string, (checkpoint: string) => Promise<void>, RegExp][] = [
    [
      "flipped",
      async (at) => flip(join(at, "optimizer.safetensors")),
      /optimizer\.safetensors has changed since it was written/,
    ],
    [
      "cut",
      async (at) => truncate(join(at, "adapter_model.safetensors"), 100),
      /adapter_model\.safetensors has changed since it was written/,
    ],
    ["missing", async (at) => rm(join(at, "trainer_state.json")), /trainer_state\.json cannot be read/],
    ["unsealed", async (at) => rm(join(at, "SHA256SUMS")), /SHA256SUMS is missing/],
  ];
  for (const [name, damage, pattern] of damages) {
    const copy = join(folder, name);
    await cp(stopped, copy, { recursive: true });
    await damage(join(copy, "checkpoint-7"));
    const again = await trainable("lora");
    await assert.rejects(
      runToEnd(again, { ...COMMON, outputDir: copy, resumeFrom: join(copy, "checkpoint-7") }),
      /is not a complete checkpoint: .*resumeFrom: "last" takes the newest undamaged one/s,
    );
    const events = await runToEnd(again, { ...COMMON, outputDir: copy, resumeFrom: "last" });
    assert.match(eventsOf("warning", events)[0].message, pattern);
    assert.ok(eventsOf("resume", events)[0].step < 7);
    assert.deepEqual(await outcome(again, copy), wanted, name);
    again.dispose();
  }
  const none = join(folder, "none whole");
  await cp(stopped, none, { recursive: true });
  for (const name of await readdir(none)) if (name.startsWith("checkpoint-")) await rm(join(none, name, "SHA256SUMS"));
  const again = await trainable("lora");
  await assert.rejects(
    runToEnd(again, { ...COMMON, outputDir: none, resumeFrom: "last" }),
    /holds no undamaged checkpoint \(checkpoint-7 is damaged/,
  );
  await assert.rejects(
    runToEnd(again, { ...COMMON, outputDir: join(folder, "nowhere"), resumeFrom: "last" }),
    /holds no checkpoint\. Leave resumeFrom out/,
  );
  again.dispose();
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length - 5] ^= 1;
  await writeFile(path, bytes);
}

test("another option, other data, another seed, another adapter or base: all differences are listed, nothing is changed", async () => {
  const first = await trainable("lora");
  const outputDir = join(folder, "another");
  await stopAt(first, 4, { ...COMMON, outputDir });
  first.dispose();
  const refused = async (
    options: Partial<TrainOptions>,
    pattern: RegExp,
    make: () => Promise<SequenceClassifier> = () => trainable("lora"),
  ): Promise<void> => {
    const c = await make();
    const weights = await hashOfWeights(c);
    await assert.rejects(runToEnd(c, { ...COMMON, outputDir, resumeFrom: "last", ...options }), pattern);
    assert.equal(await hashOfWeights(c), weights);
    c.dispose();
  };
  await refused(
    { learningRate: 0.01, seed: 7, weightDecay: 0.5 },
    /learningRate was 0\.02 and is 0\.01[\s\S]*weightDecay was 0\.01 and is 0\.5[\s\S]*seed was 42 and is 7/,
  );
  await refused(
    { classWeights: undefined, earlyStoppingPatience: 3 },
    /classWeights was "balanced" and is not given[\s\S]*earlyStoppingPatience was not given and is 3/,
  );
  await refused(
    { train: data.slice(1) },
    /the training examples' texts or labels are others[\s\S]*trainExamples was 40 and is 39/,
  );
  await refused(
    { validation: validation.map((row) => ({ ...row, label: 1 - row.label })) },
    /the validation examples' texts or labels are others/,
  );
  await refused({}, /the adapter's r was 2 and is 3/, async () => {
    const c = await classifier("bert", { dropout: 0.1 });
    c.addAdapter({ r: 3, loraDropout: 0.2 });
    return c;
  });
  await refused({}, /the model's hiddenDropout was 0\.1 and is 0/, async () => {
    const c = await classifier("bert", { dropout: 0 });
    c.addAdapter({ r: 2, loraDropout: 0.2 });
    return c;
  });
  await refused({}, /the model's frozen weights are others/, async () => {
    const c = await trainable("lora");
    const { ops } = c.model;
    const frozen = c.model.parameters()[0];
    frozen.assign(ops.scale(frozen.value, 1.5));
    return c;
  });
  await refused({}, /the model's method was "lora" and is "full"/, () => trainable("full"));
  const c = await trainable("lora");
  const free = await runToEnd(c, { ...COMMON, outputDir, resumeFrom: "last", saveTotalLimit: 5, saveSteps: 2 });
  assert.equal(eventsOf("end", free)[0].steps, 9, "how often is saved may change");
  c.dispose();
});

test("a new run in an old run's folder moves the old files to another folder, and reports it", async () => {
  const outputDir = join(folder, "twice");
  const first = await trainable("lora");
  await runToEnd(first, { ...COMMON, outputDir });
  const kept = (await readdir(outputDir)).sort();
  const second = await trainable("lora");
  const events = await runToEnd(second, { ...COMMON, maxSteps: 2, outputDir, seed: 3 });
  assert.match(eventsOf("warning", events)[0].message, /held another run's files.*earlier-1/);
  assert.deepEqual((await readdir(join(outputDir, "earlier-1"))).sort(), kept);
  assert.deepEqual((await readdir(outputDir)).sort(), ["checkpoint-2", "earlier-1", "trainer_log.jsonl"]);
  const third = await trainable("lora");
  await runToEnd(third, { ...COMMON, outputDir: join(outputDir, "earlier-1"), resumeFrom: "last" });
  assert.equal(await hashOfWeights(third), await hashOfWeights(first));
  for (const c of [first, second, third]) c.dispose();
});
