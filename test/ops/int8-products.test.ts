import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { INSTRUCTIONS } from "../../src/ops/instructions";
import { kernelOps } from "../../src/ops/kernel-ops";
import { extremeCase, int8Results, normalCase, oddCase, SHAPES, type Int8Case } from "./int8-cases";
import { referenceAffine, referenceChannel, referenceRow } from "./int8-reference";

const ops = kernelOps();
const run = promisify(execFile);
const EPSILON = 2 ** -23;

/** Row `i` of a matrix. */
function rowOf(values: Float32Array, i: number, columns: number): Float32Array {
  return values.subarray(i * columns, (i + 1) * columns);
}

function rowsOf(values: Float32Array, columns: number): Float32Array[] {
  return Array.from({ length: values.length / columns }, (_, i) => rowOf(values, i, columns));
}

/** The definition's product, weight and channels of a case. */
function reference({ x, w, bias, depth }: Int8Case): { y: number[]; weight: number[]; channels: number[] } {
  const channels = rowsOf(w, depth).map(referenceChannel);
  return {
    y: rowsOf(x, depth)
      .map(referenceRow)
      .flatMap((row) => channels.map((channel, c) => referenceAffine(row, channel, { bias: bias[c] }))),
    weight: channels.flatMap(({ scale, q }) => q.map((value) => Math.fround(scale * value))),
    channels: [
      ...channels.map(({ scale }) => scale),
      ...channels.map(({ q }) => q.reduce((sum, value) => sum + value, 0)),
    ],
  };
}

const bits = (values: ArrayLike<number>): string => Buffer.from(Float32Array.from(values).buffer).toString("base64");

/** The same numbers to the bit, but that a NaN is any NaN. */
function expectSame(found: Float32Array, wanted: readonly number[], what: string): void {
  const plain = (values: ArrayLike<number>): string =>
    bits(Array.from(values, (value) => (Number.isNaN(value) ? 7e37 : value)));
  if (plain(found) === plain(wanted)) return;
  const at = wanted.findIndex((value, i) => !Object.is(value, found[i]));
  assert.fail(`${what}: number ${at} is ${found[at]}, not ${wanted[at]}`);
}

const cases: Record<string, Int8Case> = {
  ...Object.fromEntries(SHAPES.map((shape) => [shape.join(" x "), normalCase(shape)])),
  "odd rows and channels": oddCase(),
  "the largest sums": extremeCase(301),
};

for (const method of ops.int8.methods)
  test(`products in 8 bits by ${method} are those of the definition, bit for bit`, async () => {
    const before = ops.alive();
    for (const [name, given] of Object.entries(cases)) {
      const [found, wanted] = [await int8Results(ops, given, method), reference(given)];
      expectSame(found.weight, wanted.weight, `${name}: the weight`);
      expectSame(found.channels, wanted.channels, `${name}: the channels`);
      expectSame(found.y, wanted.y, `${name}: the product`);
    }
    assert.equal(ops.alive(), before);
  });

for (const instructions of INSTRUCTIONS)
  test(`products in 8 bits of the kernels for ${instructions} are these, bit for bit`, async (context) => {
    const child = join(__dirname, "int8-child.js");
    const env = { ...process.env, TSLORA_INSTRUCTIONS: instructions, TF_CPP_MIN_LOG_LEVEL: "2" };
    const printed = await run(process.execPath, [child], { env, maxBuffer: 2 ** 28 }).catch((error: unknown) => {
      if (/TSLORA_INSTRUCTIONS must name instructions of this|kernels must be compiled for/.test(String(error)))
        return undefined;
      throw error;
    });
    if (printed === undefined) {
      assert.notEqual(instructions, ops.instructions);
      context.skip(`NOT TESTED: this processor has no ${instructions}, or the kernels were not compiled for it`);
      return;
    }
    const found = JSON.parse(printed.stdout) as Record<string, string[]>;
    const own: string[] = [];
    for (const given of Object.values(cases)) {
      const { y, weight, channels } = await int8Results(ops, given);
      own.push(...[y, weight, channels].map((part) => Buffer.from(part.buffer).toString("base64")));
    }
    for (const [method, parts] of Object.entries(found)) assert.deepEqual(parts, own, method);
  });

test("a weight in 8 bits is at most half a step from the weight, and a product as far from the exact one as its rounding allows", async () => {
  for (const shape of SHAPES) {
    const given = normalCase(shape, 9);
    const { rows, depth, columns, x, w, bias } = given;
    const { y, weight, channels } = await int8Results(ops, given);
    for (let i = 0; i < w.length; i++) {
      const scale = channels[Math.floor(i / depth)];
      assert.ok(Math.abs(w[i] - weight[i]) <= (scale / 2) * (1 + 256 * EPSILON));
    }
    for (let row = 0; row < rows; row++) {
      const own = rowOf(x, row, depth);
      const step = (Math.max(...own) - Math.min(...own)) / 255;
      for (let c = 0; c < columns; c++) {
        const [exact, bound] = boundOf(own, { from: rowOf(w, c, depth), to: rowOf(weight, c, depth), step });
        const rounding =
          8 *
          EPSILON *
          (Math.abs(bias[c]) +
            own.reduce((sum, v, k) => sum + Math.abs(v * w[c * depth + k]), 0) +
            256 * step * rowOf(weight, c, depth).reduce((sum, v) => sum + Math.abs(v), 0));
        assert.ok(
          Math.abs(y[row * columns + c] - (exact + bias[c])) <= bound + rounding,
          `${shape.join()} ${row} ${c}`,
        );
      }
    }
  }
});

