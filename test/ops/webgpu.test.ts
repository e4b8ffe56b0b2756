import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import type { Ops } from "../../src/ops/ops";
import { HEADROOM } from "../../src/ops/webgpu/buffer-pool";
import { findAdapter, type GpuBuffer } from "../../src/ops/webgpu/dawn";
import { tfjsOnWebgpu } from "../../src/ops/webgpu/tfjs-on-webgpu";
import { openWebgpu, webgpuOps, type Webgpu } from "../../src/ops/webgpu/webgpu-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import {
  batchOf,
  expectedOf,
  expectGradients,
  expectLogits,
  fixtureDirectory,
  gradientsOf,
  maxDifference,
  referenceOf,
  trainAll,
  unpack,
} from "../model/fixture";
import { data, eventsOf, validation } from "../training/tiny";
import type { TrainEvent } from "../../src/training/train-event";
import { expectWithin } from "./expect-within";
import { sampleRounding } from "./sample-rounding";
import { tinyClassifier } from "./tiny-classifier";

let webgpu: Webgpu | undefined;
let missing = "";

// Set-up brings SwiftShader where there is one for the platform, so that these run there always; elsewhere the
// machine's own WebGPU is taken, and where there is none, the tests say so.
before(async () => {
  try {
    webgpu = await openWebgpu();
  } catch (error) {
    if (!(error instanceof TsloraError) || (process.platform === "linux" && process.arch === "x64")) throw error;
    missing = error.message;
  }
});
after(() => {
  if (webgpu !== undefined) console.log(`WebGPU was tested on ${webgpu.name}, ${webgpu.backend}.`);
});

function onWebgpu(title: string, body: (ops: Ops) => Promise<void>): void {
  test(`WebGPU: ${title}`, async (context: TestContext) => {
    if (webgpu === undefined) context.skip(`NOT TESTED: ${missing}`);
    else await body(webgpu.ops);
  });
}

for (const kind of ["bert", "distilbert"]) {
  onWebgpu(
    `${kind}: logits and every weight's gradient are the double-precision ones up to 32-bit rounding, and no tensor is left behind`,
    async (ops) => {
      const expected = expectedOf(kind);
      const reference = await referenceOf(kind, { prepare: trainAll });
      const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
      trainAll(model);
      const batch = batchOf(expected);
      const logits = model.predict(batch);
      expectLogits(unpack(await ops.read(logits), batch, 2), reference, { expected, what: "WebGPU" });
      ops.dispose(logits);
      const { gradients } = await gradientsOf(model, expected); // makes what the model keeps for good
      const alive = ops.alive();
      await gradientsOf(model, expected);
      assert.equal(ops.alive(), alive, "a step leaves tensors behind");
      expectGradients(gradients, reference, { what: "WebGPU" });
      model.dispose();
    },
  );
}

/** Trains a tiny model for four steps, and returns every number of the run by name. */
async function trainFourSteps(ops: Ops, method: "lora" | "full"): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const c = await tinyClassifier(ops, { onWebgpu: ops === webgpu?.ops });
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
    if (event.type === "checkpoint" || event.type === "evaluation") alive.push(ops.alive());
  }
  assert.equal(new Set(alive.slice(1)).size, 1, `tensors at each evaluation: ${alive.join()}`);
  const steps = eventsOf("step", events);
  assert.deepEqual(
    steps.map(({ step }) => step),
    [1, 2, 3, 4],
  );
  const numbers = new Map<string, ArrayLike<number>>([
    ["loss", steps.map(({ loss }) => loss)],
    ["gradNorm", steps.map(({ gradNorm }) => gradNorm)],
    ["learningRate", steps.map(({ learningRate }) => learningRate)],
    ["evaluation", eventsOf("evaluation", events).map(({ loss }) => loss)],
  ]);
  for (const { name, value } of c.trainableParameters()) numbers.set(name, (await ops.read(value)).slice());
  c.dispose();
  return numbers;
}

for (const method of ["lora", "full"] as const) {
  onWebgpu(
    `${method}: training of 4 steps is the double-precision one up to 32-bit rounding: losses, norms, weights, evaluations`,
    async (ops) => {
      const reference = await sampleRounding((on) => trainFourSteps(on, method));
      const found = await trainFourSteps(ops, method);
      assert.deepEqual([...found.keys()], [...reference.keys()]);
      for (const [name, bounded] of reference) {
        // Adam divides a gradient by its own size: where that is rounding alone, the bound is the learning rate's size.
        const isNumberOfRun = ["loss", "gradNorm", "learningRate", "evaluation"].includes(name);
        expectWithin(found.get(name) ?? [], bounded, { what: name, loosest: isNumberOfRun ? 0.01 : Infinity });
      }
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

/**
 * Trains for an epoch, on a device of its own, over documents of ever other lengths, whose batches bring new sizes with
 * every step.
 */
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
  const c = await tinyClassifier(webgpuOps(opened));
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

/** Largest difference of two runs on one device under the same masks, whose sums may be added in another order. */
const ANY_ORDER = 1e-4;

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

/** Writes NaN into the buffers, behind the sizes asked for. */
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
    // Sums in no fixed order alone can differ, of which this epoch on SwiftShader has none.
    assert.ok(
      maxDifference(steps.flat(), expected.steps.flat()) < ANY_ORDER,
      `${steps.join()} and ${expected.steps.join()}`,
    );
    assert.ok(mostAllocated <= HEADROOM * mostUsed, `${mostAllocated} bytes where ${mostUsed} were in use`);
    assert.ok(mostUsed < expected.mostAllocated / 10);
  },
);
