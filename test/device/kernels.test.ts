import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { KernelOps } from "../../src/device/kernel-ops";
import type { Tensor } from "../../src/device/tensor";
import { TfjsOps } from "../../src/device/tfjs-ops";
import { kernelResults, WIDTHS } from "./kernel-results";

const kernels = new KernelOps();
const run = promisify(execFile);

/** The larger operations made of tfjs's, under the kernels' own masks. */
class ComposedUnderSameMasks extends TfjsOps {
  readonly masks = new Map<string, Float32Array>();
  override keepMask(shape: readonly number[], rate: number, seed: readonly [number, number]): Tensor {
    const mask = this.masks.get(`${shape.join()} ${seed.join()}`);
    if (mask === undefined) throw new RangeError(`No mask was drawn for [${shape.join(", ")}], rate ${rate}, seed ${seed.join()}.`);
    return this.float(mask, shape);
  }
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
      for (const shape of [[37, width], [2, 3, 5, width]]) {
        for (let draw = 0; rate > 0 && draw < 3; draw++) {
          const mask = kernels.keepMask(shape, rate, [width, draw]);
          composed.masks.set(`${shape.join()} ${width},${draw}`, Float32Array.from(await kernels.read(mask)));
          kernels.dispose(mask);
        }
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

test("a result does not depend on the number of threads", async () => {
  const [one, three] = [await inChild({ TF_NUM_INTRAOP_THREADS: "1" }), await inChild({ TF_NUM_INTRAOP_THREADS: "3" })];
  assert.deepEqual(one, three);
});

test("NaN and infinity come through the kernels: a loss that is none is seen", async () => {
  const bad = kernels.float(Float32Array.of(1, NaN, 2, 3, 4, 5), [2, 3]);
  const ones = kernels.float(Float32Array.of(1, 1, 1), [3]);
  const { y, saved } = kernels.layerNorm(bad, ones, ones, 1e-5);
  const { y: activated, derivative } = kernels.gelu(bad, { derivative: true });
  const scores = kernels.float(Float32Array.of(1, NaN, 2, 3, 4, 5), [2, 3]);
  const { weights } = kernels.attentionWeights(scores, undefined);
  for (const [tensor, wanted] of [[y, [true, true, true, false, false, false]], [activated, [false, true, false, false, false, false]], [weights, [true, true, true, false, false, false]]] as const) {
    assert.deepEqual([...(await kernels.read(tensor))].map((value) => Number.isNaN(value)), wanted);
  }
  kernels.dispose(bad, ones, y, activated, derivative, scores, weights);
  kernels.disposeIn(saved);
});

test("far from zero GELU is x or 0, its slope 1 or 0, and a softmax of far apart scores is 1 and 0", async () => {
  const x = kernels.float(Float32Array.of(-1e30, -200, -15, 15, 200, 1e30), [2, 3]);
  const { y, derivative } = kernels.gelu(x, { derivative: true });
  assert.ok(derivative);
  const [values, slopes] = [await kernels.read(y), await kernels.read(derivative)];
  [0, 0, 0, 15, 200, 1e30].forEach((wanted, i) => assert.ok(Math.abs(values[i] - wanted) <= 1e-7 * Math.max(1, wanted), `${values[i]} for ${wanted}`));
  [0, 0, 0, 1, 1, 1].forEach((wanted, i) => assert.ok(Math.abs(slopes[i] - wanted) <= 1e-6, `${slopes[i]} for ${wanted}`));
  const scores = kernels.float(Float32Array.of(-1e4, 0, 1e4, -1e38, 3e38, 0), [2, 3]);
  const { weights } = kernels.attentionWeights(scores, undefined);
  assert.deepEqual([...(await kernels.read(weights))].map((value) => Math.round(value * 1e6) / 1e6), [0, 0, 1, 0, 1, 0]);
  kernels.dispose(x, y, derivative, scores, weights);
});

test("shapes that do not fit are refused, not read past", () => {
  const [x, bias] = [kernels.float(new Float32Array(12), [3, 4]), kernels.float(new Float32Array(3), [3])];
  const w = kernels.float(new Float32Array(16), [4, 4]);
  assert.throws(() => kernels.affine(x, w, bias), /TsloraAddBias: a bias of as many numbers/);
  assert.throws(() => kernels.splitHeads([{ x, scale: 1 }], { row: 2, documents: 1, length: 2, heads: 2 }), /TsloraSplitHeads: rows of tokens within x/);
  assert.throws(() => kernels.residualNorm(x, x, { gamma: bias, beta: bias, epsilon: 1e-5, drop: undefined }), /TsloraResidualNorm/);
  kernels.dispose(x, bias, w);
});
