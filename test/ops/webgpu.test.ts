import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { TensorflowOps } from "../../src/ops/tensorflow-ops";
import { HEADROOM } from "../../src/ops/webgpu/buffer-pool";
import { findAdapter, type GpuBuffer } from "../../src/ops/webgpu/dawn";
import { tfjsOnWebgpu } from "../../src/ops/webgpu/tfjs-on-webgpu";
import { WebgpuOps, type Webgpu } from "../../src/ops/webgpu/webgpu-ops";
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
  onWebgpu(
    `${kind}: logits and every weight's gradient are PyTorch's to ${BOUND}, and no tensor is left behind`,
    async (ops) => {
      const expected = expectedOf(kind);
      const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
      for (const parameter of model.parameters()) parameter.trainable = true;
      const batch = batchOf(expected);
      const logits = model.predict(batch);
      const rows = unpack(await ops.read(logits), batch, 2);
      rows.forEach((row, i) =>
        assert.ok(
          maxDifference(row, expected.full.logits[i]) < BOUND,
          `document ${i}: ${row.join()} and ${expected.full.logits[i].join()}`,
        ),
      );
      ops.dispose(logits);
      const { gradients } = await gradientsOf(model, expected); // makes what the model keeps for good
      const alive = ops.alive();
      await gradientsOf(model, expected);
      assert.equal(ops.alive(), alive, "a step leaves tensors behind");
      const wanted = expected.full.gradients;
      assert.deepEqual([...gradients.keys()].sort(), Object.keys(wanted).sort());
      for (const [name, gradient] of gradients) {
        const scale = Math.max(...wanted[name].map(Math.abs), 1e-3); // a key's bias has no gradient but noise
        assert.ok(
          maxDifference(gradient, wanted[name]) < BOUND * scale,
          `${name}: ${maxDifference(gradient, wanted[name])} of ${scale}`,
        );
      }
      model.dispose();
    },
  );
}

async function classifierOn(ops: Ops): Promise<SequenceClassifier> {
  const directory = fixtureDirectory("bert");
  const { model, newlyInitialized } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  for (const name of ["hiddenDropout", "attentionDropout", "classifierDropout"] as const)
    Object.assign(model.config, { [name]: 0 });
  const device = {
    kind: "webgpu",
    name: "",
    backend: "",
    software: true,
    asked: "webgpu",
    notice: "",
    warnings: [],
  } as const;
  return new SequenceClassifier({
    model,
    tokenizer,
    labels: ["NEGATIVE", "POSITIVE"],
    origin: { id: "tiny", directory, notice: "" },
    newlyInitialized,
    seed: 1,
    ...(ops === raw ? {} : { device }),
  });
}

for (const method of ["lora", "full"] as const) {
  onWebgpu(
    `${method}: training of 4 steps is TensorFlow's to ${BOUND}: losses, norms, weights, evaluations`,
    async (ops) => {
      const runs = [];
      for (const each of [raw, ops]) {
        const c = await classifierOn(each);
        if (method === "lora") c.addAdapter({ r: 4, loraDropout: 0, targetModules: "all-linear" });
        else c.trainAllWeights();
        const events: TrainEvent[] = [];
        const alive: number[] = [];
        for await (const event of train(c, {
          train: data.slice(0, 16),
          validation: validation.slice(0, 6),
          learningRate: method === "lora" ? 0.01 : 0.002,
          maxSteps: 4,
          perDeviceTrainBatchSize: 4,
          evalSteps: 2,
          seed: 3,
        })) {
          events.push(event);
          if (event.type === "checkpoint" || event.type === "evaluation") alive.push(each.alive());
        }
        assert.equal(new Set(alive.slice(1)).size, 1, `tensors at each evaluation: ${alive.join()}`);
        const weights = await Promise.all(
          c
            .trainableParameters()
            .map(async ({ name, value }) => ({ name, values: Float32Array.from(await each.read(value)) })),
        );
        runs.push({ steps: eventsOf("step", events), evaluations: eventsOf("evaluation", events), weights });
        c.dispose();
      }
      const [one, other] = runs;
      assert.equal(one.steps.length, 4);
      assert.deepEqual(
        one.steps.map(({ step }) => step),
        other.steps.map(({ step }) => step),
      );
      for (const figure of ["loss", "gradNorm", "learningRate"] as const)
        assert.ok(
          maxDifference(
            one.steps.map((step) => step[figure]),
            other.steps.map((step) => step[figure]),
          ) < BOUND,
          figure,
        );
      assert.ok(
        maxDifference(
          one.evaluations.map(({ loss }) => loss),
          other.evaluations.map(({ loss }) => loss),
        ) < BOUND,
      );
      // Adam divides a key's bias' noise by itself: its size is the rate's, its direction nobody's.
      one.weights.forEach(({ name, values }, k) =>
        assert.ok(
          /\bkey\.bias$/.test(name) || maxDifference(values, other.weights[k].values) < BOUND,
          `${name}: ${maxDifference(values, other.weights[k].values)}`,
        ),
      );
    },
  );
}

