import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { kernelOps } from "../../src/ops/kernel-ops";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { tfjsOps } from "../../src/ops/tfjs-ops";
import { expectWithin } from "./expect-within";
import { OPERATION_CASES, results } from "./operation-cases";
import { referenceOps } from "./reference-ops";

const raw = kernelOps();
const implementations: Record<string, Ops> = { kernels: raw, tensorflow: tensorflowOps(), tfjs: tfjsOps() };

for (const [name, build] of Object.entries(OPERATION_CASES)) {
  test(`every implementation gives the double-precision result up to 32-bit rounding: ${name}`, async () => {
    const reference = referenceOps();
    const wanted = await results(reference, build, (tensor) => reference.bounded(tensor));
    for (const [which, ops] of Object.entries(implementations)) {
      const found = await results(ops, build, (tensor) => ops.read(tensor));
      assert.equal(found.length, wanted.length);
      found.forEach((values, k) => expectWithin(values, wanted[k], { what: `${which}, output ${k}` }));
    }
  });
}

/** The largest distance of a matrix product from a matrix. */
function distance(product: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): number {
  return Math.max(...product.flatMap((row, i) => row.map((value, j) => Math.abs(value - wanted[i][j]))));
}

const times = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
const turned = (a: readonly (readonly number[])[]): number[][] => a[0].map((_, j) => a.map((row) => row[j]));
const identity = (size: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j)));

// Signs of vectors are the implementation's. What they rebuild, and that they are orthonormal, is not: errors are a
// small multiple of the unit roundoff, by the sizes of the matrix (Higham, 2002, theorem 19.4).
for (const [m, n] of [
  [5, 3],
  [4, 4],
  [3, 6],
]) {
  for (const [which, ops] of Object.entries(implementations)) {
    test(`${which}: singular vectors and a QR decomposition rebuild their matrix ${m} x ${n}, and are orthonormal`, async () => {
      const random = new Random(11);
      const values = Float32Array.from({ length: m * n }, () => random.normal());
      const x = ops.float(values, [m, n]);
      const { u, s, v } = ops.svd(x);
      const { q, r } = ops.qr(x);
      const matrix = async (tensor: Tensor): Promise<number[][]> => {
        const [columns, all] = [tensor.shape[tensor.shape.length - 1], [...(await ops.read(tensor))]];
        return Array.from({ length: all.length / columns }, (_, i) => all.slice(i * columns, (i + 1) * columns));
      };
      const [left, [sizes], right, orthonormal, upper] = [
        await matrix(u),
        await matrix(s),
        await matrix(v),
        await matrix(q),
        await matrix(r),
      ];
      ops.dispose(x, u, s, v, q, r);
      const rows = Array.from({ length: m }, (_, i) => [...values.subarray(i * n, (i + 1) * n)]);
      const k = Math.min(m, n);
      const unit = 8 * m * n * 2 ** -24;
      const norm = Math.hypot(...values);
      assert.ok(
        distance(
          times(
            left.map((row) => row.map((value, j) => value * sizes[j])),
            turned(right),
          ),
          rows,
        ) <=
          unit * norm,
      );
      assert.ok(distance(times(orthonormal, upper), rows) <= unit * norm);
      for (const vectors of [left, right, orthonormal])
        assert.ok(distance(times(turned(vectors), vectors), identity(k)) <= unit);
      assert.ok(
        sizes.every((size, i) => size >= (sizes[i + 1] ?? 0)),
        "singular values fall",
      );
      assert.ok(Math.abs(Math.hypot(...sizes) - norm) <= unit * norm, "and have the matrix's norm");
      assert.ok(
        upper.every((row, i) => row.every((value, j) => j >= i || Math.abs(value) <= unit * norm)),
        "r is upper triangular",
      );
    });
  }
}

