import assert from "node:assert/strict";
import { test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { evaluate } from "../../src/evaluation/evaluate";
import type { Evaluation } from "../../src/evaluation/evaluation";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import { trainAndEvaluate, type TrainAndEvaluateOptions } from "../../src/training/train-and-evaluate";
import { fixtureDirectory } from "../model/fixture";
import { data, ops, tokenizer, validation } from "./tiny";

const model = fixtureDirectory("distilbert");
const texts = validation.slice(0, 7);
const options: TrainAndEvaluateOptions = {
  classifier: { labels: ["NO", "YES"], seed: 3, tokenizer, device: "cpu" },
  adapter: { r: 2 },
  training: { train: data, validation, maxSteps: 3, perDeviceTrainBatchSize: 4, seed: 3 },
  tests: [texts, data],
};

/** Leaves out the time, which no two runs share. */
const untimed = (evaluation: Evaluation): Evaluation => ({ ...evaluation, elapsedSeconds: 0 });

test("the result equals that of loading, training and evaluating in turn, bit for bit; no tensor is left", async () => {
  const classifier = await loadClassifier(model, options.classifier);
  classifier.addAdapter(options.adapter);
  let last: TrainEvent | undefined;
  for await (const event of train(classifier, options.training)) last = event;
  const expected = [
    await evaluate(classifier, validation),
    await evaluate(classifier, texts),
    await evaluate(classifier, data),
  ];
  classifier.dispose();
  const tensors = ops.alive();

  const shown: string[] = [];
  const result = await trainAndEvaluate(model, {
    ...options,
    progress: {
      async follow(events) {
        for (;;) {
          const next = await events.next();
          if (next.done === true) return next.value;
          shown.push(next.value.type);
        }
      },
    },
  });
  assert.deepEqual([result.validation, ...result.tests].map(untimed), expected.map(untimed));
  assert.equal(last?.type, "end");
  assert.equal(result.summary.steps, 3);
  assert.equal(shown.at(-1), "end");
  assert.deepEqual((await trainAndEvaluate(model, options)).tests.map(untimed), result.tests.map(untimed));
  assert.equal(ops.alive(), tensors);
});

test("an error of training or of a test set frees the model", async () => {
  const tensors = ops.alive();
  await assert.rejects(trainAndEvaluate(model, { ...options, training: { ...options.training, learningRate: -1 } }), {
    code: "bad-option",
  });
  await assert.rejects(trainAndEvaluate(model, { ...options, tests: [[{ text: "2 3", label: 7 }]] }), {
    code: "bad-input",
  });
  assert.equal(ops.alive(), tensors);
});
