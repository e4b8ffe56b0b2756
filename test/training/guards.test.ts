import assert from "node:assert/strict";
import { test } from "node:test";

import { EarlyStopping } from "../../src/training/validation/early-stopping";
import { TrainingGuards, type Fault } from "../../src/training/step/training-guards";

const guards = (): TrainingGuards => new TrainingGuards({ learningRate: 1e-3 });
const first = (readings: Iterable<Fault | undefined>): Fault | undefined =>
  [...readings].find((fault) => fault !== undefined);

test("a loss or norm that is NaN is a fault at once", () => {
  for (const [loss, gradNorm] of [
    [NaN, 1],
    [Infinity, 1],
    [1, NaN],
    [1, Infinity],
  ])
    assert.equal(guards().checkNumbers({ loss, gradNorm })?.kind, "diverged");
});

test("an exploding gradient is a fault; hard batches and the first steps are not", () => {
  const sound = guards();
  assert.equal(sound.checkNumbers({ loss: 1, gradNorm: 5000 }), undefined, "before a median means anything");
  // Norms that spread over four orders of magnitude, as in a run that has nearly learned its data.
  assert.equal(
    first(Array.from({ length: 300 }, (_, i) => sound.checkNumbers({ loss: 1, gradNorm: 10 ** (((i * 7) % 5) - 2) }))),
    undefined,
  );
  const fault = sound.checkNumbers({ loss: 1, gradNorm: 1e6 });
  assert.equal(fault?.kind, "exploding-gradient");
  assert.match(fault?.what ?? "", /after a median of 1\.000 in the 50 steps before/);
  assert.equal(
    new TrainingGuards({ learningRate: 1, gradNorms: sound.gradNorms }).checkNumbers({ loss: 1, gradNorm: 1e6 })?.kind,
    "exploding-gradient",
    "a resumed run remembers the norms",
  );
});

test("tensors that grow at every step are a fault; growth that ends is not", () => {
  const memory = 1e9;
  const growing = guards();
  assert.equal(
    first(Array.from({ length: 26 }, (_, i) => growing.checkMemory({ tensors: 100 + i, memory })))?.kind,
    "growing-tensors",
  );
  const sound = guards();
  assert.equal(
    first(
      Array.from({ length: 500 }, (_, i) => sound.checkMemory({ tensors: 100 + Math.min(i, 20) + (i % 3), memory })),
    ),
    undefined,
  );
});

test("steadily growing memory is a fault; a rise at the start, waves and slow growth are not", () => {
  const run = (memoryAt: (step: number) => number, steps = 2000): Fault | undefined => {
    const watched = guards();
    return first(
      Array.from({ length: steps }, (_, step) => watched.checkMemory({ tensors: 100, memory: memoryAt(step) })),
    );
  };
  assert.equal(run((step) => 1e9 + 1e7 * step)?.kind, "growing-memory");
  assert.equal(
    run((step) => 1e9 + 5e9 * (1 - Math.exp(-step / 20))),
    undefined,
    "pools that fill",
  );
  assert.equal(
    run((step) => 2e9 + 1e9 * Math.sin(step / 40)),
    undefined,
  );
  assert.equal(
    run((step) => 8e9 + 1e6 * step),
    undefined,
  );
});

test("patience is counted as transformers' EarlyStoppingCallback counts it", () => {
  // The reference: transformers 5.24.0, values 0.5, 0.6, 0.6, 0.61, 0.7 with threshold 0.05.
  const patience = new EarlyStopping({ patience: 2, threshold: 0.05 });
  const counts = [0.5, 0.6, 0.6, 0.61, 0.7].map((value, i, values) => {
    patience.take(value, { best: i === 0 ? undefined : Math.max(...values.slice(0, i)), greaterIsBetter: true });
    return [patience.count, patience.isExhausted];
  });
  assert.deepEqual(counts, [
    [0, false],
    [0, false],
    [1, false],
    [2, true],
    [0, false],
  ]);
});
