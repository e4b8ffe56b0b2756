import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments } from "../../src/model/parts/packed-batch";
import { kernelOps } from "../../src/ops/kernel-ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { tfjsOps } from "../../src/ops/tfjs-ops";
import { SEVEN_DIGITS } from "../ops/expect-within";
import { implementationName } from "../ops/implementation-name";
import {
  batchOf,
  expectGradients,
  expectLogits,
  fixtureDirectory,
  gradientsOf,
  referenceOf,
  trainAll,
  unpack,
  type Expected,
} from "./fixture";

const expected = JSON.parse(readFileSync(join(projectRoot(), "test", "fixtures", "pairs.json"), "utf8")) as Expected;
const reference = referenceOf("bert", { expected, prepare: trainAll });

test("pairs: transformers' logits and PyTorch's gradients are the double-precision ones up to 32-bit rounding", async () => {
  expectLogits(expected.full.logits, await reference, { expected, what: "transformers", storage: SEVEN_DIGITS });
  expectGradients(new Map(Object.entries(expected.full.gradients)), await reference, {
    what: "PyTorch",
    storage: SEVEN_DIGITS,
  });
});

for (const ops of [kernelOps(), tensorflowOps(), tfjsOps()]) {
  test(`pairs on ${implementationName(ops)}: logits and gradients are the double-precision ones up to 32-bit rounding, and no tensor is left`, async () => {
    const { model } = await loadClassificationModel(fixtureDirectory("bert"), { ops, numLabels: 2, seed: 1 });
    trainAll(model);
    const batch = batchOf(expected);
    const predicted = model.predict(batch);
    const rows = unpack(await ops.read(predicted), batch, 2);
    ops.dispose(predicted);
    expectLogits(rows, await reference, { expected, what: implementationName(ops) });
    const { gradients } = await gradientsOf(model, expected);
    expectGradients(gradients, await reference, { what: implementationName(ops) });
    const before = ops.alive();
    await gradientsOf(model, expected);
    assert.equal(ops.alive(), before, "a step leaves tensors behind");
    model.dispose();
  });
}

test("token types are packed in the order of their documents; without any, the batch has none", () => {
  const long = { ids: Int32Array.of(2, 7, 3, 8, 3), types: Int32Array.of(0, 0, 0, 1, 1) };
  const { order, types } = packDocuments([long, Int32Array.of(2, 5, 3), { ids: Int32Array.of(2, 3) }]);
  assert.deepEqual(order, [2, 1, 0]);
  assert.deepEqual(types, Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1));
  assert.equal(packDocuments([{ ids: Int32Array.of(2, 3) }]).types, undefined);
});
