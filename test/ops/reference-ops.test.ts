import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { erf } from "./erf";
import { expectWithin } from "./expect-within";
import { referenceOps } from "./reference-ops";
import { sampleRounding } from "./sample-rounding";

test("erf is the error function, from the series to the continued fraction", () => {
  // Python's math.erf
  for (const [x, value] of [
    [0, 0],
    [1e-8, 1.1283791670955126e-8],
    [0.5, 0.5204998778130465],
    [-1, -0.8427007929497148],
    [2.4, 0.9993114861033549],
    [2.6, 0.9997639655834707],
    [4, 0.9999999845827421],
    [7, 1],
  ]) {
    assert.ok(Math.abs(erf(x) - value) <= 4e-16 * Math.max(1, Math.abs(value)), `erf(${x}) = ${erf(x)}, not ${value}`);
  }
});

/** The product of two vectors in 32-bit floats, its terms in the order that is given. */
function inFloats(a: Float32Array, b: Float32Array, order: readonly number[]): number {
  return order.reduce((sum, i) => Math.fround(sum + Math.fround(a[i] * b[i])), 0);
}

test("a sum in 32-bit floats lies within its bound in every order; one without a term, or with a wrong one, does not", () => {
  const ops = referenceOps();
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const n = 1 + random.below(400);
    const [a, b] = [0, 1].map(() => Float32Array.from({ length: n }, () => random.normal()));
    const bounded = ops.bounded(ops.matMul(ops.float(a, [1, n]), ops.float(b, [n, 1])));
    for (let order = 0; order < 10; order++)
      expectWithin([inFloats(a, b, random.shuffle(Array.from(a, (_, i) => i)))], bounded, {
        what: `${n} terms`,
        loosest: Infinity,
      });
    expectWithin(
      [
        inFloats(
          a,
          b,
          Array.from(a, (_, i) => i).sort((i, j) => a[i] * b[i] - a[j] * b[j]),
        ),
      ],
      bounded,
      { what: `${n} terms, sorted`, loosest: Infinity },
    );
    const largest = Array.from(a, (_, i) => i).sort((i, j) => Math.abs(a[j] * b[j]) - Math.abs(a[i] * b[i]))[0];
    const without = Array.from(a, (_, i) => i).filter((i) => i !== largest);
    assert.throws(
      () => expectWithin([inFloats(a, b, without)], bounded, { what: "without a term", loosest: Infinity }),
      /must be/,
    );
  }
  ops.dispose();
});

test("a bound that tests nothing is refused", () => {
  assert.throws(
    () => expectWithin([1], { values: Float64Array.of(1), bounds: Float64Array.of(0.5) }, { what: "x" }),
    /tests nothing/,
  );
  assert.throws(
    () => expectWithin([NaN], { values: Float64Array.of(1), bounds: Float64Array.of(1e-6) }, { what: "x" }),
    /must be 1/,
  );
  assert.throws(() =>
    expectWithin([1, 2], { values: Float64Array.of(1), bounds: Float64Array.of(1e-6) }, { what: "x" }),
  );
});

test("sampled rounding errors bound a chain of operations in 32-bit floats, and are of their size", async () => {
  const random = new Random(4);
  const x = Float32Array.from({ length: 64 }, () => random.normal());
  const sampled = await sampleRounding(async (ops) => {
    const y = ops.tidy(() => {
      let value = ops.float(x, [8, 8]);
      for (let i = 0; i < 6; i++) value = ops.scale(ops.matMul(value, ops.tanh(value)), 0.5);
      return value;
    });
    return Promise.resolve(new Map([["y", ops.bounded(y).values]]));
  });
  const { values, bounds } = sampled.get("y") ?? { values: [], bounds: [] };
  let floats = x;
  for (let i = 0; i < 6; i++) {
    const tanh = floats.map(Math.tanh);
    floats = floats.map(
      (_, k) =>
        0.5 *
        inFloats(
          floats.subarray(8 * (k >> 3), 8 * (k >> 3) + 8),
          Float32Array.from({ length: 8 }, (__, j) => tanh[8 * j + (k & 7)]),
          [0, 1, 2, 3, 4, 5, 6, 7],
        ),
    );
  }
  const largest = Math.max(...[...values].map(Math.abs));
  assert.ok(bounds[0] > 2 ** -24 * largest && bounds[0] < 1e-3 * largest, `${bounds[0]} of ${largest}`);
  expectWithin(floats, { values: Float64Array.from(values), bounds: Float64Array.from(bounds) }, { what: "y" });
});
