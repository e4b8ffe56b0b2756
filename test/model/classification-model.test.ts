import assert from "node:assert/strict";
import { test } from "node:test";

import type { Ops } from "../../src/ops/ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { kernelOps } from "../../src/ops/kernel-ops";
import { tfjsOps } from "../../src/ops/tfjs-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments } from "../../src/model/parts/packed-batch";
import { SEVEN_DIGITS } from "../ops/expect-within";
import {
  batchOf,
  expectedOf,
  expectGradients,
  expectLogits,
  fixtureDirectory,
  gradientsOf,
  referenceOf,
  TINY_MODELS,
  trainAll,
  unpack,
} from "./fixture";
import { implementationName } from "../ops/implementation-name";

const raw = kernelOps();
const implementations: readonly Ops[] = [raw, tensorflowOps(), tfjsOps()];

for (const kind of TINY_MODELS) {
  const reference = referenceOf(kind, { prepare: trainAll });

  test(`${kind}: transformers' logits and PyTorch's gradients are the double-precision ones up to 32-bit rounding`, async () => {
    const { full, documents } = expectedOf(kind);
    expectLogits(full.logits, await reference, {
      expected: { documents },
      what: "transformers",
      storage: SEVEN_DIGITS,
    });
    expectGradients(new Map(Object.entries(full.gradients)), await reference, {
      what: "PyTorch",
      storage: SEVEN_DIGITS,
    });
  });

  for (const ops of implementations) {
    test(`${kind} on ${implementationName(ops)}: logits are the double-precision ones up to 32-bit rounding, and prediction leaves no tensor`, async () => {
      const expected = expectedOf(kind);
      const { model, newlyInitialized, unused } = await loadClassificationModel(fixtureDirectory(kind), {
        ops,
        numLabels: 2,
        seed: 1,
      });
      assert.deepEqual([newlyInitialized, unused], [[], []]);
      const batch = batchOf(expected);
      ops.dispose(model.predict(batch)); // creates the tensors that the model keeps
      const before = ops.alive();
      const logits = model.predict(batch);
      const rows = unpack(await ops.read(logits), batch, 2);
      expectLogits(rows, await reference, { expected, what: implementationName(ops) });
      ops.dispose(logits);
      assert.equal(ops.alive(), before);
      model.dispose();
    });

    test(`${kind} on ${implementationName(ops)}: every weight's gradient is the double-precision one up to 32-bit rounding`, async () => {
      const expected = expectedOf(kind);
      const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
      trainAll(model);
      const { gradients } = await gradientsOf(model, expected);
      expectGradients(gradients, await reference, { what: implementationName(ops) });
      const before = ops.alive();
      await gradientsOf(model, expected);
      assert.equal(ops.alive(), before, "a step leaves tensors behind");
      model.dispose();
    });
  }

  test(`${kind}: a document's logits do not depend on the other documents of its batch`, async () => {
    const expected = expectedOf(kind);
    const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops: raw, numLabels: 2, seed: 1 });
    const rows: number[][] = [];
    for (const ids of expected.documents) {
      const alone = model.predict(packDocuments([Int32Array.from(ids)]));
      rows.push([...(await raw.read(alone))]);
      raw.dispose(alone);
    }
    expectLogits(rows, await reference, { expected, what: "alone" });
    model.dispose();
  });
}

test("a head that the checkpoint lacks is initialized by the seed, and reported", async () => {
  const read = async (seed: number): Promise<Float32Array> => {
    const { model, newlyInitialized } = await loadClassificationModel(fixtureDirectory("bare-bert"), {
      ops: raw,
      numLabels: 3,
      seed,
    });
    assert.deepEqual(newlyInitialized, ["classifier.weight", "classifier.bias"]);
    const values = await raw.read(model.modules.head.modules.classifier.weight.value);
    model.dispose();
    return values;
  };
  assert.deepEqual(await read(5), await read(5));
  assert.notDeepEqual(await read(5), await read(6));
});
