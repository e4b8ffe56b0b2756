import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";

test("the same seed gives the same numbers, another seed gives other numbers", () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => random.uint32());
  };
  assert.deepEqual(draw(42), draw(42));
  assert.notDeepEqual(draw(42), draw(43));
});

test("xoshiro128** from the state 1, 2, 3, 4 gives the numbers of its authors' C code", () => {
  const random = new Random([1, 2, 3, 4]);
  assert.deepEqual([random.uint32(), random.uint32(), random.uint32()], [11520, 0, 5927040]);
});

test("a generator from a saved state continues the sequence", () => {
  const random = new Random(7);
  random.uint32();
  const copy = new Random(random.state);
  assert.equal(copy.uniform(), random.uniform());
});

test("uniform and normal numbers have the moments of their distributions", () => {
  const random = new Random(1);
  const n = 20000;
  const mean = (draw: () => number): [number, number] => {
    const values = Array.from({ length: n }, draw);
    const m = values.reduce((a, b) => a + b, 0) / n;
    return [m, values.reduce((a, b) => a + (b - m) ** 2, 0) / n];
  };
  const [uniformMean, uniformVariance] = mean(() => random.uniform());
  assert.ok(Math.abs(uniformMean - 0.5) < 0.01 && Math.abs(uniformVariance - 1 / 12) < 0.005);
  const [normalMean, normalVariance] = mean(() => random.normal());
  assert.ok(Math.abs(normalMean) < 0.03 && Math.abs(normalVariance - 1) < 0.05);
});

test("shuffle keeps every item and does not change its argument; forks do not affect each other", () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const shuffled = new Random(3).shuffle(items);
  assert.deepEqual(
    items,
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    items,
  );
  const random = new Random(9);
  assert.equal(random.fork("head").uint32(), new Random(9).fork("head").uint32());
  assert.notEqual(random.fork("head").uint32(), random.fork("dropout").uint32());
});
