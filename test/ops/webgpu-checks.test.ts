import assert from "node:assert/strict";
import { before, test, type TestContext } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { TfjsSession } from "../../src/ops/tfjs-ops";
import { findAdapter } from "../../src/ops/webgpu/dawn";
import { ProgramRunner } from "../../src/ops/webgpu/program-runner";
import { adamStepProgram } from "../../src/ops/webgpu/programs/adam-step";
import { dropoutProgram } from "../../src/ops/webgpu/programs/dropout";
import { tfjsOnWebgpu } from "../../src/ops/webgpu/tfjs-on-webgpu";
import { webgpuOps, webgpuPrimitives, type WebgpuDevice } from "../../src/ops/webgpu/webgpu-ops";

interface Opened {
  readonly device: WebgpuDevice;
  readonly ways: Readonly<Record<"software" | "gpu", Ops>>;
}

let opened: Opened | undefined;
let missing = "";

before(async () => {
  try {
    const { gpu, adapter } = await findAdapter();
    const device = await tfjsOnWebgpu(gpu, adapter);
    opened = { device, ways: { software: webgpuOps({ ...device, software: true }), gpu: webgpuOps(device) } };
  } catch (error) {
    if (!(error instanceof TsloraError) || (process.platform === "linux" && process.arch === "x64")) throw error;
    missing = error.message;
  }
});

function onWebgpu(title: string, body: (on: Opened) => Promise<void> | void): void {
  test(`WebGPU checks: ${title}`, async (context: TestContext) => {
    if (opened === undefined) context.skip(`NOT TESTED: ${missing}`);
    else await body(opened);
  });
}

type Make = (...shape: number[]) => Tensor;

/** Numbers 0, 0.25, 0.5, ... in a new tensor. */
function maker(ops: Ops): Make {
  return (...shape) =>
    ops.float(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 4),
      shape,
    );
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1, learningRate: 0.1, decayFactor: undefined };
const LAYOUT = {
  heads: 2,
  groups: [{ row: 0, document: 0, documents: 1, length: 3 }],
  span: "every-token",
} as const;

