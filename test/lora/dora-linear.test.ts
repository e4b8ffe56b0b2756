import assert from "node:assert/strict";
import { test } from "node:test";

import type { Drop, Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { composed } from "../../src/ops/composed/composed";
import { tensorflowPrimitives } from "../../src/ops/tensorflow-ops";
import { DoraLinear } from "../../src/lora/dora-linear";
import { DropoutSource } from "../../src/model/parts/dropout";
import { Gradients } from "../../src/model/parts/gradients";
import { Linear } from "../../src/model/parts/linear";
import { Parameter } from "../../src/model/parts/parameter";
import { expectWithin, SEVEN_DIGITS } from "../ops/expect-within";
import { referenceOps, type ReferenceOps } from "../ops/reference-ops";
import { goldens } from "./tiny";

/** The reference with what PyTorch dropped. */
function referenceWithMask(mask: readonly number[]): ReferenceOps {
  const ops = referenceOps();
  const kept = (shape: readonly number[]): Tensor =>
    ops.float(
      mask.map((value) => Number(value > 0)),
      shape,
    );
  return Object.assign(ops, {
    keepMask: (shape: readonly number[], _drop: Drop, factor = 1) => ops.tidy(() => ops.scale(kept(shape), factor)),
  });
}

/** TensorFlow's ops, which drop what PyTorch dropped: the golden file's mask, 0 or 1 / (1 - rate). */
function opsWithMask(mask: readonly number[]): Ops {
  const primitives = tensorflowPrimitives();
  return composed({
    ...primitives,
    keepMask: (shape, _drop, kept = 1) =>
      primitives.float(
        Float32Array.from(mask, (value) => (value > 0 ? kept : 0)),
        shape,
      ),
  });
}

const [rows, into, out, r] = [3, 4, 5, 2];

/** Computes output, gradients and merged weight of a golden case, as `read` reads them. */
async function compute<T>(
  ops: Ops,
  golden: (typeof goldens.doraLayers)[number],
  read: (tensor: Tensor) => T | Promise<T>,
): Promise<Map<string, T>> {
  const before = ops.alive();
  const { weights } = golden;
  const parameter = (name: string, shape: readonly number[]): Parameter =>
    new Parameter(ops, name, ops.float(Float32Array.from(weights[name]), shape));
  const linear = new Linear(ops, "0", parameter("weight", [out, into]), parameter("bias", [out]));
  const dora = new DoraLinear(
    { a: parameter("a", [r, into]), b: parameter("b", [out, r]), magnitude: parameter("magnitude", [out]) },
    { scaling: 1.5, loraDropout: golden.dropout ? 0.4 : 0 },
  );
  linear.setAdapter(dora);
  for (const p of [...linear.parameters.slice(1), ...dora.parameters]) p.trainable = true;
  const [x, dy] = [
    ops.float(Float32Array.from(golden.x), [rows, into]),
    ops.float(Float32Array.from(golden.dy), [rows, out]),
  ];
  const { y, saved } = linear.forward(
    { kind: "training", ops, dropout: golden.dropout ? new DropoutSource(0) : undefined },
    x,
  );
  const gradients = new Gradients(ops);
  const dx = linear.backward({ ops, gradients }, dy, { saved, needsInput: true });
  assert.ok(dx);
  const found = new Map<string, T>([
    ["y", await read(y)],
    ["dx", await read(dx)],
  ]);
  for (const [{ name }, gradient] of gradients.entries()) found.set(`gradient of ${name}`, await read(gradient));
  const merged = dora.merged(ops, linear.weight.value);
  found.set("merged", await read(merged));
  ops.dispose(y, dx, dy, merged);
  ops.disposeIn(saved);
  gradients.dispose();
  dora.dispose();
  linear.dispose();
  ops.dispose(x);
  assert.equal(ops.alive(), before);
  return found;
}

for (const golden of goldens.doraLayers) {
  test(`a DoRA layer ${golden.dropout ? "under dropout" : "without dropout"} gives peft's output and every gradient, up to 32-bit rounding of the double-precision ones`, async () => {
    const [ops, reference] = [opsWithMask(golden.mask), referenceWithMask(golden.mask)];
    const wanted = await compute(reference, golden, (tensor) => reference.bounded(tensor));
    const found = await compute(ops, golden, (tensor) => ops.read(tensor));
    const peft = new Map<string, ArrayLike<number>>([
      ["y", golden.y],
      ["dx", golden.dx],
      ["merged", golden.merged],
      ...Object.entries(golden.gradients).map(([name, values]) => [`gradient of ${name}`, values] as const),
    ]);
    for (const each of [found, peft]) assert.deepEqual([...each.keys()].sort(), [...wanted.keys()].sort());
    for (const [name, bounded] of wanted) {
      expectWithin(found.get(name) ?? [], bounded, { what: `ours, ${name}` });
      expectWithin(peft.get(name) ?? [], bounded, { what: `peft's, ${name}`, storage: SEVEN_DIGITS });
    }
  });
}
