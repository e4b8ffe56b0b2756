import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { encoderFeatures } from "../../src/classifier/encoder-features";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { makeTinyFolder, type TinyFolder } from "../cli/library-commands";
import { ops, tinyClassifier } from "../lora/tiny";

let tiny: TinyFolder;
before(async () => {
  tiny = await makeTinyFolder();
});
after(() => rm(tiny.folder, { recursive: true, force: true }));

test("features are the head's input, in the order of the texts", async () => {
  const classifier = await loadClassifier(tiny.model);
  const { model } = classifier;
  const texts = ["w5 w6 w7 w25", "w9", "w5 w6 w7 w25", "w26 w30 w40 w8 w7 w6"];
  const features = await encoderFeatures(classifier, texts, { maxTokensPerPass: 8 });
  assert.deepEqual(
    features.map(({ length }) => length),
    texts.map(() => model.config.hiddenSize),
  );
  assert.ok(features[0].every((value, i) => Math.abs(value - features[2][i]) < 1e-5));
  assert.ok(features[0].some((value, i) => Math.abs(value - features[3][i]) > 1e-3));
  for (const maxTokensPerPass of [NaN, 0])
    await assert.rejects(
      encoderFeatures(classifier, texts, { maxTokensPerPass }),
      new RegExp(`maxTokensPerPass must be at least 1; got ${maxTokensPerPass}\\. Leave it out for 4096`),
    );
  classifier.dispose();
});

test("a pass whose results cannot be read leaves no tensor behind; after dispose, the message says so", async () => {
  let fails = false;
  const failing: typeof ops = {
    ...ops,
    read: async (x) => (fails ? Promise.reject(new Error("the device is gone")) : ops.read(x)),
  };
  const classifier = await tinyClassifier("bert", failing);
  const before = await classifier.predictLogits(["2 11 3"]);
  const alive = ops.alive();
  fails = true;
  await assert.rejects(classifier.predictLogits(["2 11 3"]), /the device is gone/);
  assert.equal(ops.alive(), alive);
  fails = false;
  assert.deepEqual(await classifier.predictLogits(["2 11 3"]), before);
  classifier.dispose();
  await assert.rejects(classifier.predictLogits(["2 11 3"]), /Load the classifier again if it was disposed of/);
});
