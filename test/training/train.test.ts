import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { kernelOps } from "../../src/ops/kernel-ops";
import type { Ops } from "../../src/ops/ops";
import { tfjsOps } from "../../src/ops/tfjs-ops";
import { findLearningRate } from "../../src/training/range-test/find-learning-rate";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import type { TrainOptions } from "../../src/training/options/train-options";
import { expectWithin, NOTHING } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import { expectedOf } from "../model/fixture";
import { classifier, data, eventsOf, ops, runToEnd, several, validation, type EventOf } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-train-"))));
after(() => rm(folder, { recursive: true, force: true }));

const steps = (events: readonly TrainEvent[]): EventOf<"step">[] => eventsOf("step", events);
const endOf = (events: readonly TrainEvent[]): EventOf<"end"> => {
  const [end] = eventsOf("end", events);
  assert.equal(events[events.length - 1], end);
  return end;
};

for (const method of ["lora", "full"] as const) {
  test(`${method}: training learns, and restores the best weights at the end`, async () => {
    const c = await classifier();
    if (method === "lora") c.addAdapter({ r: 4, targetModules: "all-linear" });
    else c.trainAllWeights();
    const events = await runToEnd(c, { numTrainEpochs: 16, learningRate: method === "lora" ? 0.02 : 0.01 });
    const { bestMetric, bestStep, steps: count } = endOf(events);
    assert.equal(count, 80);
    assert.ok((bestMetric ?? 0) >= 0.95, `accuracy ${bestMetric}`);
    const logits = await c.predictLogits(validation.map(({ text }) => text));
    const right = validation.filter(({ label }, i) => Number(logits[2 * i + 1] > logits[2 * i]) === label).length;
    assert.equal(right / validation.length, bestMetric, `the weights are not those of step ${bestStep}`);
    c.dispose();
  });
}

test("the same seed gives the same run, dropout and shuffle included; another seed gives another", async () => {
  const losses = async (seed: number): Promise<number[]> => {
    const c = await classifier();
    c.addAdapter({ r: 2, loraDropout: 0.2 });
    const events = await runToEnd(c, { seed, maxSteps: 6 });
    c.dispose();
    return steps(events).map(({ loss }) => loss);
  };
  assert.deepEqual(await losses(7), await losses(7));
  assert.notDeepEqual(await losses(7), await losses(8));
});

test("no bit of the base changes while an adapter is trained", async () => {
  const c = await classifier("distilbert");
  c.addAdapter({ r: 2 });
  const frozen = c.model.parameters().filter(({ trainable }) => !trainable);
  assert.ok(frozen.length > 30);
  const snapshot = await Promise.all(frozen.map((parameter) => parameter.read()));
  await runToEnd(c, { maxSteps: 4 });
  for (const [i, parameter] of frozen.entries()) assert.deepEqual(await parameter.read(), snapshot[i], parameter.name);
  c.dispose();
});

for (const [method, how] of [
  ["lora", "emulated-pairs"],
  ["full", "emulated-blocks"],
] as const) {
  test(`${method}: a run in bfloat16 equals that in 32-bit floats up to rounding, and leaves no tensor`, async () => {
    const kernels = kernelOps(undefined, { bfloat16: how });
    const lossesWith = async (bf16: boolean, on: Ops = kernels): Promise<number[]> => {
      const c = await classifier("distilbert", { dropout: 0, on });
      if (method === "lora") c.addAdapter({ r: 2, loraDropout: 0 });
      else c.trainAllWeights();
      const counts: number[] = [];
      const losses: number[] = [];
      for await (const event of train(c, {
        train: data,
        maxSteps: 12,
        perDeviceTrainBatchSize: 8,
        maxTokensPerPass: 30,
        bf16,
      })) {
        if (event.type !== "step") continue;
        losses.push(event.loss);
        counts.push(on.alive());
      }
      assert.equal(new Set(counts.slice(1)).size, 1, counts.join());
      const alive = on.alive();
      c.dispose();
      assert.ok(on.alive() < alive);
      return losses;
    };
    const before = kernels.alive();
    const found = { float32: await lossesWith(false), bfloat16: await lossesWith(true) };
    assert.equal(kernels.alive(), before);
    const exact = await sampleRounding(
      async (on) =>
        new Map([
          ["float32", await lossesWith(false, on)],
          ["bfloat16", await lossesWith(true, on)],
        ]),
    );
    const [float32, bfloat16] = [exact.get("float32") ?? NOTHING, exact.get("bfloat16") ?? NOTHING];
    expectWithin(found.float32, float32, { what: "losses in float32" });
    expectWithin(found.bfloat16, bfloat16, { what: "losses in bfloat16", loosest: 0.1 });
    assert.ok(
      found.bfloat16.some((loss, i) => Math.abs(loss - float32.values[i]) > float32.bounds[i] + 2 ** -24 * loss),
      "operands are rounded",
    );
  });
}

