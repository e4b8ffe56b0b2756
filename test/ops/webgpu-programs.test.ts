import assert from "node:assert/strict";
import { before, test, type TestContext } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { attentionBlocks } from "../../src/ops/attention-blocks";
import { composed } from "../../src/ops/composed/composed";
import { HIDDEN } from "../../src/ops/composed/placements";
import { blockDropout } from "../../src/ops/dropout-block";
import type { Drop, Ops } from "../../src/ops/ops";
import { TfjsSession } from "../../src/ops/tfjs-ops";
import { findAdapter } from "../../src/ops/webgpu/dawn";
import { ProgramRunner } from "../../src/ops/webgpu/program-runner";
import { workgroupsFor } from "../../src/ops/webgpu/programs/program";
import { GPU_LANES } from "../../src/ops/webgpu/programs/row-lanes";
import { softmaxProgram } from "../../src/ops/webgpu/programs/softmax";
import { tfjsOnWebgpu } from "../../src/ops/webgpu/tfjs-on-webgpu";
import { webgpuOps, webgpuPrimitives, type DeviceFailure, type WebgpuDevice } from "../../src/ops/webgpu/webgpu-ops";
import type { Bounded } from "./bounded-tensor";
import { expectWithin } from "./expect-within";
import { attentionGroups, kernelResults, readNumbers } from "./kernel-results";
import { OPERATION_CASES, results, type Build } from "./operation-cases";
import { referenceOps, type ReferenceOps } from "./reference-ops";
import { measurePasses } from "./webgpu-passes";

/** A device and the ops on it: with the programs for software adapters, with those for GPUs, and composed. */
interface Opened {
  readonly device: WebgpuDevice;
  readonly ways: Readonly<Record<"software" | "gpu", Ops>>;
  readonly composed: Ops;
}

let opened: Opened | undefined;
let missing = "";

before(async () => {
  try {
    const { gpu, adapter } = await findAdapter();
    const on = await tfjsOnWebgpu(gpu, adapter);
    const failure: DeviceFailure = {};
    on.device.addEventListener("uncapturederror", ({ error }) => (failure.message ??= error.message));
    const device = { tf: on.tf, backend: on.backend, failure };
    opened = {
      device,
      ways: { software: webgpuOps({ ...device, software: true }), gpu: webgpuOps(device) },
      composed: composed(webgpuPrimitives(device)),
    };
  } catch (error) {
    if (!(error instanceof TsloraError) || (process.platform === "linux" && process.arch === "x64")) throw error;
    missing = error.message;
  }
});

function onWebgpu(title: string, body: (on: Opened) => Promise<void>): void {
  test(`WebGPU programs: ${title}`, async (context: TestContext) => {
    if (opened === undefined) context.skip(`NOT TESTED: ${missing}`);
    else await body(opened);
  });
}

for (const [name, build] of Object.entries(OPERATION_CASES)) {
  onWebgpu(`the double-precision result up to 32-bit rounding: ${name}`, async ({ ways }) => {
    const reference = referenceOps();
    const wanted = await results(reference, build, (tensor) => reference.bounded(tensor));
    for (const [which, ops] of Object.entries(ways)) {
      const found = await results(ops, build, (tensor) => ops.read(tensor));
      assert.equal(found.length, wanted.length);
      found.forEach((values, k) => expectWithin(values, wanted[k], { what: `${which}, output ${k}` }));
    }
  });
}

/** The reference under the masks that WebGPU draws: each by the index in its tensor. */
async function underSameMasks(ops: Ops, { width, rate }: { width: number; rate: number }): Promise<ReferenceOps> {
  const reference = referenceOps();
  if (rate === 0) return reference;
  const draw = async (shape: readonly number[], drop: Drop): Promise<void> => {
    const mask = ops.keepMask(shape, drop);
    reference.masks.set(`${shape.join()} ${drop.seed.join()}`, Float32Array.from(await ops.read(mask)));
    ops.dispose(mask);
  };
  for (const index of [0, 1, 3, 4]) await draw([37, width], { rate, seed: [width, index] });
  const { blocks } = attentionBlocks({ heads: 2, groups: attentionGroups(width) });
  for (const [i, { documents, length }] of blocks.entries())
    await draw([documents, 2, length, length], blockDropout({ rate, seed: [width, 2] }, i));
  return reference;
}

