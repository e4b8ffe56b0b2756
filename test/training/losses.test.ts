import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { sharedOps } from "../../src/ops/shared-ops";
import { balancedClassWeights } from "../../src/training/loss/class-weights";
import {
  classificationLoss,
  lossWeight,
  type ClassificationLoss,
  type ExampleLabel,
} from "../../src/training/loss/classification-loss";
import { learningRateAt } from "../../src/training/optimizer/learning-rate";
import { lossOfLogits } from "../../src/training/loss/loss-of-logits";
import type { LrSchedulerType } from "../../src/training/options/train-options";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { expectWithin } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { referenceOps } from "../ops/reference-ops";
import { maxDifference } from "../model/fixture";

interface LossCase extends Omit<ClassificationLoss, "classWeights"> {
  readonly classes: number;
  readonly classWeights: readonly number[] | null;
  readonly labels: readonly ExampleLabel[];
  readonly logits: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
}

const ops = sharedOps();
const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(projectRoot(), "test", "training", `golden-${name}.json`), "utf8"));
const cases = golden("losses") as readonly LossCase[];
const lossOf = ({ problemType, classWeights, labelSmoothing, focalGamma }: LossCase): ClassificationLoss => ({
  problemType,
  labelSmoothing,
  focalGamma,
  ...(classWeights === null ? {} : { classWeights }),
});
const nameOf = (c: LossCase): string =>
  JSON.stringify({ ...c, labels: undefined, logits: undefined, gradient: undefined });

async function computed<T>(
  on: Ops,
  c: LossCase,
  rows: { from: number; to: number },
  read: (tensor: Tensor) => T | Promise<T>,
): Promise<{ loss: T; gradient: T }> {
  const { from, to } = rows;
  const loss = lossOf(c);
  const logits = on.float(Float32Array.from(c.logits.slice(from * c.classes, to * c.classes)), [to - from, c.classes]);
  const found = classificationLoss(logits, {
    ops: on,
    labels: c.labels.slice(from, to),
    loss,
    divisor: lossWeight(c.labels, loss),
  });
  const result = { loss: await read(found.loss), gradient: await read(found.dLogits) };
  on.dispose(logits, found.loss, found.dLogits);
  return result;
}

/** A batch's loss and gradient in double precision, with bounds, and as the device computes rows of it. */
async function bothOf(c: LossCase): Promise<{
  wanted: { loss: Bounded; gradient: Bounded };
  onDevice: (from: number, to: number) => Promise<{ loss: Float32Array; gradient: Float32Array }>;
}> {
  const reference = referenceOps();
  const wanted = await computed(reference, c, { from: 0, to: c.labels.length }, (tensor) => reference.bounded(tensor));
  return {
    wanted,
    onDevice: (from, to) => computed(ops, c, { from, to }, async (tensor) => Float32Array.from(await ops.read(tensor))),
  };
}

/** Nine decimals, as the golden file has them. */
const STORED = 1e-9;

const widened = ({ values, bounds }: Bounded): Bounded => ({ values, bounds: bounds.map((bound) => bound + STORED) });

test("losses and their gradients are torch's, up to 32-bit rounding of the double-precision ones: class weights, label smoothing, focal loss, several labels per text", async () => {
  assert.equal(cases.length, 64);
  for (const c of cases) {
    const { wanted, onDevice } = await bothOf(c);
    const { loss, gradient } = await onDevice(0, c.labels.length);
    const inMemory = lossOfLogits(Float32Array.from(c.logits), {
      classes: c.classes,
      labels: c.labels,
      loss: lossOf(c),
    });
    for (const [what, each] of Object.entries({ ours: loss, torch: [c.loss], "in memory": [inMemory] }))
      expectWithin(each, widened(wanted.loss), { what: `${nameOf(c)}: loss, ${what}` });
    for (const [what, each] of Object.entries({ ours: gradient, torch: c.gradient }))
      expectWithin(each, widened(wanted.gradient), { what: `${nameOf(c)}: gradient, ${what}` });
  }
});

test("parts of a batch add up to the batch's loss and gradient", async () => {
  for (const c of cases) {
    const { wanted, onDevice } = await bothOf(c);
    const parts = [await onDevice(0, 2), await onDevice(2, c.labels.length)];
    expectWithin([parts[0].loss[0] + parts[1].loss[0]], widened(wanted.loss), { what: `${nameOf(c)}: loss` });
    expectWithin(
      parts.flatMap(({ gradient }) => [...gradient]),
      widened(wanted.gradient),
      { what: `${nameOf(c)}: gradient` },
    );
  }
});

test("a loss leaves two tensors, and logits far apart give finite gradients", async () => {
  for (const c of cases) {
    const before = ops.alive();
    const logits = ops.float(
      Float32Array.from(c.logits, (x) => 1000 * x),
      [c.labels.length, c.classes],
    );
    const found = classificationLoss(logits, { ops, labels: c.labels, loss: lossOf(c), divisor: 1 });
    assert.equal(ops.alive() - before, 3, nameOf(c));
    for (const tensor of [found.loss, found.dLogits])
      assert.ok((await ops.read(tensor)).every(Number.isFinite), nameOf(c));
    ops.dispose(logits, found.loss, found.dLogits);
  }
});

test("learning rates are those of transformers' schedules", () => {
  for (const { rates, ...options } of golden("schedules") as readonly {
    kind: LrSchedulerType;
    warmupSteps: number;
    totalSteps: number;
    rates: readonly number[];
  }[]) {
    const found = rates.map((_, step) => learningRateAt(step, { peak: 1, ...options }));
    assert.ok(maxDifference(found, rates) < 1e-12, `${JSON.stringify(options)}: ${found.join()}`);
  }
});

test("balanced weights are scikit-learn's; with several labels, negatives divided by positives", () => {
  const names = ["a", "b", "c"];
  const single = { problemType: "single_label_classification", names } as const;
  // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2])
  assert.deepEqual(balancedClassWeights([0, 0, 0, 1, 2, 2], single), [6 / 9, 2, 1]);
  assert.throws(() => balancedClassWeights([0, 0, 1], single), /none of both for c/);
  assert.deepEqual(
    balancedClassWeights(
      [
        [1, 0],
        [0, 1],
        [0, 1],
        [0, 0],
      ],
      { problemType: "multi_label_classification", names: ["a", "b"] },
    ),
    [3, 1],
  );
});
