import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { Random } from "../../src/base/random";
import { attentionBlocks } from "../../src/ops/attention-blocks";
import { INSTRUCTIONS } from "../../src/ops/instructions";
import { kernelOps } from "../../src/ops/kernel-ops";
import { blockDropout } from "../../src/ops/dropout-block";
import type { Tensor } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { expectWithin } from "./expect-within";
import { attentionGroups, kernelResults, readNumbers, WIDTHS } from "./kernel-results";
import type { Bounded } from "./bounded-tensor";
import { referenceOps, type ReferenceOps } from "./reference-ops";
import { implementationName } from "./implementation-name";

const kernels = kernelOps();
const run = promisify(execFile);

async function kernelMask(
  shape: readonly number[],
  rate: number,
  seed: readonly [number, number],
): Promise<Float32Array> {
  const mask = kernels.keepMask(shape, { rate, seed });
  const values = Float32Array.from(await kernels.read(mask));
  kernels.dispose(mask);
  return values;
}

/** The reference under the masks that the kernels draw. */
async function referenceUnderSameMasks(width: number, rate: number): Promise<ReferenceOps> {
  const reference = referenceOps();
  if (rate === 0) return reference;
  for (const draw of [0, 1, 3, 4])
    reference.masks.set(`37,${width} ${width},${draw}`, await kernelMask([37, width], rate, [width, draw]));
  // The rows of an attention are counted through its groups; a draw for the whole has as many.
  const columns = Math.max(3, width);
  const rows = await kernelMask([12 + 2 * width, columns], rate, [width, 2]);
  const groups = attentionGroups(width);
  attentionBlocks({ heads: 2, groups }).blocks.forEach((block, i) => {
    const { documents, length: longest } = block;
    const mask = new Float32Array(documents * 2 * longest * longest);
    for (const [g, { document, documents: own, length }] of groups.entries()) {
      const first = groups.slice(0, g).reduce((sum, group) => sum + group.documents * 2 * group.length, 0);
      if (document < block.document || document >= block.document + documents) continue;
      for (let row = 0; row < own * 2 * length; row++) {
        const [head, query] = [(document - block.document) * 2 + Math.floor(row / length), row % length];
        for (let key = 0; key < length; key++)
          mask[(head * longest + query) * longest + key] = rows[(first + row) * columns + key];
      }
    }
    const { seed } = blockDropout({ rate, seed: [width, 2] }, i);
    reference.masks.set(`${[documents, 2, longest, longest].join()} ${seed.join()}`, mask);
  });
  return reference;
}

const known = new Map<string, Promise<Record<string, Bounded>>>();

/** The double-precision results, with bounds, computed once for a width and rate. */
function referenceResults(width: number, rate: number): Promise<Record<string, Bounded>> {
  const compute = async (): Promise<Record<string, Bounded>> => {
    const reference = await referenceUnderSameMasks(width, rate);
    const results = await kernelResults(reference, { width, rate }, (ops, tensor) => ops.bounded(tensor));
    assert.equal(reference.alive(), 0);
    return results;
  };
  const key = `${width} ${rate}`;
  const found = known.get(key) ?? compute();
  known.set(key, found);
  return found;
}

function expectAllWithin(found: Record<string, number[]>, wanted: Record<string, Bounded>, which = ""): void {
  assert.deepEqual(Object.keys(found), Object.keys(wanted));
  // One column has no deviation but epsilon's: rounding errors beside it are large, and the bound tells how large.
  for (const [name, values] of Object.entries(found))
    expectWithin(values, wanted[name], {
      what: `${which}${name}`,
      loosest: found.gelu.length === 37 ? Infinity : 0.01,
    });
}

for (const rate of [0, 0.3]) {
  for (const width of WIDTHS) {
    test(`kernels give the double-precision result up to 32-bit rounding, under the same masks: ${width} columns, rate ${rate}`, async () => {
      const before = kernels.alive();
      expectAllWithin(await kernelResults(kernels, { width, rate }, readNumbers), await referenceResults(width, rate));
      assert.equal(kernels.alive(), before);
    });
  }
}

