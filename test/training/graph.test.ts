import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { graphOps } from "../../src/ops/graph-ops";
import { loadTensorFlow } from "../../src/ops/load-tensorflow";
import type { Ops, RecordingCounts } from "../../src/ops/ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import type { TrainOptions } from "../../src/training/options/train-options";
import { train } from "../../src/training/train";
import { tinyClassifier } from "../lora/tiny";
import { expectedOf, TINY_MODELS } from "../model/fixture";

const STEPS = 20;
const MOST_CALLS = 10;

const { binding } = loadTensorFlow();
const eager = { ...tensorflowOps(), bfloat16: "fast" as const }; // uses it on any processor
const graph = { ...graphOps(), bfloat16: "fast" as const };

/** One way to train. */
interface Case {
  readonly what: string;
  readonly method?: "lora" | "full";
  readonly dropout?: number;
  readonly options?: Partial<TrainOptions>;
}

interface Run {
  readonly numbers: readonly (readonly [number, number])[];
  /** SHA-256 of all trained weights' bytes. */
  readonly weights: string;
  readonly logits: readonly Float32Array[];
  /** Calls of TFE_Execute in each step. */
  readonly calls: readonly number[];
  /** Tensors that are alive after each step. */
  readonly alive: readonly number[];
  readonly counts: RecordingCounts | undefined;
}

async function prepared(kind: string, on: Ops, { method = "lora", dropout = 0.1 }: Case): Promise<SequenceClassifier> {
  const classifier = await tinyClassifier(kind, on);
  for (const name of ["hiddenDropout", "attentionDropout", "classifierDropout"] as const)
    Object.assign(classifier.model.config, { [name]: dropout });
  if (method === "full") classifier.trainAllWeights();
  else classifier.addAdapter({ r: 2, loraDropout: dropout, targetModules: "all-linear" });
  return classifier;
}

async function run(kind: string, on: Ops, how: Case): Promise<Run> {
  const { documents, labels } = expectedOf(kind);
  const examples = documents.map((ids, i) => ({ text: ids.join(" "), label: labels[i] }));
  const classifier = await prepared(kind, on, how);
  const texts = examples.map(({ text }) => text);
  const before = await classifier.predictLogits(texts);
  const [numbers, calls, alive]: [[number, number][], number[], number[]] = [[], [], []];
  let executed = binding.executions();
  const options = { maxSteps: STEPS, perDeviceTrainBatchSize: 2, learningRate: 0.01, seed: 3, ...how.options };
  for await (const event of train(classifier, { train: examples, ...options })) {
    if (event.type !== "step") continue;
    numbers.push([event.loss, event.gradNorm]);
    calls.push(binding.executions() - executed);
    alive.push(on.alive());
    executed = binding.executions();
  }
  const after = await classifier.predictLogits(texts);
  const hash = createHash("sha256");
  for (const { name, value } of classifier.trainableParameters())
    hash.update(name).update(new Uint8Array((await on.read(value)).slice().buffer));
  const counts = on.recording?.counts();
  classifier.dispose();
  return { numbers, weights: hash.digest("hex"), logits: [before, after], calls, alive, counts };
}

async function expectSame(kind: string, how: Case): Promise<Run> {
  const [plain, recorded] = [await run(kind, eager, how), await run(kind, graph, how)];
  assert.equal(plain.numbers.length, STEPS);
  assert.deepEqual(recorded.numbers, plain.numbers, "losses and norms");
  assert.equal(recorded.weights, plain.weights, "weights");
  assert.deepEqual(recorded.logits, plain.logits, "logits before and after training");
  assert.ok(
    recorded.calls.every((count) => count <= MOST_CALLS),
    `calls of TensorFlow in each step: ${recorded.calls.join(" ")}`,
  );
  assert.equal(recorded.alive[STEPS - 1], recorded.alive[2], "a step leaves tensors behind");
  assert.deepEqual([...(recorded.counts?.notRecorded ?? [])], []);
  assert.equal(graph.alive(), 0);
  assert.equal(graph.recording?.counts().functions, 0, "a classifier's functions are freed with it");
  return recorded;
}

for (const kind of TINY_MODELS)
  test(`${kind}: ${STEPS} recorded steps equal separate operations bit for bit, in at most ${MOST_CALLS} calls each`, async () => {
    await expectSame(kind, { what: "LoRA with dropout" });
  });

const CASES: readonly Case[] = [
  { what: "LoRA without dropout", dropout: 0 },
  { what: "all weights with dropout", method: "full" },
  { what: "all weights without dropout", method: "full", dropout: 0 },
  { what: "gradient accumulation", options: { gradientAccumulationSteps: 3, perDeviceTrainBatchSize: 1 } },
  { what: "many passes in a step", options: { gradientAccumulationSteps: 12, perDeviceTrainBatchSize: 1 } },
  { what: "bf16", options: { bf16: true } },
  { what: "numbers read every 5 steps", options: { loggingSteps: 5 } },
  { what: "no clipping and no weight decay", options: { maxGradNorm: 0, weightDecay: 0 } },
];
for (const how of CASES)
  test(`${how.what}: recorded steps equal separate operations bit for bit`, async () => {
    // Steps that are read together are reported together: the first of them counts the calls of all.
    const { loggingSteps = 1 } = how.options ?? {};
    if (loggingSteps === 1) await expectSame("distilbert", how);
    else {
      const [plain, recorded] = [await run("distilbert", eager, how), await run("distilbert", graph, how)];
      assert.deepEqual([recorded.numbers, recorded.weights], [plain.numbers, plain.weights]);
      const calls = recorded.calls.reduce((sum, count) => sum + count, 0);
      assert.ok(calls <= MOST_CALLS * STEPS, String(calls));
    }
  });

test("a recorded run that diverges stops as one of separate operations does", async () => {
  const messages: string[] = [];
  for (const on of [eager, graph]) {
    const how = { what: "a rate that is far too high", dropout: 0, options: { learningRate: 1e30 } };
    await assert.rejects(run("distilbert", on, how), (error: Error) => messages.push(error.message) > 0);
  }
  assert.match(messages[0], /diverged|median/);
  assert.equal(messages[1], messages[0]);
  assert.equal(graph.recording?.counts().notRecorded.size, 0);
});
