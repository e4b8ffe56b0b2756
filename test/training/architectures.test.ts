import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { train } from "../../src/training/train";
import { expectedArchitecture } from "../model/architecture-fixtures";
import { FURTHER_MODELS } from "../model/further-models";
import { ops, tinyClassifier, weightsOf } from "../lora/tiny";

for (const fixture of FURTHER_MODELS) {
  test(`${fixture}: LoRA lowers the loss, changes only its own weights, and is loaded from its folder again`, async () => {
    const { documents, labels } = expectedArchitecture(fixture);
    const examples = documents.map((ids, i) => ({ text: ids.join(" "), label: labels[i] }));
    const classifier = await tinyClassifier(fixture);
    const own = await weightsOf(classifier.model);
    classifier.addAdapter({ r: 2, loraDropout: 0, targetModules: "all-linear" });
    const losses: number[] = [];
    const alive: number[] = [];
    const run = train(classifier, {
      train: examples,
      maxSteps: 12,
      perDeviceTrainBatchSize: examples.length,
      learningRate: 0.02,
      lrSchedulerType: "constant",
    });
    for await (const event of run)
      if (event.type === "step") {
        losses.push(event.loss);
        alive.push(ops.alive());
      }
    assert.ok(losses[11] < 0.8 * losses[0], losses.join(" "));
    assert.equal(alive[11], alive[2], "a step leaves tensors behind");
    const texts = examples.map(({ text }) => text);
    const trained = await classifier.predictLogits(texts);

    const folder = await mkdtemp(join(tmpdir(), "tslora-trained-"));
    try {
      await classifier.saveAdapter(folder);
      const again = await tinyClassifier(fixture);
      await again.loadAdapter(folder);
      assert.deepEqual(await again.predictLogits(texts), trained);
      again.dispose();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    classifier.deleteAdapter("default");
    assert.deepEqual(await weightsOf(classifier.model), own);
    classifier.dispose();
    assert.equal(ops.alive(), 0);
  });
}