for (const rate of [0, 0.3]) {
  // Rows of one number, of fewer and more than a workgroup has invocations, and padded documents.
  for (const width of [1, 7, GPU_LANES + 1, 2 * GPU_LANES + 2]) {
    onWebgpu(
      `values and gradients are the double-precision ones up to 32-bit rounding: ${width} columns, rate ${rate}`,
      async ({ ways }) => {
        const reference = await underSameMasks(ways.software, { width, rate });
        const wanted: Record<string, Bounded> = await kernelResults(reference, { width, rate }, (ops, tensor) =>
          ops.bounded(tensor),
        );
        for (const [which, ops] of Object.entries(ways)) {
          const alive = ops.alive();
          const found = await kernelResults(ops, { width, rate }, readNumbers);
          assert.deepEqual(Object.keys(found), Object.keys(wanted));
          for (const [name, values] of Object.entries(found))
            expectWithin(values, wanted[name], { what: `${which}, ${name}`, loosest: width === 1 ? Infinity : 0.01 });
          assert.equal(ops.alive(), alive, `${which} leaves tensors behind`);
        }
      },
    );
  }
}

const EMPTY: Build = (ops, make) =>
  ops.tidy(() => {
    const layout = { heads: 2, groups: [], span: "every-token" } as const;
    const norm = { gamma: make(6), beta: make(6), epsilon: 1e-6, drop: { rate: 0.5, seed: [1, 2] } } as const;
    const { y, saved } = ops.residualNorm(make(0, 6), make(0, 6), norm);
    const heads = ops.attention(
      { q: make(0, 6), k: make(0, 6), v: make(0, 6) },
      { layout, drop: undefined, keep: true },
    );
    const { dq, dk, dv } = ops.attentionBackward(make(0, 6), heads.saved, { needsKey: true });
    const { y: fed, derivative } = ops.affineGelu(make(0, 6), ops.pack(make(6, 5), { transpose: false }), make(5), {
      derivative: true,
    });
    return [
      ...[y, ops.residualNormBackward(make(0, 6), norm.gamma, saved).dx, heads.y, dq, dk ?? dq, dv],
      ...[
        fed,
        derivative ?? fed,
        ops.softmax(make(0, 4)),
        ops.softmax(make(3, 0)),
        ops.gated(make(0, 6), { activation: "silu" }),
      ],
      ...[ops.matMul(make(0, 3), make(3, 2)), ops.matMul(make(2, 3), make(0, 3), { transposeB: true })],
      ...[ops.matMul(make(2, 0), make(0, 3)), ops.lower(make(0, 6), make(2, 6), { scaling: 2, drop: norm.drop }).low],
      ...[ops.lowerGradient(make(0, 2), make(0, 6), undefined), ops.dropout(make(0, 6), norm.drop).y],
    ];
  });

onWebgpu("tensors without rows have results without rows, and sums of nothing are 0", async ({ ways }) => {
  for (const ops of Object.values(ways)) {
    const found = await results(ops, EMPTY, async (tensor) => ({
      shape: tensor.shape,
      values: await ops.read(tensor),
    }));
    assert.deepEqual(
      found.map(({ shape }) => shape),
      [
        ...[
          [0, 6],
          [0, 6],
          [0, 6],
          [0, 6],
          [0, 6],
          [0, 6],
        ],
        ...[
          [0, 5],
          [0, 5],
          [0, 4],
          [3, 0],
          [0, 3],
        ],
        ...[
          [0, 2],
          [2, 0],
          [2, 3],
          [0, 2],
          [2, 6],
          [0, 6],
        ],
      ],
    );
    for (const { values } of found) assert.ok(values.every((value) => value === 0));
  }
});