test("where bfloat16 brings nothing the run says so and is the one in 32-bit floats; without such numbers it is refused", async () => {
  const run = async (on: Ops, bf16: boolean): Promise<{ losses: number[]; messages: string[] }> => {
    const c = await classifier("distilbert", { on });
    c.addAdapter({ r: 2 });
    const events = await runToEnd(c, { maxSteps: 3, bf16 });
    c.dispose();
    const warnings = eventsOf("warning", events).filter(({ kind }) => kind === "precision");
    return { losses: steps(events).map(({ loss }) => loss), messages: warnings.map(({ message }) => message) };
  };
  const slow = { ...ops, bfloat16: "slow" as const };
  const [asked, plain] = [await run(slow, true), await run(slow, false)];
  assert.deepEqual(asked.losses, plain.losses);
  assert.deepEqual(plain.messages, []);
  assert.match(asked.messages.join(), /^bf16 brings nothing on this processor and is not used\. /);
  const fast = await run(kernelOps(undefined, { bfloat16: "emulated-pairs" }), true);
  assert.deepEqual(fast.messages, []);
  assert.notDeepEqual(fast.losses, plain.losses);
  await assert.rejects(run(tfjsOps(), true), /train: bf16 must be off on this device, which has only 32-bit floats/);
  const c = await classifier("distilbert", { on: slow });
  c.addAdapter({ r: 2 });
  const warned: string[] = [];
  for await (const event of findLearningRate(c, data, { numSteps: 10, bf16: true }))
    if (event.type === "warning") warned.push(event.message);
  assert.deepEqual(warned, asked.messages);
  c.dispose();
});

test("a step leaves no additional tensors", async () => {
  const c = await classifier();
  c.addAdapter({ r: 2, targetModules: "all-linear" });
  const counts: number[] = [];
  for await (const event of train(c, { train: data, maxSteps: 12, perDeviceTrainBatchSize: 8, maxTokensPerPass: 30 }))
    if (event.type === "step") counts.push(ops.alive());
  assert.deepEqual(new Set(counts.slice(1)).size, 1, counts.join());
  const before = ops.alive();
  for await (const event of train(c, { train: data, maxSteps: 2 })) assert.ok(event);
  assert.equal(ops.alive(), before, "a second run leaves tensors behind");
  c.dispose();
});

test("the learning rate warms up and decays as transformers' linear schedule", async () => {
  const c = await classifier();
  c.addAdapter();
  const events = await runToEnd(c, { maxSteps: 10, warmupRatio: 0.2, learningRate: 1 / 64 });
  assert.deepEqual(
    steps(events).map(({ learningRate }) => learningRate * 64),
    [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125],
  );
  c.dispose();
});

