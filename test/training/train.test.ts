import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import type { TrainOptions } from "../../src/training/train-options";
import { expectWithin, NOTHING } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";
import { expectedOf } from "../model/fixture";
import { classifier, data, eventsOf, ops, runToEnd, several, tokenizer, validation, type EventOf } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-train-"))));
after(() => rm(folder, { recursive: true, force: true }));

const steps = (events: readonly TrainEvent[]): EventOf<"step">[] => eventsOf("step", events);
const endOf = (events: readonly TrainEvent[]): EventOf<"end"> => {
  const [end] = eventsOf("end", events);
  assert.equal(events[events.length - 1], end);
  return end;
};

/** A run by whole batches and one by parts: the same in double precision, and in 32 bits up to rounding. */
function expectSameRun(
  found: Readonly<Record<"whole" | "parts", readonly number[]>>,
  exact: ReadonlyMap<string, Bounded>,
  what: string,
): void {
  const [whole, parts] = [exact.get("whole") ?? NOTHING, exact.get("parts") ?? NOTHING];
  // A run reads losses and norms as 32-bit floats, and so do its steps in turn.
  expectWithin(
    parts.values,
    { values: whole.values, bounds: whole.values.map((value) => 2 ** -20 * Math.max(1, Math.abs(value))) },
    { what: `${what}, in double precision` },
  );
  const bounds = whole.bounds.map((bound, i) => bound + parts.bounds[i]);
  for (const way of ["whole", "parts"] as const)
    expectWithin(found[way], { values: whole.values, bounds }, { what: `${what}, ${way}` });
}

