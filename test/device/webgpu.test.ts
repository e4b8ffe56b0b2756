import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/device/ops";
import { TensorflowOps } from "../../src/device/tensorflow-ops";
import { WebgpuOps, type Webgpu } from "../../src/device/webgpu/webgpu-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import { batchOf, expectedOf, fixtureDirectory, gradientsOf, maxDifference, unpack } from "../model/fixture";
import { data, eventsOf, tokenizer, validation } from "../training/tiny";
import type { TrainEvent } from "../../src/training/train-event";

/** The bound of issue and readme: what WebGPU's 32-bit floats, whose sums and exponentials are the driver's, are held to. */
const BOUND = 1e-4;

const raw = new TensorflowOps();
let webgpu: Webgpu | undefined;
let missing = "";

// Set-up brings SwiftShader where there is one for the platform, so that these run there always; elsewhere the
// machine's own WebGPU is taken, and where there is none, the tests say so.
before(async () => {
  try {
    webgpu = await WebgpuOps.open();
  } catch (error) {
    if (!(error instanceof TsloraError) || (process.platform === "linux" && process.arch === "x64")) throw error;
    missing = error.message;
  }
});
after(() => {
  if (webgpu !== undefined) console.log(`WebGPU was tested on ${webgpu.name}, ${webgpu.backend}.`);
});

function onWebgpu(title: string, body: (ops: WebgpuOps) => Promise<void>): void {
  test(`WebGPU: ${title}`, async (context: TestContext) => {
    if (webgpu === undefined) context.skip(`NOT TESTED: ${missing}`);
    else await body(webgpu.ops);
  });
}

for (const kind of ["bert", "distilbert"]) {
  onWebgpu(`${kind}: logits and every weight's gradient are PyTorch's to ${BOUND}, and no tensor is left behind`, async (ops) => {
    const expected = expectedOf(kind);
    const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
    for (const parameter of model.parameters()) parameter.trainable = true;
    const batch = batchOf(expected);
    const logits = model.predict(batch);
    const rows = unpack(await ops.read(logits), batch, 2);
    rows.forEach((row, i) => assert.ok(maxDifference(row, expected.full.logits[i]) < BOUND, `document ${i}: ${row.join()} and ${expected.full.logits[i].join()}`));
    ops.dispose(logits);
    const { gradients } = await gradientsOf(model, expected); // makes what the model keeps for good
    const alive = ops.alive();
    await gradientsOf(model, expected);
    assert.equal(ops.alive(), alive, "a step leaves tensors behind");
    const wanted = expected.full.gradients;
    assert.deepEqual([...gradients.keys()].sort(), Object.keys(wanted).sort());
    for (const [name, gradient] of gradients) {
      const scale = Math.max(...wanted[name].map(Math.abs), 1e-3); // a key's bias has no gradient but noise
      assert.ok(maxDifference(gradient, wanted[name]) < BOUND * scale, `${name}: ${maxDifference(gradient, wanted[name])} of ${scale}`);
    }
    model.dispose();
  });
}

async function classifierOn(ops: Ops): Promise<SequenceClassifier> {
  const directory = fixtureDirectory("bert");
  const { model, newlyInitialized } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  for (const name of ["hiddenDropout", "attentionDropout", "classifierDropout"] as const) Object.assign(model.config, { [name]: 0 });
  const device = { kind: "webgpu", name: "", backend: "", software: true, asked: "webgpu", notice: "", warnings: [] } as const;
  return new SequenceClassifier({ model, tokenizer, labels: ["NEGATIVE", "POSITIVE"], origin: { id: "tiny", directory, notice: "" }, newlyInitialized, seed: 1, ...(ops === raw ? {} : { device }) });
}

for (const method of ["lora", "full"] as const) {
  onWebgpu(`${method}: training of 4 steps is TensorFlow's to ${BOUND}: losses, norms, weights, evaluations`, async (ops) => {
    const runs = [];
    for (const each of [raw, ops]) {
      const c = await classifierOn(each);
      if (method === "lora") c.addAdapter({ r: 4, loraDropout: 0, targetModules: "all-linear" });
      else c.trainAllWeights();
      const events: TrainEvent[] = [];
      const alive: number[] = [];
      for await (const event of train(c, { train: data.slice(0, 16), validation: validation.slice(0, 6), learningRate: method === "lora" ? 0.01 : 0.002, maxSteps: 4, perDeviceTrainBatchSize: 4, evalSteps: 2, seed: 3 })) {
        events.push(event);
        if (event.type === "checkpoint" || event.type === "evaluation") alive.push(each.alive());
      }
      assert.equal(new Set(alive.slice(1)).size, 1, `tensors at each evaluation: ${alive.join()}`);
      const weights = await Promise.all(c.trainableParameters().map(async ({ name, value }) => ({ name, values: Float32Array.from(await each.read(value)) })));
      runs.push({ steps: eventsOf("step", events), evaluations: eventsOf("evaluation", events), weights });
      c.dispose();
    }
    const [one, other] = runs;
    assert.equal(one.steps.length, 4);
    assert.deepEqual(one.steps.map(({ step }) => step), other.steps.map(({ step }) => step));
    for (const figure of ["loss", "gradNorm", "learningRate"] as const) assert.ok(maxDifference(one.steps.map((step) => step[figure]), other.steps.map((step) => step[figure])) < BOUND, figure);
    assert.ok(maxDifference(one.evaluations.map(({ loss }) => loss), other.evaluations.map(({ loss }) => loss)) < BOUND);
    // Adam divides a key's bias' noise by itself: its size is the rate's, its direction nobody's.
    one.weights.forEach(({ name, values }, k) => assert.ok(/\bkey\.bias$/.test(name) || maxDifference(values, other.weights[k].values) < BOUND, `${name}: ${maxDifference(values, other.weights[k].values)}`));
  });
}