/** The exact product of a row and a channel, and how far rounding each number by half a step may move it. */
function boundOf(
  x: Float32Array,
  { from, to, step }: { from: Float32Array; to: Float32Array; step: number },
): [exact: number, bound: number] {
  let [exact, bound] = [0, 0];
  for (let k = 0; k < x.length; k++) {
    exact += x[k] * from[k];
    bound += Math.abs(x[k]) * Math.abs(from[k] - to[k]) + (step / 2) * (1 + 256 * EPSILON) * Math.abs(to[k]);
  }
  return [exact, bound];
}

test("no sum saturates, whatever the numbers", async () => {
  for (const depth of [2, 301, 4096]) {
    const given = extremeCase(depth);
    for (const method of ops.int8.methods) {
      const { y, weight } = await int8Results(ops, given, method);
      for (let row = 0; row < given.rows; row++)
        for (let c = 0; c < given.columns; c++) {
          // these activations are whole steps: the sum of the rounded weights is exact up to the last rounding
          const exact = rowOf(given.x, row, depth).reduce((sum, v, k) => sum + v * weight[c * depth + k], 0);
          assert.ok(
            Math.abs(y[row * given.columns + c] - exact) <= 4 * EPSILON * 255 * 128 * depth,
            `${method} ${depth}`,
          );
        }
    }
  }
});

test("two neighbours of a channel have magnitudes that add up to at most 128, and some reach it", async () => {
  let most = 0;
  for (const given of Object.values(cases)) {
    const { weight, channels } = await int8Results(ops, given);
    for (let c = 0; c < given.columns; c++) {
      if (!(channels[c] > 0)) continue;
      const q = Array.from(rowOf(weight, c, given.depth), (value) => Math.round(Math.abs(value) / channels[c]));
      for (let k = 0; k < q.length; k += 2) most = Math.max(most, q[k] + (q[k + 1] ?? 0));
    }
  }
  assert.equal(most, 128);
});

test("a row that is not finite gives NaN, and no other row does", async () => {
  const given = oddCase();
  const { y } = await int8Results(ops, given);
  for (let row = 0; row < given.rows; row++) {
    const values = rowOf(y, row, given.columns);
    assert.equal(values.every(Number.isNaN), row >= 8, `row ${row}`);
    assert.equal(values.some(Number.isNaN), row >= 8, `row ${row}`);
  }
});

test("a row's product does not depend on the rows beside it", async () => {
  const given = normalCase([121, 64, 400]);
  const { y } = await int8Results(ops, given);
  for (const row of [0, 60, 120]) {
    const alone = await int8Results(ops, { ...given, rows: 1, x: rowOf(given.x, row, given.depth) });
    assert.deepEqual(alone.y, Float32Array.from(rowOf(y, row, given.columns)));
  }
});

test("updates, addends and activations follow a product in 8 bits as they follow one in 32", async () => {
  const { rows, depth, columns, x, w, bias } = normalCase([13, 31, 33]);
  const random = normalCase([13, 9, 33], 6);
  const before = ops.alive();
  const parts = ops.escape(() => {
    const [input, matrix] = [ops.float(x, [rows, depth]), ops.int8.quantize(ops.float(w, [columns, depth]))];
    const options = { bias: ops.float(bias, [columns]) };
    const [low, b] = [ops.float(random.x, [13, 9]), ops.float(random.w, [33, 9])];
    const whole = ops.matMul(low, b, { transposeB: true });
    const plain = ops.int8.affine(input, matrix, options);
    return {
      matrix,
      pairs: [
        [ops.int8.affine(input, matrix, { ...options, update: { low, b } }), ops.add(plain, whole)],
        [ops.int8.affine(input, matrix, { ...options, update: { whole } }), ops.add(plain, whole)],
        ...(["gelu", "gelu-tanh", "silu"] as const).map((activation) => [
          ops.int8.affine(input, matrix, { ...options, activation }),
          ops.gelu(plain, { derivative: false, activation }).y,
        ]),
      ],
    };
  });
  for (const [found, wanted] of parts.pairs) {
    const [a, b] = [await ops.read(found), await ops.read(wanted)];
    a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) <= 64 * EPSILON * (1 + Math.abs(b[i]))));
  }
  ops.disposeIn(parts);
  assert.equal(ops.alive(), before);
});