async function inChild(env: Record<string, string>): Promise<Record<string, number[]>[]> {
  const { stdout } = await run(process.execPath, [join(__dirname, "kernel-child.js")], {
    env: { ...process.env, ...env, TF_CPP_MIN_LOG_LEVEL: "2" },
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout) as Record<string, number[]>[];
}

for (const instructions of INSTRUCTIONS) {
  test(`the kernels for ${instructions} give the double-precision result up to 32-bit rounding, with the same masks`, async (context) => {
    const found = await inChild({ TSLORA_INSTRUCTIONS: instructions }).catch((error: unknown) => {
      if (
        /TSLORA_INSTRUCTIONS must name instructions of this processor|kernels must be compiled for/.test(String(error))
      )
        return undefined;
      throw error;
    });
    if (found === undefined) {
      assert.notEqual(instructions, kernels.instructions);
      context.skip(`NOT TESTED: this processor has no ${instructions}, or the kernels were not compiled for it`);
      return;
    }
    for (const [i, width] of WIDTHS.entries()) {
      const own = await kernelResults(kernels, { width, rate: 0.3 }, readNumbers);
      expectAllWithin(found[i], await referenceResults(width, 0.3), `${width} columns, `);
      assert.deepEqual(
        found[i].dropped.map((value) => value === 0),
        own.dropped.map((value) => value === 0),
      );
    }
  });
}

test("instructions that are not there are refused", async () => {
  await assert.rejects(
    inChild({ TSLORA_INSTRUCTIONS: "avx10" }),
    /TSLORA_INSTRUCTIONS must be baseline, avx2, avx512; got "avx10"/,
  );
});

test("a result of the kernels does not depend on the number of threads", async () => {
  // Products with a rank above the kernels' are TensorFlow's, whose order of summation is its own affair.
  const ours = (results: Record<string, number[]>[]): unknown =>
    results.map((each) => Object.entries(each).filter(([name]) => !name.startsWith("higher")));
  const [one, three] = [await inChild({ TF_NUM_INTRAOP_THREADS: "1" }), await inChild({ TF_NUM_INTRAOP_THREADS: "3" })];
  assert.deepEqual(ours(one), ours(three));
});

// Rows, depth and columns that fill no block, more than one, and depths at which rows are copied.
for (const [rows, depth, columns] of [
  [1, 1, 1],
  [57, 70, 97],
  [130, 1024, 1000],
  [15, 2048, 40],
  [300, 1537, 769],
]) {
  test(`a product [${rows}, ${depth}] by [${depth}, ${columns}] is the double-precision one up to 32-bit rounding, with all that is added and multiplied`, async () => {
    const random = new Random(rows);
    const plain = tensorflowOps();
    const values = (...shape: number[]): Float32Array =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
    const scale = 1 / Math.sqrt(depth);
    const [x, w, bias, one, two, times] = [
      values(rows, depth),
      values(columns, depth).map((value) => value * scale),
      values(columns),
      values(rows, columns),
      values(rows, columns),
      values(rows, columns),
    ];
    const square = values(columns, columns).map((value) => value / Math.sqrt(columns));
    const [lows, bs] = [values(rows, 70), values(columns, 70).map((value) => value / 8)];
    const reference = referenceOps();
    const expected: Record<string, Bounded> = {};
    // Rows are independent of one another: of many, the reference computes one in seven.
    const chosen = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => rows <= 20 || row % 7 === 0 || row === rows - 1,
    );
    const pick = (all: Float32Array, width: number): Float32Array =>
      Float32Array.from(chosen.flatMap((row) => [...all.subarray(row * width, (row + 1) * width)]));
    for (const ops of [reference, kernels, plain]) {
      const before = ops.alive();
      const size = ops === reference ? chosen.length : rows;
      const byRows = (all: Float32Array, width: number): Tensor =>
        ops.float(ops === reference ? pick(all, width) : all.slice(0, rows * width), [size, width]);
      const out = ops.tidy(() => {
        const packed = ops.pack(ops.float(w, [columns, depth]), { transpose: true });
        const turned = ops.pack(ops.transpose(ops.float(w, [columns, depth]), [1, 0]), { transpose: false });
        const input = byRows(x, depth);
        const gelu = ops.affineGelu(input, packed, ops.float(bias, [columns]), { derivative: true });
        const also = { plus: [byRows(one, columns), byRows(two, columns)], times: byRows(times, columns) };
        const pairs = [
          { x: input, w: turned },
          { x: byRows(one, columns), w: ops.pack(ops.float(square, [columns, columns]), { transpose: false }) },
          { x: ops.scale(input, 2), w: packed },
        ];
        const update = (rank: number, name: string): Record<string, Tensor> => ({
          [name]: ops.affine(input, packed, ops.float(bias, [columns]), {
            low: byRows(lows, rank),
            b: ops.float(bs.slice(0, columns * rank), [columns, rank]),
          }),
        });
        const updates = { ...update(1, "rank1"), ...update(8, "rank8"), ...update(70, "rank70") };
        return {
          whole: ops.product(input, turned, also),
          two: ops.products(pairs.slice(0, 2), also),
          three: ops.products(pairs, also),
          affine: ops.affine(input, packed, ops.float(bias, [columns])),
          ...updates,
          gelu: gelu.y,
          slope: gelu.derivative ?? gelu.y,
        };
      });
      for (const [name, tensor] of Object.entries(out)) {
        if (ops === reference) expected[name] = reference.bounded(tensor);
        else
          expectWithin(pick(await ops.read(tensor), columns), expected[name], {
            what: `${implementationName(ops)}, ${name}`,
          });
      }
      ops.disposeIn(out);
      assert.equal(ops.alive(), before);
    }
  });
}

