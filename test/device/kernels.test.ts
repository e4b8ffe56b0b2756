import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { Random } from "../../src/base/random";
import { attentionBlocks } from "../../src/device/attention-blocks";
import { KernelOps } from "../../src/device/kernel-ops";
import type { Drop } from "../../src/device/ops";
import type { Tensor } from "../../src/device/tensor";
import { TensorflowOps } from "../../src/device/tensorflow-ops";
import { TfjsOps } from "../../src/device/tfjs-ops";
import { attentionGroups, kernelResults, WIDTHS } from "./kernel-results";

const kernels = new KernelOps();
const run = promisify(execFile);

/** The larger operations made of tfjs's, under the kernels' own masks. */
class ComposedUnderSameMasks extends TfjsOps {
  readonly masks = new Map<string, Float32Array>();
  override keepMask(shape: readonly number[], { rate, seed }: Drop, kept = 1): Tensor {
    const mask = this.masks.get(`${shape.join()} ${seed.join()}`);
    if (mask === undefined) throw new RangeError(`No mask was drawn for [${shape.join(", ")}], rate ${rate}, seed ${seed.join()}.`);
    return this.float(mask.map((value) => value * kept), shape);
  }
}

async function kernelMask(shape: readonly number[], rate: number, seed: readonly [number, number]): Promise<Float32Array> {
  const mask = kernels.keepMask(shape, { rate, seed });
  const values = Float32Array.from(await kernels.read(mask));
  kernels.dispose(mask);
  return values;
}

function expectClose(found: Record<string, number[]>, wanted: Record<string, number[]>, bound: number): void {
  assert.deepEqual(Object.keys(found), Object.keys(wanted));
  for (const [name, values] of Object.entries(found)) {
    assert.equal(values.length, wanted[name].length, name);
    values.forEach((value, i) => assert.ok(Math.abs(value - wanted[name][i]) <= bound * Math.max(1, Math.abs(wanted[name][i])), `${name}, value ${i}: ${value} and ${wanted[name][i]}`));
  }
}

for (const rate of [0, 0.3]) {
  for (const width of WIDTHS) {
    test(`kernels give what the same operations give one by one, under the same masks: ${width} columns, rate ${rate}`, async () => {
      const composed = new ComposedUnderSameMasks();
      for (const draw of rate > 0 ? [0, 1, 3, 4] : []) composed.masks.set(`37,${width} ${width},${draw}`, await kernelMask([37, width], rate, [width, draw]));
      if (rate > 0) {
        // The rows of an attention are counted through its groups; a draw for the whole has as many.
        const rows = await kernelMask([12 + 2 * width, Math.max(3, width)], rate, [width, 2]);
        const columns = Math.max(3, width);
        const groups = attentionGroups(width);
        attentionBlocks({ heads: 2, groups }).blocks.forEach((block, i) => {
          const { documents, length: longest } = block;
          const mask = new Float32Array(documents * 2 * longest * longest);
          for (const [g, { document, documents: own, length }] of groups.entries()) {
            const first = groups.slice(0, g).reduce((sum, group) => sum + group.documents * 2 * group.length, 0);
            if (document < block.document || document >= block.document + documents) continue;
            for (let row = 0; row < own * 2 * length; row++) {
              const [head, query] = [(document - block.document) * 2 + Math.floor(row / length), row % length];
              for (let key = 0; key < length; key++) mask[(head * longest + query) * longest + key] = rows[(first + row) * columns + key];
            }
          }
          composed.masks.set(`${[documents, 2, longest, longest].join()} ${[width ^ Math.imul(i, 0x9e3779b1), 2].join()}`, mask);
        });
      }
      const before = [kernels.alive(), composed.alive()];
      // One column has no deviation but epsilon's: 1e-6 beside it is a rounding error's size.
      expectClose(await kernelResults(kernels, { width, rate }), await kernelResults(composed, { width, rate }), width === 1 ? 2e-3 : 5e-6);
      assert.deepEqual([kernels.alive(), composed.alive()], before);
    });
  }
}