onWebgpu("masks keep what the rate says in every column and row, and are functions of the seed alone", async (ops) => {
  const draw = async (
    seed: readonly [number, number],
    rate: number,
    shape: readonly number[],
  ): Promise<Float32Array> => {
    const mask = ops.keepMask(shape, { rate, seed });
    const values = Float32Array.from(await ops.read(mask));
    ops.dispose(mask);
    return values;
  };
  const alive = ops.alive();
  const [rows, columns] = [500, 400];
  for (const rate of [0.1, 0.5]) {
    const mask = await draw([7, -3], rate, [rows, columns]);
    assert.ok(mask.every((value) => value === 0 || value === 1));
    // Sums of independent draws: none is 5 deviations from what is expected.
    const expectMean = (values: readonly number[]): void => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      assert.ok(
        Math.abs(mean - (1 - rate)) < 5 * Math.sqrt((rate * (1 - rate)) / values.length),
        `${mean} of ${values.length}`,
      );
    };
    expectMean([...mask]);
    for (let row = 0; row < rows; row++) expectMean([...mask.subarray(row * columns, (row + 1) * columns)]);
    for (let column = 0; column < columns; column++)
      expectMean(Array.from({ length: rows }, (_, row) => mask[row * columns + column]));
    assert.deepEqual(await draw([7, -3], rate, [rows, columns]), mask);
    for (const other of [
      [8, -3],
      [7, -2],
    ] as const) {
      const another = await draw(other, rate, [rows, columns]);
      const both = mask.reduce((sum, value, i) => sum + value * another[i], 0) / mask.length;
      assert.ok(
        Math.abs(both - (1 - rate) ** 2) < 5 * Math.sqrt(0.25 / mask.length),
        `seeds 7,-3 and ${other.join()}: both keep ${both}`,
      );
    }
    // An element and its neighbour are dropped independently.
    const pairs = mask.subarray(1).reduce((sum, value, i) => sum + value * mask[i], 0) / (mask.length - 1);
    assert.ok(Math.abs(pairs - (1 - rate) ** 2) < 5 * Math.sqrt(0.25 / mask.length), `neighbours: ${pairs}`);
  }
  assert.deepEqual([...(await draw([1, 2], 0, [3, 2]))], [1, 1, 1, 1, 1, 1]);
  assert.equal(ops.alive(), alive);
});

type Opened = Awaited<ReturnType<typeof tfjsOnWebgpu>>;

/** Trains for an epoch, on a device of its own, over documents of ever other lengths, whose batches bring new sizes with every step. */
async function epoch(
  change: (opened: Opened) => void,
): Promise<{ steps: readonly (readonly number[])[]; mostUsed: number; mostAllocated: number }> {
  const { gpu, adapter } = await findAdapter();
  const opened = await tfjsOnWebgpu(gpu, adapter);
  const { device, pool } = opened;
  let [mostUsed, allocated, mostAllocated] = [0, 0, 0];
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    allocated += descriptor.size;
    mostAllocated = Math.max(mostAllocated, allocated);
    buffer.destroy = () => {
      allocated -= descriptor.size;
      destroy();
    };
    return buffer;
  };
  const acquire = pool.acquireBuffer.bind(pool);
  pool.acquireBuffer = (...request) => {
    const buffer = acquire(...request);
    mostUsed = Math.max(mostUsed, pool.numBytesUsed);
    return buffer;
  };
  change(opened);
  const c = await classifierOn(new WebgpuOps(opened.tf, opened.backend));
  c.addAdapter({ r: 4, loraDropout: 0, targetModules: "all-linear" });
  const documents = Array.from({ length: 36 }, (_, i) => ({
    text: ["2", ...Array.from({ length: 1 + ((i * 7) % 17) }, (_, k) => String(5 + ((i + k) % 30))), "3"].join(" "),
    label: i % 2,
  }));
  const steps: number[][] = [];
  for await (const event of train(c, {
    train: documents,
    learningRate: 0.01,
    numTrainEpochs: 1,
    perDeviceTrainBatchSize: 3,
    seed: 3,
  })) {
    if (event.type === "step") steps.push([event.loss, event.gradNorm]);
  }
  c.dispose();
  return { steps, mostUsed, mostAllocated };
}

/** Every buffer is new and of the size asked for. */
function withoutPool({ backend, device }: Opened): void {
  Object.assign(backend, {
    bufferManager: {
      acquireBuffer: (size: number, usage: number, mappedAtCreation = false) =>
        device.createBuffer({ size, usage, mappedAtCreation }),
      releaseBuffer: () => undefined,
    },
  });
}

/** What lies in a buffer behind the size asked for is no number. */
function spoilEnds({ pool, device }: Opened): void {
  const { queue } = device as unknown as {
    queue: { writeBuffer(buffer: GpuBuffer, offset: number, data: Uint8Array): void };
  };
  const wholes = new Map<GpuBuffer, number>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    wholes.set(buffer, descriptor.size);
    return buffer;
  };
  const acquire = pool.acquireBuffer.bind(pool);
  pool.acquireBuffer = (...request) => {
    const buffer = acquire(...request);
    const behind = (wholes.get(buffer) ?? 0) - buffer.size;
    if (behind > 0 && (buffer as unknown as { mapState: string }).mapState === "unmapped")
      queue.writeBuffer(buffer, buffer.size, new Uint8Array(behind).fill(255));
    return buffer;
  };
}

onWebgpu(
  `an epoch over ever other lengths keeps ${HEADROOM} times what it uses at most, and computes what it does in buffers of the very sizes`,
  async () => {
    const expected = await epoch(withoutPool);
    const { steps, mostUsed, mostAllocated } = await epoch(spoilEnds);
    assert.equal(steps.length, 12);
    // But for sums in no fixed order, of which this epoch on SwiftShader has none, they are the same to the last bit.
    assert.ok(
      maxDifference(steps.flat(), expected.steps.flat()) < BOUND,
      `${steps.join()} and ${expected.steps.join()}`,
    );
    assert.ok(mostAllocated <= HEADROOM * mostUsed, `${mostAllocated} bytes where ${mostUsed} were in use`);
    assert.ok(mostUsed < expected.mostAllocated / 10);
  },
);