test("NaN and infinity come through the kernels: a loss that is none is seen", async () => {
  const bad = kernels.float(Float32Array.of(1, NaN, 2, 3, 4, 5), [2, 3]);
  const ones = kernels.float(Float32Array.of(1, 1, 1), [3]);
  const { y, saved } = kernels.layerNorm(bad, ones, ones, 1e-5);
  const { y: activated, derivative } = kernels.gelu(bad, { derivative: true });
  const attended = kernels.attention(
    { q: bad, k: bad, v: bad },
    {
      layout: { heads: 1, groups: [{ row: 0, document: 0, documents: 2, length: 1 }], span: "every-token" },
      drop: undefined,
      keep: false,
    },
  );
  for (const [tensor, wanted] of [
    [y, [true, true, true, false, false, false]],
    [activated, [false, true, false, false, false, false]],
    [attended.y, [true, true, true, false, false, false]],
  ] as const) {
    assert.deepEqual(
      [...(await kernels.read(tensor))].map((value) => Number.isNaN(value)),
      wanted,
    );
  }
  kernels.dispose(bad, ones, y, activated, derivative, attended.y);
  kernels.disposeIn(saved);
});

test("far from zero GELU is x or 0, its slope 1 or 0, and a softmax of far apart scores takes one value", async () => {
  const x = kernels.float(Float32Array.of(-1e30, -200, -15, 15, 200, 1e30), [2, 3]);
  const { y, derivative } = kernels.gelu(x, { derivative: true });
  assert.ok(derivative);
  const [values, slopes] = [await kernels.read(y), await kernels.read(derivative)];
  [0, 0, 0, 15, 200, 1e30].forEach((wanted, i) =>
    assert.ok(Math.abs(values[i] - wanted) <= 1e-7 * Math.max(1, wanted), `${values[i]} for ${wanted}`),
  );
  [0, 0, 0, 1, 1, 1].forEach((wanted, i) =>
    assert.ok(Math.abs(slopes[i] - wanted) <= 1e-6, `${slopes[i]} for ${wanted}`),
  );
  const q = kernels.float(Float32Array.of(1e4, -1e4, 1e19), [3, 1]); // each to the keys -1, 1e19 and 3
  const [k, v] = [
    kernels.float(Float32Array.of(-1, 1e19, 3), [3, 1]),
    kernels.float(Float32Array.of(10, 20, 30), [3, 1]),
  ];
  const attended = kernels.attention(
    { q, k, v },
    {
      layout: { heads: 1, groups: [{ row: 0, document: 0, documents: 1, length: 3 }], span: "every-token" },
      drop: undefined,
      keep: false,
    },
  );
  assert.deepEqual([...(await kernels.read(attended.y))], [20, 10, 20]);
  kernels.dispose(x, y, derivative, q, k, v, attended.y);
});

