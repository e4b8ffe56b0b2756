import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { sharedOps } from "../../src/device/shared-ops";
import { balancedClassWeights } from "../../src/training/class-weights";
import { classificationLoss, lossWeight, type ClassificationLoss, type ExampleLabel } from "../../src/training/classification-loss";
import { learningRateAt } from "../../src/training/learning-rate";
import { lossOfLogits } from "../../src/training/loss-of-logits";
import type { LrSchedulerType } from "../../src/training/train-options";
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
const golden = (name: string): unknown => JSON.parse(readFileSync(join(projectRoot(), "test", "training", `golden-${name}.json`), "utf8"));
const cases = golden("losses") as readonly LossCase[];
const lossOf = ({ problemType, classWeights, labelSmoothing, focalGamma }: LossCase): ClassificationLoss => ({ problemType, labelSmoothing, focalGamma, ...(classWeights === null ? {} : { classWeights }) });
const nameOf = (c: LossCase): string => JSON.stringify({ ...c, labels: undefined, logits: undefined, gradient: undefined });

async function onDevice(c: LossCase, rows: { from: number; to: number }): Promise<{ loss: number; gradient: number[] }> {
  const { from, to } = rows;
  const loss = lossOf(c);
  const logits = ops.float(Float32Array.from(c.logits.slice(from * c.classes, to * c.classes)), [to - from, c.classes]);
  const found = classificationLoss(logits, { ops, labels: c.labels.slice(from, to), loss, divisor: lossWeight(c.labels, loss) });
  const result = { loss: (await ops.read(found.loss))[0], gradient: [...(await ops.read(found.dLogits))] };
  ops.dispose(logits, found.loss, found.dLogits);
  return result;
}

test("losses and their gradients are torch's: class weights, label smoothing, focal loss, several labels a text", async () => {
  assert.equal(cases.length, 64);
  for (const c of cases) {
    const { loss, gradient } = await onDevice(c, { from: 0, to: c.labels.length });
    assert.ok(Math.abs(loss - c.loss) < 2e-6 * Math.max(1, c.loss), `${nameOf(c)}: the loss is ${loss}`);
    assert.ok(maxDifference(gradient, c.gradient) < 1e-6, `${nameOf(c)}: gradients differ by ${maxDifference(gradient, c.gradient)}`);
    const inMemory = lossOfLogits(Float32Array.from(c.logits), { classes: c.classes, labels: c.labels, loss: lossOf(c) });
    assert.ok(Math.abs(inMemory - c.loss) < 1e-6 * Math.max(1, c.loss), `${nameOf(c)}: in memory the loss is ${inMemory}`);
  }
});

test("parts of a batch add up to the batch's loss and gradient", async () => {
  for (const c of cases) {
    const parts = [await onDevice(c, { from: 0, to: 2 }), await onDevice(c, { from: 2, to: c.labels.length })];
    assert.ok(Math.abs(parts[0].loss + parts[1].loss - c.loss) < 2e-6 * Math.max(1, c.loss), nameOf(c));
    assert.ok(maxDifference(parts.flatMap(({ gradient }) => gradient), c.gradient) < 1e-6, nameOf(c));
  }
});

test("a loss leaves two tensors, and logits far apart give finite gradients", async () => {
  for (const c of cases) {
    const before = ops.alive();
    const logits = ops.float(Float32Array.from(c.logits, (x) => 1000 * x), [c.labels.length, c.classes]);
    const found = classificationLoss(logits, { ops, labels: c.labels, loss: lossOf(c), divisor: 1 });
    assert.equal(ops.alive() - before, 3, nameOf(c));
    for (const tensor of [found.loss, found.dLogits]) assert.ok((await ops.read(tensor)).every(Number.isFinite), nameOf(c));
    ops.dispose(logits, found.loss, found.dLogits);
  }
});

test("learning rates are those of transformers' schedules", () => {
  for (const { rates, ...options } of golden("schedules") as readonly { kind: LrSchedulerType; warmupSteps: number; totalSteps: number; rates: readonly number[] }[]) {
    const found = rates.map((_, step) => learningRateAt(step, { peak: 1, ...options }));
    assert.ok(maxDifference(found, rates) < 1e-12, `${JSON.stringify(options)}: ${found.join()}`);
  }
});

test("balanced weights are scikit-learn's, and of several labels negatives by positives", () => {
  const names = ["a", "b", "c"];
  const single = { problemType: "single_label_classification", names } as const;
  // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2])
  assert.deepEqual(balancedClassWeights([0, 0, 0, 1, 2, 2], single), [6 / 9, 2, 1]);
  assert.throws(() => balancedClassWeights([0, 0, 1], single), /none of both for c/);
  assert.deepEqual(balancedClassWeights([[1, 0], [0, 1], [0, 1], [0, 0]], { problemType: "multi_label_classification", names: ["a", "b"] }), [3, 1]);
});