onWebgpu("softmax of hidden scores: 0 where others are seen, equal shares where all are hidden", async ({ device }) => {
  const session = new TfjsSession(device.tf);
  const runner = new ProgramRunner(session, device.backend);
  const primitives = webgpuPrimitives(device, session);
  const width = GPU_LANES + 6;
  const scores = primitives.float(
    Float32Array.from({ length: 3 * 2 * width }, (_, i) => (i % 7) / 4),
    [3, 2, width],
  );
  // The second document sees its first three tokens, the third one none.
  const seen = [width, 3, 0];
  const hidden = primitives.float(
    Float32Array.from({ length: 3 * width }, (_, i) => (i % width < seen[Math.floor(i / width)] ? 0 : HIDDEN)),
    [3, width],
  );
  for (const lanes of [1, GPU_LANES]) {
    const [weights] = runner.run(softmaxProgram({ hidden: true, dropout: false, lanes }), {
      outputs: [scores.shape],
      inputs: [scores, hidden],
      count: 6,
      uniforms: [width, 2],
    });
    const found = await primitives.read(weights);
    for (let row = 0; row < 6; row++) {
      const values = [...found.subarray(row * width, (row + 1) * width)];
      const visible = seen[Math.floor(row / 2)];
      assert.ok(Math.abs(values.reduce((a, b) => a + b) - 1) < 1e-5);
      if (visible > 0) assert.ok(values.every((value, i) => (i < visible ? value > 0 : value === 0)));
      else assert.ok(values.every((value) => Math.abs(value - 1 / width) < 1e-7));
    }
    primitives.dispose(weights);
  }
  primitives.dispose(scores, hidden);
});

test("WebGPU programs: more workgroups than one dimension has are spread over two", () => {
  assert.deepEqual(workgroupsFor({}, 65), [2, 1, 1]);
  assert.deepEqual(workgroupsFor({ lanes: 64 }, 65_535), [65_535, 1, 1]);
  for (const count of [65_536, 1_000_003, 2 ** 31 - 1]) {
    const [x, y, z] = workgroupsFor({ lanes: 64 }, count);
    assert.ok(x <= 65_535 && y <= 65_535 && z === 1 && x * y >= count && x * (y - 1) < count, `${count}: ${x}, ${y}`);
  }
});

onWebgpu("numbers in more workgroups than one dimension has are all computed", async ({ ways: { software: ops } }) => {
  const values = Float32Array.from({ length: 65_536 * 64 + 3 }, (_, i) => i % 1021);
  const x = ops.float(values, [values.length]);
  const { y } = ops.dropout(x, { rate: 0, seed: [1, 2] });
  assert.deepEqual(Float32Array.from(await ops.read(y)), values);
  ops.dispose(x, y);
});

onWebgpu("rows in more workgroups than one dimension has are all computed", async ({ device }) => {
  const session = new TfjsSession(device.tf);
  const primitives = webgpuPrimitives(device, session);
  const rows = 65_536 + 3;
  const program = {
    key: "rows of lanes",
    outputs: ["y"],
    inputs: {},
    uniforms: { first: "i32" },
    lanes: GPU_LANES,
    code: () => `
      fn compute(index : i32, lane : i32) {
        if (lane == index % ${GPU_LANES}) { y[index] = f32(index + uniforms.first); }
      }`,
  } as const;
  const call = { shape: [rows], inputs: [], count: rows, uniforms: [5] };
  const y = new ProgramRunner(session, device.backend).one(program, call); // barriers of so many rows would take long
  assert.deepEqual(
    Float32Array.from(await primitives.read(y)),
    Float32Array.from({ length: rows }, (_, row) => row + 5),
  );
  primitives.dispose(y);
});

/** The most passes of a step and of a prediction of the tiny BERT, which has three layers. */
const MOST_PASSES = {
  software: { step: 320, prediction: 95 },
  // Large products are tfjs's there, with a pass of their own.
  gpu: { step: 370, prediction: 100 },
};

onWebgpu("a step and a prediction take few passes, and at most half of those of composed operations", async (on) => {
  const options = { repetitions: 3, warmUp: 1, dropout: 0.1 };
  const before = await measurePasses(on.device.backend, on.composed, options);
  for (const way of ["software", "gpu"] as const) {
    const now = await measurePasses(on.device.backend, on.ways[way], options);
    for (const kind of ["step", "prediction"] as const) {
      assert.ok(now[kind].passes <= MOST_PASSES[way][kind], `${way}, ${kind}: ${now[kind].passes} passes`);
      assert.ok(
        now[kind].passes <= 0.5 * before[kind].passes,
        `${kind}: ${now[kind].passes} of ${before[kind].passes}`,
      );
    }
  }
});