/** Calls whose operands do not fit, by name, with the message of their error. */
const WRONG: Readonly<Record<string, readonly [(ops: Ops, make: Make) => unknown, RegExp]>> = {
  "inner dimensions": [
    (ops, make) => ops.matMul(make(3, 4), make(5, 2)),
    /^A product must have operands \[\.\.\., rows, inner\] and \[\.\.\., inner, columns\]; got \[3, 4\] and \[5, 2\]\.$/,
  ],
  "transposed inner dimensions": [
    (ops, make) => ops.matMul(make(3, 4), make(4, 2), { transposeB: true }),
    /got \[3, 4\] and \[4, 2\] transposed\.$/,
  ],
  batches: [(ops, make) => ops.matMul(make(2, 3, 4), make(1, 4, 5)), /got \[2, 3, 4\] and \[1, 4, 5\]\.$/],
  "a vector in a product": [(ops, make) => ops.matMul(make(3, 4), make(4)), /got \[3, 4\] and \[4\]\.$/],
  "products of several shapes": [
    (ops, make) =>
      ops.products([5, 6].map((rows) => ({ x: make(rows, 4), w: ops.pack(make(4, 7), { transpose: false }) }))),
    /^A sum of products must have products \[5, 7\]; got one of \[6, 7\]\.$/,
  ],
  "an addend": [
    (ops, make) => ops.product(make(5, 4), ops.pack(make(4, 7), { transpose: false }), { plus: [make(4, 7)] }),
    /^A sum: its addend must be \[5, 7\]; got \[4, 7\]\.$/,
  ],
  "a factor": [
    (ops, make) => ops.product(make(5, 4), ops.pack(make(4, 7), { transpose: false }), { times: make(1, 7) }),
    /^A sum: its factor must be \[5, 7\]; got \[1, 7\]\.$/,
  ],
  "a bias": [
    (ops, make) => ops.affine(make(5, 4), ops.pack(make(4, 7), { transpose: false }), make(6)),
    /^A sum: its bias must be \[7\]; got \[6\]\.$/,
  ],
  addN: [(ops, make) => ops.addN([make(2, 3), make(3, 2)]), /its addend must be \[2, 3\]; got \[3, 2\]\.$/],
  "an update of low rank": [
    (ops, make) => ops.addLowRank(make(5, 7), { low: make(5, 3), b: make(7, 2) }),
    /got \[5, 3\] and \[7, 2\] transposed\.$/,
  ],
  "a lowered input": [
    (ops, make) => ops.lower(make(5, 4), make(2, 3), { scaling: 1, drop: { rate: 0.5, seed: [1, 2] } }),
    /got \[5, 4\] and \[2, 3\] transposed\.$/,
  ],
  "a residual": [
    (ops, make) =>
      ops.residualNorm(make(3, 4), make(2, 4), { gamma: make(4), beta: make(4), epsilon: 1e-5, drop: undefined }),
    /^residualNorm: residual must be \[3, 4\]; got \[2, 4\]\.$/,
  ],
  gamma: [(ops, make) => ops.layerNorm(make(3, 4), make(5), make(4), 1e-5), /gamma must be \[4\]; got \[5\]\.$/],
  "rows of no numbers in a norm": [
    (ops, make) => ops.layerNorm(make(3, 0), make(0), make(0), 1e-5),
    /^A layer norm must have rows of at least one number; got \[3, 0\]\.$/,
  ],
  "a norm's gradient": [
    (ops, make) => {
      const { saved } = ops.layerNorm(make(3, 4), make(4), make(4), 1e-5);
      return ops.layerNormBackward(make(2, 4), make(4), saved);
    },
    /normalized must be \[2, 4\]; got \[3, 4\]\.$/,
  ],
  "a step's gradient": [
    (ops, make) => ops.adamStep({ value: make(2, 3), gradient: make(3, 2), factor: 1, moments: undefined }, ADAM),
    /^adamStep: gradient must be \[2, 3\]; got \[3, 2\]\.$/,
  ],
  "a step's moments": [
    (ops, make) =>
      ops.adamStep(
        { value: make(2, 3), gradient: make(2, 3), factor: 1, moments: { m: make(2, 3), v: make(6) } },
        ADAM,
      ),
    /^adamStep: v must be \[2, 3\]; got \[6\]\.$/,
  ],
  "widths of joined rows": [
    (ops, make) => ops.concatRows([make(2, 3), make(1, 4)]),
    /^concatRows: part 1 must be \[1, 3\]; got \[1, 4\]\.$/,
  ],
  "rows of parts": [
    (ops, make) => ops.splitRows(make(5, 2), [2, 2]),
    /^splitRows: the parts must have 5 rows together; got 4 \(2, 2\)\.$/,
  ],
  "an odd gated width": [
    (ops, make) => ops.gated(make(2, 5), { activation: "silu" }),
    /^gated: x must be \[2, 4\]; got \[2, 5\]\.$/,
  ],
  "a gated gradient": [
    (ops, make) => ops.gatedBackward(make(2, 3), make(2, 4), { activation: "silu" }),
    /^gatedBackward: x must be \[2, 6\]; got \[2, 4\]\.$/,
  ],
  "rows of attention": [
    (ops, make) =>
      ops.attention({ q: make(3, 4), k: make(2, 4), v: make(3, 4) }, { layout: LAYOUT, drop: undefined, keep: false }),
    /^attention: k must be \[3, 4\]; got \[2, 4\]\.$/,
  ],
  "heads of attention": [
    (ops, make) =>
      ops.attention({ q: make(3, 5), k: make(3, 5), v: make(3, 5) }, { layout: LAYOUT, drop: undefined, keep: false }),
    /^attention: the width must be a multiple of 2 heads; got 5\.$/,
  ],
  "attention's gradient": [
    (ops, make) => {
      const inputs = { q: make(3, 4), k: make(3, 4), v: make(3, 4) };
      const { saved } = ops.attention(inputs, { layout: LAYOUT, drop: undefined, keep: true });
      return ops.attentionBackward(make(1, 4), saved, { needsKey: true });
    },
    /^attentionBackward: dy must be \[3, 4\]; got \[1, 4\]\.$/,
  ],
};

for (const [name, [call, message]] of Object.entries(WRONG)) {
  onWebgpu(`${name} must fit`, ({ ways }) => {
    for (const ops of Object.values(ways)) {
      const alive = ops.alive();
      assert.throws(
        () => ops.tidy(() => call(ops, maker(ops))),
        (error: unknown) => error instanceof RangeError && message.test(error.message),
        String(message),
      );
      assert.equal(ops.alive(), alive);
    }
  });
}

onWebgpu("integers are not read as floats", ({ ways }) => {
  for (const ops of Object.values(ways)) {
    const [integers, floats] = [ops.int(Int32Array.of(1, 2, 3, 4), [2, 2]), maker(ops)(2, 2)];
    const alive = ops.alive();
    assert.throws(
      () => ops.addN([floats, integers]),
      /^TypeError: plus1 of the program ".*" must be float32; got int32/,
    );
    assert.throws(() => ops.gatherRows(floats, floats), /^TypeError: rows of the program "gather-rows" must be int32/);
    assert.throws(() => ops.softmax(integers), TypeError);
    assert.equal(ops.alive(), alive);
    ops.dispose(integers, floats);
  }
});

