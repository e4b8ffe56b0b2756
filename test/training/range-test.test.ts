import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { findLearningRate } from "../../src/training/range-test/find-learning-rate";
import type { LearningRateOptions } from "../../src/training/range-test/learning-rate-options";
import type { LearningRateEvent, LearningRateTest } from "../../src/training/range-test/learning-rate-test";
import { LossAverage } from "../../src/training/range-test/loss-average";
import { fallingLengths, suggestLearningRate } from "../../src/training/range-test/suggest-learning-rate";
import { fixtureDirectory } from "../model/fixture";
import { expectWithin, NOTHING } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import { classifier, data, eventsOf, hashOfWeights, ops, runToEnd } from "./tiny";

interface Golden {
  readonly numSteps: number;
  readonly batchSize: number;
  readonly smoothing: number;
  readonly examples: readonly { readonly text: string; readonly label: number }[];
  readonly cases: readonly {
    readonly kind: "bert" | "distilbert";
    readonly method: "lora" | "full";
    readonly minLearningRate: number;
    readonly maxLearningRate: number;
    readonly rates: readonly number[];
    readonly losses: readonly number[];
    readonly smoothedLosses: readonly number[];
    readonly suggestedStep: number;
  }[];
}

const golden = JSON.parse(
  readFileSync(join(projectRoot(), "test", "training", "golden-range-tests.json"), "utf8"),
) as Golden;

async function runTest(
  c: SequenceClassifier,
  options: LearningRateOptions = {},
  examples: Parameters<typeof findLearningRate>[1] = data,
): Promise<{ events: LearningRateEvent[]; result: LearningRateTest }> {
  const events: LearningRateEvent[] = [];
  const run = findLearningRate(c, examples, { perDeviceTrainBatchSize: 8, numSteps: 12, ...options });
  for (;;) {
    const next = await run.next();
    if (next.done === true) return { events, result: next.value };
    events.push(next.value);
  }
}

for (const { kind, method, rates, losses, smoothedLosses, suggestedStep, ...range } of golden.cases) {
  test(`${kind}, ${method}: losses, averages and suggestion are those of the same range test in torch, up to rounding`, async () => {
    const { examples, numSteps, smoothing, batchSize } = golden;
    const testOn = async (on: Ops): Promise<LearningRateTest> => {
      const c = await classifier(kind, { dropout: 0, on });
      if (method === "full") c.trainAllWeights();
      else await c.loadAdapter(join(fixtureDirectory(kind), "adapter"));
      const { result } = await runTest(
        c,
        { ...range, numSteps, smoothing, perDeviceTrainBatchSize: batchSize, trainSamplingStrategy: "sequential" },
        examples,
      );
      c.dispose();
      return result;
    };
    const numbersOf = ({ points }: LearningRateTest): Map<string, number[]> =>
      new Map([
        ["losses", points.map(({ loss }) => loss)],
        ["averages", points.map(({ smoothedLoss }) => smoothedLoss)],
      ]);
    const exact = await sampleRounding(async (on) => numbersOf(await testOn(on)));
    const found = await testOn(ops);
    for (const [what, numbers] of Object.entries({
      ours: numbersOf(found),
      torch: new Map(Object.entries({ losses, averages: smoothedLosses })),
    }))
      for (const name of ["losses", "averages"])
        expectWithin(numbers.get(name) ?? [], exact.get(name) ?? NOTHING, {
          what: `${what}: ${name}`,
          storage: 2 ** -20,
        });
    const { points, suggestion, reason } = found;
    points.forEach(({ learningRate }, i) => assert.ok(Math.abs(learningRate / rates[i] - 1) < 1e-12));
    assert.equal(reason, "finished");
    assert.deepEqual(suggestion, {
      kind: "found",
      step: suggestedStep,
      learningRate: points[suggestedStep - 1].learningRate,
      smoothedLoss: points[suggestedStep - 1].smoothedLoss,
    });
  });
}