test("all bad options and data are listed in one error before anything is written", async () => {
  const c = await classifier();
  const refused = async (options: Partial<TrainOptions>, pattern: RegExp): Promise<void> => {
    await assert.rejects(runToEnd(c, { outputDir: join(folder, "never"), ...options }), pattern);
    assert.ok(!existsSync(join(folder, "never")));
  };
  await refused({}, /there is nothing to train/);
  c.addAdapter();
  await refused(
    { learningRate: NaN, numTrainEpochs: 0, seed: 1.5 },
    /numTrainEpochs must be[\s\S]*learningRate must be a number above 0; got NaN[\s\S]*seed must be/,
  );
  await refused({ learning_rate: 1 } as Partial<TrainOptions>, /"learning_rate" is not an option/);
  await refused({ train: [] }, /no examples/);
  await refused({ train: [{ text: "2 3", label: 2 }] }, /label of row 0 must be a class from 0 to 1; got 2/);
  await refused({ train: [{ text: "2 3", label: [0, 1] }] }, /label of row 0 must be a class from 0 to 1; got \[0,1\]/);
  await refused(
    { validation: { columns: ["texts", "tag"], column: () => ({ values: [] }) } },
    /column "label" is missing; there are texts, tag/,
  );
  c.dispose();
});

test("early stopping ends a run after `patience` evaluations without improvement, counted as in transformers", async () => {
  const c = await classifier();
  c.addAdapter({ r: 2 });
  const outputDir = join(folder, "early");
  const options = {
    outputDir,
    maxSteps: 30,
    evalSteps: 2,
    learningRate: 1e-9,
    earlyStoppingPatience: 3,
    earlyStoppingThreshold: 0.5,
    metricForBestModel: "eval_loss",
  } as const;
  const events = await runToEnd(c, options);
  const [stop] = eventsOf("early-stopping", events);
  assert.deepEqual([stop.step, stop.evaluations, stop.metric], [8, 3, "loss"]);
  const { steps: count, stopped, reason } = endOf(events);
  assert.deepEqual([count, stopped, reason], [8, false, "early-stopping"]);
  const again = await runToEnd(c, { ...options, resumeFrom: "last" });
  assert.deepEqual(
    again.map(({ type }) => type),
    ["start", "resume", "end"],
  );
  c.dispose();
});

test("a warning about a model that predicts one class comes at the second such evaluation, not at the first", async () => {
  const c = await classifier();
  const { weight, bias } = c.model.modules.head.modules.classifier;
  weight.assign(ops.scale(weight.value, 0));
  bias?.assign(ops.float(Float32Array.of(5, 0), [2]));
  c.addAdapter({ r: 2 }); // it takes a copy of the head
  const events = await runToEnd(c, { maxSteps: 8, evalSteps: 2, learningRate: 1e-9, warmupSteps: 0 });
  const [warning, ...more] = eventsOf("warning", events);
  assert.equal(more.length, 0);
  assert.deepEqual([warning.kind, warning.step], ["one-class", 4]);
  assert.match(warning.message, /predicted to be NEGATIVE.*learning rate, 1e-9/);
  c.dispose();
});

test("a model with several labels per text is trained, learns, and is evaluated by micro F1", async () => {
  const c = await classifier("bert", { problemType: "multi_label_classification", dropout: 0 });
  c.addAdapter({ r: 4, targetModules: "all-linear" });
  const events = await runToEnd(c, {
    train: several(data),
    validation: several(validation),
    maxSteps: 80,
    evalSteps: 16,
    learningRate: 0.03,
    classWeights: "balanced",
  });
  const { metrics } = eventsOf("evaluation", events)[4];
  assert.deepEqual(Object.keys(metrics).sort(), ["accuracy", "f1", "f1_macro", "loss", "precision", "recall"]);
  assert.ok((endOf(events).bestMetric ?? 0) > 0.85, `F1 ${endOf(events).bestMetric}`);
  c.dispose();
});

test("the trainable parameters are shown as by peft's print_trainable_parameters", async () => {
  for (const kind of ["bert", "distilbert"] as const) {
    const c = await classifier(kind);
    c.addAdapter({
      r: 3,
      loraAlpha: 5,
      targetModules: kind === "bert" ? ["query", "key", "value", "dense"] : "all-linear",
    });
    assert.equal(c.trainableParametersLine(), expectedOf(kind).trainable);
    c.dispose();
  }
});
