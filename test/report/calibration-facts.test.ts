import assert from "node:assert/strict";
import { test } from "node:test";

import { fitCalibration } from "../../src/evaluation/calibration/fit-calibration";
import { evaluatePredictions } from "../../src/evaluation/evaluation";
import { softmax } from "../../src/evaluation/softmax";
import { calibrationFacts } from "../../src/report/facts/calibration-facts";
import { exampleEvaluation } from "./example-results";

test("the temperature from probabilities is that from logits", () => {
  const logits = Array.from({ length: 80 }, (_, i) => [3 * Math.sin(i), 3 * Math.cos(2 * i), Math.sin(5 * i)]);
  const labels = logits.map((row, i) => (i % 3 === 0 ? i % 2 : row.indexOf(Math.max(...row))));
  const predictions = logits.map((row, index) => ({
    index,
    yTrue: labels[index],
    yPred: row.indexOf(Math.max(...row)),
    probabilities: softmax(row).probabilities,
  }));
  const evaluation = evaluatePredictions({ labels: ["a", "b", "c"], predictions, loss: 1, elapsedSeconds: 1 });
  const found = calibrationFacts({ after: evaluation, validation: evaluation });
  const expected = fitCalibration(logits, labels);
  assert.ok(found.kind === "temperature" && expected.method === "temperature");
  assert.ok(Math.abs(found.temperature - expected.temperature) < 1e-9 * expected.temperature);
  assert.ok(found.after.logLoss <= found.before.logLoss);
  assert.equal(found.curves.length, 2);
});

test("a validation set without an error has no temperature, and the reason is kept", () => {
  const perfect = exampleEvaluation(1000);
  const predictions = perfect.predictions.map((one) => ({
    ...one,
    yPred: one.yTrue,
    probabilities: one.yTrue === 0 ? [0.9, 0.1] : [0.1, 0.9],
  }));
  const found = calibrationFacts({ after: exampleEvaluation(5), validation: { ...perfect, predictions } });
  assert.ok(found.kind === "unfitted");
  assert.match(found.reason, /all 60 texts are predicted correctly/);
  assert.equal(found.curves.length, 1);
});