onWebgpu("a call has the operands that its program declares", ({ device }) => {
  const session = new TfjsSession(device.tf);
  const runner = new ProgramRunner(session, device.backend);
  const primitives = webgpuPrimitives(device, session);
  const x = primitives.float(Float32Array.of(1, 2), [2]);
  const call = { shape: [2], inputs: [x], count: 2, uniforms: [1, 2, 0.5, 2] };
  const program = dropoutProgram({ mask: false });
  const alive = primitives.alive();
  assert.throws(() => runner.one(program, { ...call, uniforms: [1, 2, 0.5] }), /must have 4 uniforms; got 3\.$/);
  assert.throws(() => runner.one(program, { ...call, inputs: [] }), /must have 1 inputs; got 0\.$/);
  assert.throws(
    () => runner.one(adamStepProgram({ moments: false, factor: false }), call),
    /"adam-step false false" must have 3 outputs; got 1\.$/,
  );
  assert.equal(primitives.alive(), alive);
  primitives.dispose(x);
});

onWebgpu("an operation on a tensor that was disposed of leaves none behind", ({ ways }) => {
  for (const ops of Object.values(ways)) {
    const make = maker(ops);
    const [gone, x, gamma] = [make(4, 4), make(4, 4), make(4)];
    ops.dispose(gone);
    const drop = { rate: 0.5, seed: [1, 2] } as const;
    const alive = ops.alive();
    for (const call of [
      () => ops.matMul(x, gone),
      () => ops.addN([x, gone]),
      () => ops.dropout(gone, drop),
      () => ops.residualNorm(x, gone, { gamma, beta: gamma, epsilon: 1e-5, drop }),
      () => ops.adamStep({ value: x, gradient: gone, factor: 1, moments: undefined }, ADAM),
      () => ops.splitRows(gone, [1, 3]),
      () => ops.concatRows([x, gone]),
      () => ops.softmax(gone),
      () => ops.gated(gone, { activation: "silu" }),
      () => ops.transpose(gone, [1, 0]),
      () => ops.sum(gone, [0]),
      () => ops.lower(x, gone, { scaling: 1, drop }),
    ]) {
      assert.throws(call, /was used after it was disposed of/, String(call));
      assert.equal(ops.alive(), alive, String(call));
    }
    ops.dispose(x, gamma);
  }
});

onWebgpu("a product without terms is a new tensor", async ({ ways }) => {
  for (const ops of Object.values(ways)) {
    const make = maker(ops);
    const [y, low, b, x, laid] = [make(2, 3), make(2, 0), make(3, 0), make(2, 0), make(0, 3)];
    const w = ops.pack(laid, { transpose: false });
    for (const sum of [
      ops.addLowRank(y, { low, b }),
      ops.affine(x, w, undefined, { whole: y }),
      ops.product(x, w, { plus: [y] }),
      ops.addN([y]),
    ]) {
      assert.notEqual(sum, y);
      ops.dispose(sum);
    }
    assert.deepEqual([...(await ops.read(y))], [0, 0.25, 0.5, 0.75, 1, 1.25]);
    ops.dispose(y, low, b, x, laid, w.laid);
  }
});

onWebgpu("integers are split and summed, and axes may be negative", async ({ ways }) => {
  for (const ops of Object.values(ways)) {
    const alive = ops.alive();
    const [integers, x] = [ops.int(Int32Array.of(1, 2, 3, 4, 5, 6), [3, 2]), maker(ops)(2, 3, 2)];
    const [first, second] = ops.splitRows(integers, [1, 2]);
    const sums = [ops.sum(integers, [0]), ops.sum(x, [-1]), ops.sum(x, [0, -1]), ops.sum(x, [-2], { keepDims: true })];
    assert.deepEqual(
      sums.map(({ shape }) => shape),
      [[2], [2, 3], [3], [2, 1, 2]],
    );
    const found: number[][] = [];
    for (const tensor of [first, second, ...sums]) found.push([...(await ops.read(tensor))]);
    assert.deepEqual(found, [
      [1, 2],
      [3, 4, 5, 6],
      [9, 12],
      [0.25, 1.25, 2.25, 3.25, 4.25, 5.25],
      [3.5, 5.5, 7.5],
      [1.5, 2.25, 6, 6.75],
    ]);
    for (const axes of [[3], [-4]]) assert.throws(() => ops.sum(x, axes), String(axes));
    ops.dispose(integers, x, first, second, ...sums);
    assert.equal(ops.alive(), alive);
  }
});