for (const method of ["lora", "full"] as const) {
  test(`${method}: training after a range test equals training without it, bit for bit, and no tensor is left`, async () => {
    const make = async (): Promise<SequenceClassifier> => {
      const c = await classifier("bert", { dropout: 0.2 });
      if (method === "lora") c.addAdapter({ r: 2, loraDropout: 0.3, modulesToSave: ["position_embeddings"] });
      else c.trainAllWeights();
      return c;
    };
    const [tested, plain] = [await make(), await make()];
    await runTest(tested); // creates the tensors that the model keeps
    const [alive, hash, drawn] = [ops.alive(), await hashOfWeights(tested), tested.untrainedWeights];
    const { result } = await runTest(tested, { maxLearningRate: 100 });
    assert.ok(result.steps > 1);
    assert.equal(ops.alive(), alive);
    assert.equal(await hashOfWeights(tested), hash);
    assert.deepEqual(tested.untrainedWeights, drawn);
    const texts = data.map(({ text }) => text);
    assert.deepEqual(await tested.predictLogits(texts), await plain.predictLogits(texts));
    const lossesOf = async (c: SequenceClassifier): Promise<number[]> =>
      eventsOf("step", await runToEnd(c, { maxSteps: 5 })).map(({ loss }) => loss);
    assert.deepEqual(await lossesOf(tested), await lossesOf(plain));
    assert.equal(await hashOfWeights(tested), await hashOfWeights(plain));
    tested.dispose();
    plain.dispose();
  });
}

test("an error, a consumer that stops, and an abort leave weights and tensors as they were", async () => {
  const c = await classifier("distilbert");
  c.addAdapter({ r: 2 });
  await runTest(c);
  const [alive, hash] = [ops.alive(), await hashOfWeights(c)];
  const expectUnchanged = async (what: string): Promise<void> => {
    assert.equal(ops.alive(), alive, what);
    assert.equal(await hashOfWeights(c), hash, what);
  };
  const broken = [...data, ...Array.from({ length: 8 }, () => ({ text: "2 1000000 3", label: 0 }))];
  await assert.rejects(runTest(c, { trainSamplingStrategy: "sequential" }, broken));
  await expectUnchanged("an error");
  for await (const event of findLearningRate(c, data, { perDeviceTrainBatchSize: 8 }))
    if (event.type === "step" && event.step === 3) break;
  await expectUnchanged("a consumer that stops");
  const stop = new AbortController();
  const run = findLearningRate(c, data, { perDeviceTrainBatchSize: 8, signal: stop.signal });
  let next = await run.next();
  while (next.done !== true) {
    if (next.value.type === "step" && next.value.step === 4) stop.abort();
    next = await run.next();
  }
  const { steps, stopped, reason, suggestion } = next.value;
  assert.deepEqual(
    { steps, stopped, reason, kind: suggestion.kind },
    { steps: 4, stopped: true, reason: "stopped", kind: "none" },
  );
  await expectUnchanged("an abort");
  assert.equal((await runTest(c, { signal: stop.signal })).result.steps, 0);
  c.dispose();
});

test("the first steps at one rate are those of train: the same batches, dropout and losses", async () => {
  const [tested, trained] = [await classifier("bert", { dropout: 0.2 }), await classifier("bert", { dropout: 0.2 })];
  for (const c of [tested, trained]) c.addAdapter({ r: 2, loraDropout: 0.3 });
  const { events } = await runTest(tested, {
    minLearningRate: 1e-3,
    maxLearningRate: 1e-3 * (1 + 1e-15 * 4),
    numSteps: 10,
  });
  const run = await runToEnd(trained, { maxSteps: 10, learningRate: 1e-3, lrSchedulerType: "constant" });
  const losses = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
  const wanted = eventsOf("step", run).map(({ loss }) => loss);
  assert.equal(losses.length, 10);
  losses.forEach((loss, i) => assert.ok(Math.abs(loss - wanted[i]) < 1e-5, `step ${i + 1}: ${loss}, ${wanted[i]}`));
  tested.dispose();
  trained.dispose();
});

test("events are those that progress shows: a start, a step for each point, and the result", async () => {
  const c = await classifier("distilbert");
  c.addAdapter({ r: 2 });
  const { events, result } = await runTest(c, {
    learningRate: 5,
    numTrainEpochs: 9,
    outputDir: "nowhere",
    evalSteps: 3,
  });
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", ...Array.from({ length: 12 }, () => "step"), "end"],
  );
  const [start] = events;
  assert.ok(
    start.type === "start" && start.totalSteps === 12 && start.stepsPerEpoch === 5 && start.trainExamples === 40,
  );
  assert.equal(events.at(-1), result);
  assert.ok(result.points.every((point) => Object.values(point).every(Number.isFinite)));
  c.dispose();
});