async function inChild(env: Record<string, string>): Promise<Record<string, number[]>[]> {
  const { stdout } = await run(process.execPath, [join(__dirname, "kernel-child.js")], { env: { ...process.env, ...env, TF_CPP_MIN_LOG_LEVEL: "2" }, maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as Record<string, number[]>[];
}

test("every set of instructions gives the same up to rounding, with the same masks", async () => {
  for (const instructions of ["baseline", "avx2"]) {
    const found = await inChild({ TSLORA_INSTRUCTIONS: instructions });
    for (const [i, width] of WIDTHS.entries()) {
      const own = await kernelResults(kernels, { width, rate: 0.3 });
      expectClose(found[i], own, width === 1 ? 2e-3 : 5e-6);
      assert.deepEqual(found[i].dropped.map((value) => value === 0), own.dropped.map((value) => value === 0));
    }
  }
});

test("instructions that are not there are refused", async () => {
  await assert.rejects(inChild({ TSLORA_INSTRUCTIONS: "avx10" }), /TSLORA_INSTRUCTIONS=avx10 asks for kernels that this processor cannot run or that there are not; it may be baseline, avx2, avx512/);
});

test("a result does not depend on the number of threads", async () => {
  const [one, three] = [await inChild({ TF_NUM_INTRAOP_THREADS: "1" }), await inChild({ TF_NUM_INTRAOP_THREADS: "3" })];
  assert.deepEqual(one, three);
});

// Rows, depth and columns that fill no block, more than one, and depths at which rows are copied.
for (const [rows, depth, columns] of [[1, 1, 1], [57, 70, 97], [130, 1024, 1000], [15, 2048, 40], [300, 1537, 769]]) {
  test(`a product [${rows}, ${depth}] by [${depth}, ${columns}] is TensorFlow's, with all that is added and multiplied`, async () => {
    const random = new Random(rows);
    const plain = new TensorflowOps();
    const values = (...shape: number[]): Float32Array => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
    const scale = 1 / Math.sqrt(depth);
    const [x, w, bias, one, two, times] = [values(rows, depth), values(columns, depth).map((value) => value * scale), values(columns), values(rows, columns), values(rows, columns), values(rows, columns)];
    const square = values(columns, columns).map((value) => value / Math.sqrt(columns));
    const [lows, bs] = [values(rows, 70), values(columns, 70).map((value) => value / 8)];
    const found: Record<string, number[]>[] = [];
    for (const ops of [kernels, plain]) {
      const before = ops.alive();
      const out = ops.tidy(() => {
        const shape = [rows, columns];
        const packed = ops.pack(ops.float(w, [columns, depth]), { transpose: true });
        const turned = ops.pack(ops.transpose(ops.float(w, [columns, depth]), [1, 0]), { transpose: false });
        const input = ops.float(x, [rows, depth]);
        const gelu = ops.affineGelu(input, packed, ops.float(bias, [columns]), { derivative: true });
        const also = { plus: [ops.float(one, shape), ops.float(two, shape)], times: ops.float(times, shape) };
        const pairs = [{ x: input, w: turned }, { x: ops.float(one, shape), w: ops.pack(ops.float(square, [columns, columns]), { transpose: false }) }, { x: ops.scale(input, 2), w: packed }];
        const update = (rank: number, name: string): Record<string, Tensor> => ({ [name]: ops.affine(input, packed, ops.float(bias, [columns]), { low: ops.float(lows.slice(0, rows * rank), [rows, rank]), b: ops.float(bs.slice(0, columns * rank), [columns, rank]) }) });
        const updates = { ...update(1, "rank1"), ...update(8, "rank8"), ...update(70, "rank70") };
        return { whole: ops.product(input, turned, also), two: ops.products(pairs.slice(0, 2), also), three: ops.products(pairs, also), affine: ops.affine(input, packed, ops.float(bias, [columns])), ...updates, gelu: gelu.y, slope: gelu.derivative ?? gelu.y };
      });
      const results: Record<string, number[]> = {};
      for (const [name, tensor] of Object.entries(out)) results[name] = [...(await ops.read(tensor))];
      ops.disposeIn(out);
      assert.equal(ops.alive(), before);
      found.push(results);
    }
    expectClose(found[0], found[1], 2e-5);
  });
}

test("NaN and infinity come through the kernels: a loss that is none is seen", async () => {
  const bad = kernels.float(Float32Array.of(1, NaN, 2, 3, 4, 5), [2, 3]);
  const ones = kernels.float(Float32Array.of(1, 1, 1), [3]);
  const { y, saved } = kernels.layerNorm(bad, ones, ones, 1e-5);
  const { y: activated, derivative } = kernels.gelu(bad, { derivative: true });
  const attended = kernels.attention({ q: bad, k: bad, v: bad }, { layout: { heads: 1, groups: [{ row: 0, document: 0, documents: 2, length: 1 }], span: "every-token" }, drop: undefined, keep: false });
  for (const [tensor, wanted] of [[y, [true, true, true, false, false, false]], [activated, [false, true, false, false, false, false]], [attended.y, [true, true, true, false, false, false]]] as const) {
    assert.deepEqual([...(await kernels.read(tensor))].map((value) => Number.isNaN(value)), wanted);
  }
  kernels.dispose(bad, ones, y, activated, derivative, attended.y);
  kernels.disposeIn(saved);
});

test("far from zero GELU is x or 0, its slope 1 or 0, and a softmax of far apart scores takes one value", async () => {
  const x = kernels.float(Float32Array.of(-1e30, -200, -15, 15, 200, 1e30), [2, 3]);
  const { y, derivative } = kernels.gelu(x, { derivative: true });
  assert.ok(derivative);
  const [values, slopes] = [await kernels.read(y), await kernels.read(derivative)];
  [0, 0, 0, 15, 200, 1e30].forEach((wanted, i) => assert.ok(Math.abs(values[i] - wanted) <= 1e-7 * Math.max(1, wanted), `${values[i]} for ${wanted}`));
  [0, 0, 0, 1, 1, 1].forEach((wanted, i) => assert.ok(Math.abs(slopes[i] - wanted) <= 1e-6, `${slopes[i]} for ${wanted}`));
  const q = kernels.float(Float32Array.of(1e4, -1e4, 1e19), [3, 1]); // each to the keys -1, 1e19 and 3
  const [k, v] = [kernels.float(Float32Array.of(-1, 1e19, 3), [3, 1]), kernels.float(Float32Array.of(10, 20, 30), [3, 1])];
  const attended = kernels.attention({ q, k, v }, { layout: { heads: 1, groups: [{ row: 0, document: 0, documents: 1, length: 3 }], span: "every-token" }, drop: undefined, keep: false });
  assert.deepEqual([...(await kernels.read(attended.y))], [20, 10, 20]);
  kernels.dispose(x, y, derivative, q, k, v, attended.y);
});

test("shapes that do not fit are refused, not read past", () => {
  const [x, bias] = [kernels.float(new Float32Array(12), [3, 4]), kernels.float(new Float32Array(3), [3])];
  const [square, rowOf4] = [kernels.float(new Float32Array(16), [4, 4]), kernels.float(new Float32Array(4), [4])];
  const w = kernels.pack(square, { transpose: false });
  assert.throws(() => kernels.affine(x, w, bias), /TsloraProduct: x \[rows, depth\], w \[depth, columns\] packed, a bias by columns/);
  assert.throws(() => kernels.product(bias, w), /TsloraProduct/);
  assert.throws(() => kernels.product(x, w, { plus: [square] }), /TsloraProduct/);
  assert.throws(() => kernels.product(x, { laid: square, shape: [4, 4] }), /TsloraProduct/);
  for (const other of [square, bias, kernels.float(new Float32Array(9), [3, 3]), kernels.float(new Float32Array(1), [])]) {
    assert.throws(() => kernels.products([{ x, w }, { x: other, w }]), /TsloraProduct/);
    assert.throws(() => kernels.products([{ x, w }, { x, w }, { x, w: { laid: other, shape: [4, 4] } }]), /TsloraProduct/);
    if (other !== square && other !== bias) kernels.dispose(other);
  }
  const narrow = kernels.float(new Float32Array(8), [4, 2]);
  for (const update of [{ low: narrow, b: narrow }, { low: x, b: narrow }, { low: x, b: x }]) assert.throws(() => kernels.affine(x, w, rowOf4, update), /TsloraProduct/);
  const layout = { heads: 2, groups: [{ row: 2, document: 0, documents: 1, length: 2 }], span: "every-token" } as const;
  assert.throws(() => kernels.attention({ q: x, k: x, v: x }, { layout, drop: undefined, keep: false }), /TsloraAttention: rows by the groups/);
  assert.throws(() => kernels.residualNorm(x, x, { gamma: bias, beta: bias, epsilon: 1e-5, drop: undefined }), /TsloraResidualNorm/);
  kernels.dispose(x, bias, square, rowOf4, narrow, w.laid);
});
