import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Problems } from "../../src/base/problems";
import { cli, tinyModel, tinyCsv } from "../cli/tiny";
import { epochBatches, epochSteps } from "../../src/training/data/batches";
import { noteDifferences, type RunIdentity } from "../../src/training/checkpoint/run-identity";
import { SAMPLING_STRATEGIES } from "../../src/training/options/train-options";
import { classifier, data, eventsOf, hashOfWeights, runToEnd } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-sampling-"))));
after(() => rm(folder, { recursive: true, force: true }));

const LENGTHS = Array.from({ length: 23 }, (_, i) => 2 + ((i * 7) % 19));
const inOrder = LENGTHS.map((_, index) => index);

test("each strategy takes every example once per epoch", () => {
  for (const strategy of SAMPLING_STRATEGIES) {
    for (const batchSize of [1, 4, 23, 50]) {
      const batches = epochBatches(LENGTHS, { batchSize, seed: 5, epoch: 1, strategy });
      assert.deepEqual(
        batches.flat().sort((a, b) => a - b),
        inOrder,
      );
      assert.ok(batches.slice(0, -1).every(({ length }) => length === batchSize));
    }
  }
});

test("sequential keeps the order of the data in every epoch and with every seed; the others depend on both", () => {
  for (const [seed, epoch, batchSize] of [
    [1, 0, 4],
    [1, 3, 4],
    [9, 0, 1],
    [9, 2, 30],
  ]) {
    const options = { batchSize, seed, epoch, strategy: "sequential" as const };
    const batches = epochBatches(LENGTHS, options);
    assert.deepEqual(batches.flat(), inOrder);
    assert.deepEqual(
      batches.map(([first]) => first),
      inOrder.filter((index) => index % batchSize === 0),
    );
    assert.deepEqual(epochSteps(LENGTHS, { ...options, gradientAccumulationSteps: 3 }).flat(2), inOrder);
  }
  for (const strategy of ["random", "group_by_length"] as const) {
    const [first, second] = [0, 1].map((epoch) =>
      epochBatches(LENGTHS, { batchSize: 4, seed: 1, epoch, strategy }).flat(),
    );
    assert.notDeepEqual(first, inOrder);
    assert.notDeepEqual(first, second);
  }
  const spread = (batch: readonly number[]): number =>
    Math.max(...batch.map((i) => LENGTHS[i])) - Math.min(...batch.map((i) => LENGTHS[i]));
  const total = (strategy: "random" | "group_by_length"): number =>
    epochBatches(LENGTHS, { batchSize: 4, seed: 1, epoch: 0, strategy }).reduce((sum, batch) => sum + spread(batch), 0);
  assert.ok(total("group_by_length") < total("random"));
});

test("training takes the examples in the order of its strategy", async () => {
  const examples = LENGTHS.map((length, i) => ({
    text: ["2", ...Array.from({ length }, () => "7"), "3"].join(" ").split(" ").slice(0, 18).join(" "),
    label: i % 2,
  }));
  const tokens = examples.map(({ text }) => text.split(" ").length);
  const c = await classifier();
  c.addAdapter({ r: 1 });
  const events = await runToEnd(c, {
    train: examples,
    validation: undefined,
    perDeviceTrainBatchSize: 1,
    numTrainEpochs: 2,
    trainSamplingStrategy: "sequential",
  });
  assert.deepEqual(
    eventsOf("step", events).map((step) => step.tokens),
    [...tokens, ...tokens],
  );
  c.dispose();
});

const run = async (options: Parameters<typeof runToEnd>[1]): Promise<string> => {
  const c = await classifier();
  c.addAdapter({ r: 2 });
  await runToEnd(c, {
    numTrainEpochs: 2,
    evalSteps: 3,
    saveTotalLimit: 9,
    loadBestModelAtEnd: false,
    ...options,
    ...(options?.outputDir === undefined ? {} : { saveSteps: 3 }),
  });
  const hash = await hashOfWeights(c);
  c.dispose();
  return hash;
};

for (const trainSamplingStrategy of SAMPLING_STRATEGIES) {
  test(`${trainSamplingStrategy}: a run that is resumed in the middle of an epoch ends with the same weights, bit for bit`, async () => {
    const outputDir = join(folder, trainSamplingStrategy);
    const whole = await run({ trainSamplingStrategy, outputDir });
    const resumed = await run({
      trainSamplingStrategy,
      outputDir: `${outputDir}-on`,
      resumeFrom: join(outputDir, "checkpoint-3"),
    });
    assert.equal(resumed, whole);
    const other = trainSamplingStrategy === "sequential" ? "random" : "sequential";
    await assert.rejects(
      run({
        trainSamplingStrategy: other,
        outputDir: `${outputDir}-other`,
        resumeFrom: join(outputDir, "checkpoint-3"),
      }),
      new RegExp(`trainSamplingStrategy was "${trainSamplingStrategy}" and is "${other}"`),
    );
  });
}

test("groupByLength, the option's older name, is group_by_length; contradictions and unknown strategies are refused", async () => {
  const [older, today, random, plain] = [
    await run({ groupByLength: true }),
    await run({ trainSamplingStrategy: "group_by_length" }),
    await run({ trainSamplingStrategy: "random" }),
    await run({}),
  ];
  assert.deepEqual([older === today, random === plain, older === plain], [true, true, false]);
  await run({ groupByLength: false, trainSamplingStrategy: "sequential", maxSteps: 1 });
  await assert.rejects(
    run({ groupByLength: true, trainSamplingStrategy: "sequential" }),
    /groupByLength true contradicts trainSamplingStrategy "sequential"/,
  );
  await assert.rejects(
    run({ trainSamplingStrategy: "shuffled" as "random" }),
    /trainSamplingStrategy .*"random" or "sequential" or "group_by_length"; got "shuffled"/,
  );
  await assert.rejects(
    run({ groupByLength: "yes" as unknown as boolean }),
    /groupByLength must be true or false; got "yes"/,
  );
});

test("a checkpoint that was written under the older name is resumed under the new one", () => {
  const differences = (before: Record<string, unknown>, now: Record<string, unknown>): number => {
    const identity = (options: Record<string, unknown>): RunIdentity => ({ options, data: {}, model: {}, adapter: {} });
    const problems = new Problems("");
    noteDifferences(problems, { then: identity(before), now: identity(now) });
    return problems.count;
  };
  assert.equal(differences({ seed: 1, groupByLength: false }, { seed: 1, trainSamplingStrategy: "random" }), 0);
  assert.equal(differences({ groupByLength: true }, { trainSamplingStrategy: "group_by_length" }), 0);
  assert.equal(differences({ groupByLength: true }, { trainSamplingStrategy: "random" }), 1);
  assert.equal(differences({ groupByLength: false }, { trainSamplingStrategy: "sequential" }), 1);
});

test("--train-sampling-strategy gives the order on the command line", async () => {
  const model = await tinyModel(folder);
  const csv = await tinyCsv(join(folder, "data.csv"), data.length);
  const printed = await cli([
    "train",
    "--model",
    model,
    "--data",
    csv,
    "--max-steps",
    "2",
    "--train-sampling-strategy",
    "sequential",
    "-o",
    join(folder, "cli"),
    "--json",
  ]);
  assert.equal(printed.code, 0, printed.err);
  const wrong = await cli([
    "train",
    "--model",
    model,
    "--data",
    csv,
    "--train-sampling-strategy",
    "sorted",
    "-o",
    join(folder, "never"),
  ]);
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.err,
    /--train-sampling-strategy must be one of "random", "sequential", "group_by_length"; got "sorted"/,
  );
});