test("a loss that diverges ends the test with finite points", async () => {
  const c = await classifier("bert");
  c.trainAllWeights();
  const { result } = await runTest(c, { minLearningRate: 1e-3, maxLearningRate: 1e30, numSteps: 40, smoothing: 0 });
  assert.equal(result.reason, "diverged");
  assert.ok(result.steps < 40 && result.points.length === result.steps);
  assert.ok(result.points.every(({ loss, smoothedLoss }) => Number.isFinite(loss) && Number.isFinite(smoothedLoss)));
  c.dispose();
});

test("a loss that is not finite at the first step is an error", async () => {
  const c = await classifier("bert");
  c.trainAllWeights();
  const [weight] = c.trainableParameters();
  weight.assign(ops.float(new Float32Array(weight.shape[0] * weight.shape[1]).fill(NaN), weight.shape));
  await assert.rejects(
    runTest(c),
    (error) => error instanceof TsloraError && /loss of the first step must be finite; got NaN/.test(error.message),
  );
  c.dispose();
});

test("wrong options are refused together, before anything is computed", async () => {
  const c = await classifier("distilbert");
  const started = ops.alive();
  await assert.rejects(runTest(c), /findLearningRate: there is nothing to train/);
  c.addAdapter({ r: 2 });
  await assert.rejects(
    runTest(c, {
      minLearningRate: 1,
      maxLearningRate: 0.1,
      numSteps: 3,
      smoothing: 1,
      divergenceFactor: 1,
      maxGradNorm: -1,
    }),
    /numSteps must be a whole number of at least 10; got 3[\s\S]*smoothing must be[\s\S]*divergenceFactor must be[\s\S]*minLearningRate must be below maxLearningRate, 0\.1; got 1[\s\S]*maxGradNorm must be/,
  );
  await assert.rejects(runTest(c, { minLearningRate: NaN }), /minLearningRate must be a number above 0; got NaN/);
  await assert.rejects(runTest(c, { steps: 5 } as LearningRateOptions), /"steps" is not an option/);
  await assert.rejects(runTest(c, {}, []), /there are no examples/);
  c.deleteAdapter("default");
  assert.equal(ops.alive(), started);
  c.dispose();
});

test("the average is the bias-corrected moving average; with smoothing 0 it is the loss", () => {
  const losses = [3, 1, 4, 1, 5];
  const average = new LossAverage(0.75);
  losses.forEach((loss, n) => {
    const weights = losses.slice(0, n + 1).map((_, i) => 0.75 ** (n - i));
    const wanted = weights.reduce((sum, weight, i) => sum + weight * losses[i], 0) / weights.reduce((a, b) => a + b);
    assert.ok(Math.abs(average.add(loss) - wanted) < 1e-12);
  });
  const none = new LossAverage(0);
  for (const loss of losses) assert.equal(none.add(loss), loss);
});

test("the suggestion is the middle of the valley; without a valley there is a reason", () => {
  const curve = (losses: readonly number[]): ReturnType<typeof suggestLearningRate> =>
    suggestLearningRate(
      losses.map((loss, i) => ({ step: i + 1, learningRate: 10 ** (i / 10 - 6), loss, smoothedLoss: loss })),
    );
  assert.deepEqual(fallingLengths([3, 1, 2, 0, 1, -1]), [1, 2, 2, 3, 3, 4]);
  // flat over 20 points, falling over 20, rising over 10
  const valley = Array.from({ length: 50 }, (_, i) =>
    i < 20 ? 0.7 : i < 40 ? 0.7 - 0.02 * (i - 19) : 0.3 + 0.1 * (i - 39),
  );
  const found = curve(valley);
  assert.ok(found.kind === "found" && found.step === 30, JSON.stringify(found));
  for (const [losses, reason] of [
    [Array.from({ length: 30 }, () => 0.7), /falls by only 0\.0 %/],
    [Array.from({ length: 30 }, (_, i) => 0.7 + 0.01 * i), /falls by only 0\.0 %/],
    [Array.from({ length: 30 }, () => 0), /falls by only 0\.0 %/],
    [[0.7, 0.6], /has 2 points; 10 are needed/],
    [[], /has 0 points/],
  ] as const) {
    const none = curve(losses);
    assert.ok(none.kind === "none" && reason.test(none.reason), JSON.stringify(none));
  }
});