test("GELU and its derivative are x Phi(x) and its slope", async () => {
  const xs = Float32Array.of(-3, -1, -0.25, 0, 0.5, 2, 4);
  const x = raw.float(xs, [xs.length]);
  const { y, derivative } = raw.gelu(x, { derivative: true });
  assert.ok(derivative);
  const [values, slopes] = [await raw.read(y), await raw.read(derivative)];
  // torch.nn.functional.gelu in double precision, and its slope; a few roundings of numbers up to 4.
  const reference = [
    -0.004049694094890287, -0.15865525393145707, -0.10032341857926907, 0, 0.34573123063700656, 1.9544997361036416,
    3.9998733150326675,
  ];
  reference.forEach((value, i) => assert.ok(Math.abs(values[i] - value) <= 16 * 2 ** -24 * Math.abs(xs[i])));
  assert.ok(Math.abs(slopes[3] - 0.5) <= 2 ** -24);
  raw.dispose(x, y, derivative);
});

test("activations by tanh and SiLU are PyTorch's", async () => {
  const xs = Float32Array.of(-3, -1, -0.25, 0, 0.5, 2, 4);
  // torch.nn.functional.gelu(x, approximate="tanh") and silu(x) in double precision.
  const wanted = {
    "gelu-tanh": [
      -0.0036373920817729943, -0.15880800939172324, -0.100324649298315, 0, 0.34571400982514394, 1.954597694087775,
      3.9999297540518075,
    ],
    silu: [...xs].map((x) => x / (1 + Math.exp(-x))),
  };
  for (const ops of Object.values(implementations)) {
    const x = ops.float(xs, [xs.length]);
    for (const [activation, values] of Object.entries(wanted)) {
      const { y } = ops.gelu(x, { activation: activation as keyof typeof wanted, derivative: false });
      const found = await ops.read(y);
      values.forEach((value, i) => assert.ok(Math.abs(found[i] - value) <= 16 * 2 ** -24 * Math.abs(xs[i])));
      ops.dispose(y);
    }
    ops.dispose(x);
  }
});

test("a tidy keeps what it returns, however deep, and frees the rest", () => {
  const before = raw.alive();
  const kept = raw.tidy(() => {
    const x = raw.float(Float32Array.of(1, 2), [2]);
    const inner = raw.tidy(() => ({ list: [raw.scale(x, 2)], gone: 1 }));
    raw.scale(x, 3);
    return { inner };
  });
  assert.equal(raw.alive(), before + 1);
  raw.dispose(kept.inner.list[0]);
  assert.throws(
    () =>
      raw.tidy(() => {
        raw.float(Float32Array.of(1), [1]);
        throw new Error("halfway");
      }),
    /halfway/,
  );
  assert.equal(raw.alive(), before);
});

test("using a tensor after its disposal is an error, not a crash", () => {
  const x = raw.float(Float32Array.of(1), [1]);
  raw.dispose(x);
  assert.throws(() => raw.scale(x, 2), /disposed/);
  assert.throws(() => raw.float(Float32Array.of(1, 2), [3]), /must have 3 values; got 2/);
});

for (const [rate, shape] of [
  [0.1, [40_000]],
  [0.1, [5, 81, 101]],
  [0.5, [200, 200]],
  [0.003, [200, 199]],
  [0.9975, [300, 200]],
] as const) {
  test(`what dropout keeps at rate ${rate} of [${shape.join(", ")}]: values and mean by the formula, and a function of the seed`, async () => {
    const n = shape.reduce((a, b) => a * b, 1);
    const draw = async (seed: [number, number]): Promise<Float32Array> => {
      const mask = raw.keepMask(shape, { rate, seed });
      assert.deepEqual(mask.shape, shape);
      const values = Float32Array.from(await raw.read(mask));
      raw.dispose(mask);
      return values;
    };
    const before = raw.alive();
    const mask = await draw([1, 2]);
    assert.equal(raw.alive(), before);
    assert.deepEqual(mask, await draw([1, 2]));
    assert.notDeepEqual(mask, await draw([1, 3]));
    assert.notDeepEqual(mask, await draw([2, 2]));
    assert.ok(mask.every((value) => value === 0 || value === 1));
    // Over twenty draws: 0.1 is not to be 26 / 256, nor 25 / 256.
    let dropped = 0;
    for (let i = 0; i < 20; i++) dropped += n - (await draw([9, i])).reduce((a, b) => a + b, 0);
    const deviation = Math.sqrt((rate * (1 - rate)) / (20 * n));
    assert.ok(Math.abs(dropped / (20 * n) - rate) < 4.5 * deviation, `rate ${dropped / (20 * n)}`);
  });
}
