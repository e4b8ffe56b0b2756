import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { readTrainingLog } from "../../src/training/log/read-training-log";
import { train } from "../../src/training/train";
import type { TrainOptions } from "../../src/training/options/train-options";
import type { Ops } from "../../src/ops/ops";
import { expectWithin } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import { classifier, data, eventsOf, hashOfWeights, ops, runToEnd, validation } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-unread-"))));
after(() => rm(folder, { recursive: true, force: true }));

const FIGURES = ["loss", "gradNorm", "learningRate", "tokens"] as const;
const COMMON: Partial<TrainOptions> = {
  maxSteps: 9,
  perDeviceTrainBatchSize: 4,
  gradientAccumulationSteps: 2,
  evalSteps: 4,
  maxGradNorm: 0.5,
};

async function trainable(on?: Ops): Promise<SequenceClassifier> {
  const c = await classifier("bert", { dropout: 0.1, on });
  c.addAdapter({ r: 2, loraDropout: 0.2 });
  return c;
}

test("reading steps together gives the same events, numbers, evaluations and weights as reading each", async () => {
  const runs = [];
  for (const loggingSteps of [1, 3, 100]) {
    const c = await trainable();
    const events = await runToEnd(c, { ...COMMON, loggingSteps });
    const steps = eventsOf("step", events);
    assert.deepEqual(
      steps.map(({ step }) => step),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    const order = events
      .filter(({ type }) => type === "step" || type === "evaluation")
      .map((event) => ("step" in event ? event.step : 0));
    assert.deepEqual(order, [1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 9], "an evaluation comes after its own step's event");
    const weights = await Promise.all(c.trainableParameters().map(({ value }) => ops.read(value)));
    runs.push({
      steps,
      evaluations: eventsOf("evaluation", events).map(({ loss }) => loss),
      weights: weights.map((values) => Float32Array.from(values)),
    });
    c.dispose();
  }
  const [one, ...others] = runs;
  // Effect of rounding on a run of these steps, with draws of dropout that are the reference's own.
  const sampled = await sampleRounding(async (on) => {
    const c = await trainable(on);
    const events = await runToEnd(c, COMMON);
    const figures = FIGURES.map((figure) => [figure, eventsOf("step", events).map((step) => step[figure])] as const);
    const numbers = new Map<string, ArrayLike<number>>([
      ...figures,
      ["evaluations", eventsOf("evaluation", events).map(({ loss }) => loss)],
    ]);
    for (const [i, { value }] of c.trainableParameters().entries())
      numbers.set(`weight ${i}`, Float64Array.from(on.bounded(value).values));
    c.dispose();
    return numbers;
  });
  const expectClose = (found: ArrayLike<number>, wanted: ArrayLike<number>, name: string): void => {
    const bounds = sampled.get(name)?.bounds ?? new Float64Array();
    expectWithin(
      found,
      { values: Float64Array.from(wanted), bounds: bounds.map((bound) => 2 * bound) },
      { what: name, loosest: 0.05 },
    );
  };
  assert.ok(
    one.steps.some(({ gradNorm }) => gradNorm > 0.5),
    "clipping is part of it",
  );
  for (const other of others) {
    for (const figure of FIGURES)
      expectClose(
        other.steps.map((step) => step[figure]),
        one.steps.map((step) => step[figure]),
        figure,
      );
    expectClose(other.evaluations, one.evaluations, "evaluations");
    one.weights.forEach((values, i) => expectClose(other.weights[i], values, `weight ${i}`));
  }
});

test("a stopped and resumed run whose steps are read together ends with the same weights bit for bit, and logs each step once", async () => {
  const options = { ...COMMON, loggingSteps: 3, saveSteps: 4 };
  const whole = await trainable();
  await runToEnd(whole, { ...options, outputDir: join(folder, "whole") });
  const outputDir = join(folder, "stopped");
  const stop = new AbortController();
  const first = await trainable();
  for await (const event of train(first, {
    train: data,
    validation,
    learningRate: 0.02,
    ...options,
    outputDir,
    signal: stop.signal,
  }))
    if (event.type === "step" && event.step === 5) stop.abort();
  first.dispose();
  const second = await trainable();
  const events = await runToEnd(second, { ...options, outputDir, resumeFrom: "last" });
  assert.equal(eventsOf("resume", events).length, 1);
  assert.equal(await hashOfWeights(second), await hashOfWeights(whole));
  const numbers = async (directory: string): Promise<unknown> =>
    eventsOf("step", await readTrainingLog(directory)).map(({ step, loss, gradNorm }) => ({ step, loss, gradNorm }));
  assert.deepEqual(await numbers(outputDir), await numbers(join(folder, "whole")));
  second.dispose();
  whole.dispose();
});

test("a run that diverges between two readings is stopped with the step's number before anything is saved, and leaves no tensor", async () => {
  const c = await trainable();
  const [parameter] = c.trainableParameters();
  await runToEnd(c, { ...COMMON, maxSteps: 1 }); // creates the tensors that the model keeps
  const before = ops.alive();
  const outputDir = join(folder, "diverges");
  await assert.rejects(async () => {
    for await (const event of train(c, {
      train: data,
      validation,
      learningRate: 0.02,
      ...COMMON,
      evalSteps: 9,
      loggingSteps: 4,
      outputDir,
    })) {
      if (event.type === "step" && event.step === 4)
        parameter.assign(
          ops.float(new Float32Array(parameter.shape.reduce((a, b) => a * b)).fill(NaN), parameter.shape),
        );
    }
  }, /at step 5 the loss is NaN.*There is no checkpoint/s);
  assert.equal(ops.alive(), before);
  c.dispose();
});