test("attention keeps nothing but its inputs and its result for its backward pass", () => {
  const x = kernels.float(new Float32Array(3 * 4), [3, 4]);
  const layout = { heads: 2, groups: [{ row: 0, document: 0, documents: 1, length: 3 }], span: "every-token" } as const;
  const before = kernels.alive();
  const { y, saved } = kernels.attention({ q: x, k: x, v: x }, { layout, drop: undefined, keep: true });
  assert.equal(kernels.alive(), before + 1);
  kernels.dispose(y);
  kernels.disposeIn(saved);
});

test("shapes that do not fit are refused, not read past", () => {
  const [x, bias] = [kernels.float(new Float32Array(12), [3, 4]), kernels.float(new Float32Array(3), [3])];
  const [square, rowOf4] = [kernels.float(new Float32Array(16), [4, 4]), kernels.float(new Float32Array(4), [4])];
  const w = kernels.pack(square, { transpose: false });
  assert.throws(
    () => kernels.affine(x, w, bias),
    /TsloraProduct: x must be \[rows, depth\], w \[depth, columns\] packed, the bias \[columns\]/,
  );
  assert.throws(() => kernels.product(bias, w), /TsloraProduct/);
  assert.throws(() => kernels.product(x, w, { plus: [square] }), /TsloraProduct/);
  assert.throws(() => kernels.product(x, { laid: square, shape: [4, 4], precision: "float32" }), /TsloraProduct/);
  for (const other of [
    square,
    bias,
    kernels.float(new Float32Array(9), [3, 3]),
    kernels.float(new Float32Array(1), []),
  ]) {
    assert.throws(
      () =>
        kernels.products([
          { x, w },
          { x: other, w },
        ]),
      /TsloraProduct/,
    );
    assert.throws(
      () =>
        kernels.products([
          { x, w },
          { x, w },
          { x, w: { laid: other, shape: [4, 4], precision: "float32" } },
        ]),
      /TsloraProduct/,
    );
    if (other !== square && other !== bias) kernels.dispose(other);
  }
  const narrow = kernels.float(new Float32Array(8), [4, 2]);
  for (const update of [
    { low: narrow, b: narrow },
    { low: x, b: narrow },
    { low: x, b: x },
  ])
    assert.throws(() => kernels.affine(x, w, rowOf4, update), /TsloraProduct/);
  const layout = { heads: 2, groups: [{ row: 2, document: 0, documents: 1, length: 2 }], span: "every-token" } as const;
  assert.throws(
    () => kernels.attention({ q: x, k: x, v: x }, { layout, drop: undefined, keep: false }),
    /groups must have at least one document and token/,
  );
  assert.throws(
    () => kernels.residualNorm(x, x, { gamma: bias, beta: bias, epsilon: 1e-5, drop: undefined }),
    /TsloraResidualNorm/,
  );
  kernels.dispose(x, bias, square, rowOf4, narrow, w.laid);
});
