import assert from "node:assert/strict";
import { test } from "node:test";

import { kernelOps } from "../../src/ops/kernel-ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import type { ClassificationModel } from "../../src/model/classification-model";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { Parameter } from "../../src/model/parts/parameter";
import {
  batchOf,
  expectedOf,
  expectGradients,
  fixtureDirectory,
  gradientsOf,
  referenceOf,
  TINY_MODELS,
  trainAll,
} from "./fixture";
import { implementationName } from "../ops/implementation-name";

const implementations = [kernelOps(), tensorflowOps()];

async function numbersOf(model: ClassificationModel): Promise<number[][]> {
  const found: number[][] = [];
  for (const parameter of model.parameters()) found.push([...(await parameter.read())]);
  return found;
}

for (const ops of implementations) {
  test(`${implementationName(ops)}: a weight that was set aside is lent, read and restored bit for bit, and stays once its value was returned`, async () => {
    const before = ops.alive();
    const numbers = Float32Array.of(1, -0, 3.3, 4, 5, 6);
    const copy = ops.float(numbers, [2, 3]);
    const parameter = new Parameter(ops, "weight", ops.float(numbers, [2, 3]));
    parameter.setAside(() => ops.reshape(copy, [2, 3]));
    assert.equal(ops.alive(), before + 1);
    assert.deepEqual(await parameter.read(), numbers);
    const doubled = parameter.lend((value) => ops.scale(value, 2));
    assert.deepEqual(
      await ops.read(doubled),
      numbers.map((x) => 2 * x),
    );
    ops.dispose(doubled);
    assert.equal(ops.alive(), before + 1);

    const value = ops.tidy(() => parameter.value); // asked for in a scope that ends
    assert.deepEqual(await ops.read(value), numbers);
    assert.equal(value, parameter.value);
    parameter.setAside(() => assert.fail("a weight that someone holds was let go of"));
    assert.deepEqual(await ops.read(value), numbers);
    parameter.takeBack();
    assert.equal(ops.alive(), before + 1);
    assert.deepEqual(await parameter.read(), numbers);

    parameter.assign(ops.float(new Float32Array(6), [2, 3]));
    assert.equal(parameter.version, 1);
    assert.deepEqual(await parameter.read(), new Float32Array(6));
    parameter.dispose();
    ops.dispose(copy);
    assert.equal(ops.alive(), before);
  });

  test(`${implementationName(ops)}: a value that replaces a disposed one is used`, async () => {
    const before = ops.alive();
    const parameter = new Parameter(ops, "weight", ops.float(Float32Array.of(1, 2), [2]));
    parameter.setAside(() => assert.fail("the old value was asked for"));
    parameter.assign(ops.float(Float32Array.of(3, 4), [2]));
    assert.deepEqual(await parameter.read(), Float32Array.of(3, 4));
    parameter.dispose();
    assert.equal(ops.alive(), before);
  });
}

/**
 * Types that keep more than their weights after a pass: ALBERT's last run of a shared layer reads keys and values in
 * another form than the runs before it, and ModernBERT keeps the angles of its positions.
 */
const KEEPS_MORE = /^(albert|modernbert)/;

for (const kind of TINY_MODELS) {
  const reference = referenceOf(kind, { prepare: trainAll });
  for (const ops of implementations) {
    test(`${kind} on ${implementationName(ops)}: frozen weights are in memory only in the layout of products, with the same values`, async () => {
      const expected = expectedOf(kind);
      const before = ops.alive();
      const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
      const loaded = ops.alive();
      const numbers = await numbersOf(model);
      ops.dispose(model.predict(batchOf(expected)));
      const once = ops.alive();
      if (!KEEPS_MORE.test(kind)) assert.equal(once, loaded, "a weight and what was made of it are both there");
      ops.dispose(model.predict(batchOf(expected)));
      assert.equal(ops.alive(), once);
      assert.deepEqual(await numbersOf(model), numbers);

      // Trained after they were let go of, they are there again, and so are their gradients.
      trainAll(model);
      const { gradients } = await gradientsOf(model, expected);
      expectGradients(gradients, await reference, { what: implementationName(ops) });
      assert.deepEqual(await numbersOf(model), numbers);
      model.dispose();
      assert.equal(ops.alive(), before);
    });
  }
}
