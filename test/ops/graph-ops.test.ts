import assert from "node:assert/strict";
import { test } from "node:test";

import { openDevice } from "../../src/device/open-device";
import { Recorder } from "../../src/ops/graph/recorder";
import { graphOps } from "../../src/ops/graph-ops";
import { loadTensorFlow } from "../../src/ops/load-tensorflow";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";

const { binding, usesGpu } = loadTensorFlow();
const eager = tensorflowOps();

/** Numbers that differ from place to place. */
function numbers(ops: Ops, shape: readonly number[], shift = 0): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return ops.float(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i + shift)),
    shape,
  );
}

/** A body that reads shapes, as the encoder's does. */
function body(ops: Ops, { rows, seed, factor }: { rows: number; seed: number; factor: number }): Tensor {
  return ops.tidy(() => {
    const x = numbers(ops, [rows, 6], seed);
    const split = ops.transpose(ops.reshape(x, [rows, 2, 3]), [1, 0, 2]);
    const scores = ops.softmax(ops.matMul(split, split, { transposeB: true }));
    const { y } = ops.dropout(ops.reshape(ops.matMul(scores, split), [rows, 6]), { rate: 0.3, seed: [seed, 1] });
    return ops.scale(rows > 4 ? ops.square(y) : y, factor);
  });
}

test("one function serves every size and every changed constant; another branch gets its own", async () => {
  const ops = graphOps();
  const end = ops.recording?.scope();
  const seen: (number | undefined)[][] = [];
  for (const rows of [2, 3, 4, 3, 5, 6, 7, 2])
    for (const seed of [1, 2]) {
      const inputs = { rows, seed, factor: rows / seed };
      const [y, wanted] = [body(ops, inputs), body(eager, inputs)];
      assert.equal(ops.recording?.counts().calls, seen.length, "recording executes nothing");
      assert.deepEqual(y.shape, wanted.shape);
      const recorded = await ops.read(y);
      assert.deepEqual(recorded, await eager.read(wanted));
      ops.dispose(y);
      eager.dispose(wanted);
      const { functions, recorded: made } = ops.recording.counts();
      seen.push([functions, made]);
    }
  assert.deepEqual(seen.at(-1)?.[0], 2, "one function for each branch");
  assert.deepEqual(seen.at(-1), seen[11], "known sequences with known changes are not recorded again");
  assert.equal(ops.alive(), 0);
  end?.();
  assert.equal(ops.recording?.counts().functions, 0);
});

test("an error names the operation, and later operations run", async () => {
  const ops = graphOps();
  const alive = ops.alive();
  const [a, b] = [numbers(ops, [2, 3]), numbers(ops, [4, 5])];
  const product = ops.tidy(() => ops.matMul(ops.square(a), b));
  const sum = ops.scale(a, 2);
  await assert.rejects(
    ops.read(product),
    (error: Error) => error.name === "TsloraError" && /recorded operations.*MatMul_\d+/s.test(error.message),
  );
  await assert.rejects(ops.read(sum), /was not computed|must be|Only a tensor/);
  const again = ops.scale(a, 2);
  assert.equal((await ops.read(again))[1], 2 * Math.fround(Math.sin(1)));
  ops.dispose(a, b, product, sum, again);
  assert.equal(ops.alive(), alive);
});

test("an operation that cannot be recorded runs at once, with a notice and a counted reason", async () => {
  const notices: string[] = [];
  const recorder = new Recorder({ binding, usesGpu }, { warn: (text) => notices.push(text) });
  const ops = graphOps(recorder);
  const x = numbers(ops, [3]);
  for (let i = 0; i < 2; i++) {
    const found = ops.tidy(() => ops.square(recorder.run("Sin", ops.scale(x, 2))));
    assert.deepEqual(
      [...(await ops.read(found))].map((value) => value.toFixed(5)),
      [...Float32Array.from([0, 1, 2], Math.sin)].map((value) => (Math.sin(2 * value) ** 2).toFixed(5)),
    );
    ops.dispose(found);
  }
  assert.deepEqual([...recorder.recording.counts().notRecorded], [["Sin", 2]]);
  assert.equal(notices.length, 1);
  assert.match(notices[0], /Sin cannot be recorded/);
  ops.dispose(x);
  assert.equal(ops.alive(), 0);
});

test("a tensor that is disposed of after its use is read all the same, and TensorFlow keeps none", async () => {
  const ops = graphOps();
  const x = numbers(ops, [4]);
  const y = ops.scale(x, 3);
  ops.dispose(x);
  assert.equal((await ops.read(y))[2], Math.fround(3 * Math.fround(Math.sin(2))));
  ops.dispose(y);
  const unused = numbers(ops, [4]);
  const never = ops.scale(unused, 3);
  ops.dispose(unused, never);
  const before = binding.executions();
  ops.recording?.flush();
  assert.equal(binding.executions(), before, "what no one needs is not computed");
  assert.equal(ops.alive(), 0);
});

test("graph is off on the processor, on if it is asked for, and refused where nothing can be recorded", async () => {
  const warn = (): undefined => undefined;
  const plain = await openDevice({ device: "cpu" }, { warn });
  assert.equal(plain.ops.recording, undefined);
  const graph = await openDevice({ device: "cpu", graph: true }, { warn });
  assert.ok(graph.ops.recording !== undefined);
  assert.match(graph.device.backend, /graph functions/);
  await assert.rejects(openDevice({ device: "webgpu", graph: true }), /graph must be false with the device "webgpu"/);
  await assert.rejects(openDevice({ graph: 1 as unknown as boolean }), /graph must be true or false; got 1/);
});
