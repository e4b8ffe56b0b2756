import assert from "node:assert/strict";
import { test } from "node:test";

import type { Ops } from "../../src/device/ops";
import { TensorflowOps } from "../../src/device/tensorflow-ops";
import { KernelOps } from "../../src/device/kernel-ops";
import { TfjsOps } from "../../src/device/tfjs-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments } from "../../src/model/packed-batch";
import { batchOf, expectedOf, fixtureDirectory, gradientsOf, maxDifference, TINY_MODELS, unpack } from "./fixture";

const raw = new KernelOps();
const implementations: readonly Ops[] = [raw, new TensorflowOps(), new TfjsOps()];

for (const kind of TINY_MODELS) {
  for (const ops of implementations) {
    test(`${kind} on ${ops.constructor.name}: logits are transformers', to 1e-5, and prediction leaves no tensor behind`, async () => {
      const expected = expectedOf(kind);
      const { model, newlyInitialized, unused } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
      assert.deepEqual([newlyInitialized, unused], [[], []]);
      const batch = batchOf(expected);
      ops.dispose(model.predict(batch)); // makes what the model keeps for good
      const before = ops.alive();
      const logits = model.predict(batch);
      const rows = unpack(await ops.read(logits), batch, 2);
      rows.forEach((row, i) => assert.ok(maxDifference(row, expected.full.logits[i]) < 1e-5, `document ${i}: ${row.join()} and ${expected.full.logits[i].join()}`));
      ops.dispose(logits);
      assert.equal(ops.alive(), before);
      model.dispose();
    });

    test(`${kind} on ${ops.constructor.name}: every weight's gradient is PyTorch's, to 1e-4 of its largest`, async () => {
      const expected = expectedOf(kind);
      const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
      for (const parameter of model.parameters()) parameter.trainable = true;
      const { gradients } = await gradientsOf(model, expected);
      const wanted = expected.full.gradients;
      assert.deepEqual([...gradients.keys()].sort(), Object.keys(wanted).sort());
      for (const [name, gradient] of gradients) {
        // A key's bias moves all scores of a query alike, so that its true gradient is 0 and only noise remains.
        const scale = Math.max(...wanted[name].map(Math.abs), 1e-3);
        assert.ok(maxDifference(gradient, wanted[name]) < 1e-4 * scale, `${name}: ${maxDifference(gradient, wanted[name])} of ${scale}`);
      }
      const before = ops.alive();
      await gradientsOf(model, expected);
      assert.equal(ops.alive(), before, "a step leaves tensors behind");
      model.dispose();
    });
  }

  test(`${kind}: a document's logits do not depend on what it is packed with`, async () => {
    const expected = expectedOf(kind);
    const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops: raw, numLabels: 2, seed: 1 });
    for (const [i, ids] of expected.documents.entries()) {
      const alone = model.predict(packDocuments([Int32Array.from(ids)]));
      assert.ok(maxDifference(await raw.read(alone), expected.full.logits[i]) < 1e-5);
      raw.dispose(alone);
    }
    model.dispose();
  });
}

test("a head that the checkpoint lacks is drawn by the seed, and said", async () => {
  const read = async (seed: number): Promise<Float32Array> => {
    const { model, newlyInitialized } = await loadClassificationModel(fixtureDirectory("bare-bert"), { ops: raw, numLabels: 3, seed });
    assert.deepEqual(newlyInitialized, ["classifier.weight", "classifier.bias"]);
    const values = await raw.read(model.modules.head.modules.classifier.weight.value);
    model.dispose();
    return values;
  };
  assert.deepEqual(await read(5), await read(5));
  assert.notDeepEqual(await read(5), await read(6));
});