for (const method of ["lora", "full"] as const) {
  test(`${method}: training learns what there is to learn, and the best weights are put back`, async () => {
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

test("the base stays as it was, to the bit, while an adapter is trained", async () => {
  const c = await classifier("distilbert");
  c.addAdapter({ r: 2 });
  const frozen = c.model.parameters().filter(({ trainable }) => !trainable);
  assert.ok(frozen.length > 30);
  const snapshot = await Promise.all(frozen.map((parameter) => parameter.read()));
  await runToEnd(c, { maxSteps: 4 });
  for (const [i, parameter] of frozen.entries()) assert.deepEqual(await parameter.read(), snapshot[i], parameter.name);
  c.dispose();
});

test("parts of a batch add up to the batch: the split by tokens does not change the run", async () => {
  const lossesWith = async (maxTokensPerPass: number, on: Ops = ops): Promise<number[]> => {
    const c = await classifier("bert", { dropout: 0, on });
    c.addAdapter({ r: 2, loraDropout: 0 });
    const events = await runToEnd(c, { maxSteps: 8, maxTokensPerPass });
    c.dispose();
    return steps(events).map(({ loss }) => loss);
  };
  const exact = await sampleRounding(
    async (on) =>
      new Map([
        ["whole", await lossesWith(10_000, on)],
        ["parts", await lossesWith(12, on)],
      ]),
  );
  expectSameRun({ whole: await lossesWith(10_000), parts: await lossesWith(12) }, exact, "by tokens");
});

test("micro-batches add up to the batch, with and without class weights, one label a text or several", async () => {
  for (const options of [
    {},
    { classWeights: [0.5, 3] },
    { classWeights: [0.5, 3], labelSmoothing: 0.2 },
    { focalGamma: 2 },
    { several: true, classWeights: [2, 0.5] },
  ] as const) {
    const { several: multi = false, ...more } = options as { several?: boolean };
    const lossesWith = async (batch: Partial<TrainOptions>, on: Ops = ops): Promise<number[]> => {
      const c = await classifier("distilbert", {
        dropout: 0,
        on,
        problemType: multi ? "multi_label_classification" : "single_label_classification",
      });
      c.addAdapter({ r: 2, loraDropout: 0 });
      const events = await runToEnd(c, {
        ...more,
        maxSteps: 8,
        learningRate: 0.005,
        ...(multi ? { train: several(data), validation: several(validation) } : {}),
        ...batch,
      });
      c.dispose();
      return [...steps(events).map(({ loss }) => loss), eventsOf("start", events)[0].stepsPerEpoch];
    };
    const whole = { perDeviceTrainBatchSize: 12 };
    const parts = { perDeviceTrainBatchSize: 3, gradientAccumulationSteps: 4 };
    const exact = await sampleRounding(
      async (on) =>
        new Map([
          ["whole", await lossesWith(whole, on)],
          ["parts", await lossesWith(parts, on)],
        ]),
    );
    expectSameRun({ whole: await lossesWith(whole), parts: await lossesWith(parts) }, exact, JSON.stringify(options));
  }
});

for (const method of ["lora", "full"] as const) {
  test(`${method}: in bfloat16 a run goes the way of 32-bit floats, but for rounding, and leaves as many tensors`, async () => {
    const lossesWith = async (bf16: boolean, on: Ops = ops): Promise<number[]> => {
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
    const before = ops.alive();
    const found = { float32: await lossesWith(false), bfloat16: await lossesWith(true) };
    assert.equal(ops.alive(), before);
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

test("a step leaves as many tensors as it found", async () => {
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

test("checkpoints: every fraction, the last ones and the best are kept, whole, and load", async () => {
  const c = await classifier();
  c.addAdapter({ r: 2 });
  const outputDir = join(folder, "run with blanks");
  const events = await runToEnd(c, { outputDir, maxSteps: 10, evalSteps: 0.2, saveTotalLimit: 2 });
  const paths = events
    .filter((event): event is TrainEvent & { type: "checkpoint" } => event.type === "checkpoint")
    .map(({ path }) => path);
  assert.deepEqual(
    paths.map((path) => path.split("-").pop()),
    ["2", "4", "6", "8", "10"],
  );
  const kept = await readdir(outputDir);
  const best = `checkpoint-${endOf(events).bestStep}`;
  assert.deepEqual(new Set(kept), new Set(["checkpoint-8", "checkpoint-10", best, "trainer_log.jsonl"]));
  const wanted = await c.predictLogits([data[0].text]);
  const other = await classifier();
  await other.loadAdapter(join(outputDir, best));
  assert.deepEqual(await other.predictLogits([data[0].text]), wanted);
  c.dispose();
  other.dispose();
});

test("all weights saved as a Hugging Face folder give equal logits when read back", async () => {
  const c = await classifier("distilbert");
  c.trainAllWeights();
  await runToEnd(c, { maxSteps: 2 });
  const directory = join(folder, "full");
  await c.saveModel(directory);
  const { model } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 9 });
  const again = new SequenceClassifier({
    model,
    tokenizer,
    labels: c.labels,
    origin: c.origin,
    newlyInitialized: [],
    seed: 9,
  });
  const texts = data.map(({ text }) => text);
  assert.deepEqual(await again.predictLogits(texts), await c.predictLogits(texts));
  c.dispose();
  again.dispose();
});

test("a signal stops the run at the next step, with a checkpoint", async () => {
  const c = await classifier();
  c.addAdapter();
  const stop = new AbortController();
  const outputDir = join(folder, "stopped");
  const events: TrainEvent[] = [];
  for await (const event of train(c, { train: data, validation, maxSteps: 50, outputDir, signal: stop.signal })) {
    events.push(event);
    if (event.type === "step" && event.step === 3) stop.abort();
  }
  const end = endOf(events);
  assert.deepEqual([end.steps, end.stopped], [3, true]);
  assert.ok(existsSync(join(outputDir, "checkpoint-3", "adapter_model.safetensors")));
  c.dispose();
});

test("bad options and bad data are refused, all at once, before anything is written", async () => {
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
  await refused({ train: [{ text: "2 3", label: 2 }] }, /label of row 0 is 2; a class from 0 to 1/);
  await refused({ train: [{ text: "2 3", label: [0, 1] }] }, /label of row 0 is \[0,1\]; a class from 0 to 1/);
  await refused(
    { validation: { columns: ["texts", "tag"], column: () => ({ values: [] }) } },
    /column "label" is missing; there are texts, tag/,
  );
  c.dispose();
});

test("a run that diverges ends with its step, its texts, what to try, and the last good checkpoint", async () => {
  const c = await classifier();
  c.trainAllWeights();
  const ids = data.map((_, i) => `PMID ${1000 + i}`);
  const frame = {
    columns: ["texts", "label", "ID"],
    column: (name: string) => ({
      values: name === "ID" ? ids : data.map(({ text, label }) => (name === "label" ? label : text)),
    }),
  };
  const outputDir = join(folder, "diverged");
  const options = {
    train: frame,
    validation: undefined,
    outputDir,
    saveSteps: 1,
    learningRate: 1e30,
    warmupSteps: 3,
    maxGradNorm: 0,
    maxSteps: 20,
  };
  await assert.rejects(runToEnd(c, options), (error) => {
    assert.ok(error instanceof TsloraError);
    assert.match(
      error.message,
      /at step \d+ the loss is .*diverged; choose a learningRate below 1e\+30.*The batch: PMID 10\d\d, .*The last good checkpoint is .*checkpoint-\d/s,
    );
    const { step, checkpoint, reason } = error.details;
    assert.equal(reason, "diverged");
    assert.ok(existsSync(String(checkpoint)) && Number(step) > 1);
    return true;
  });
  c.dispose();
});

test("early stopping: after so many evaluations without improvement, as transformers counts them", async () => {
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

test("a model that predicts one class is pointed out at the second such evaluation, not at the first", async () => {
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

test("several labels a text: trained, evaluated by micro F1, and learned", async () => {
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

test("peft's line for trainable parameters", async () => {
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
