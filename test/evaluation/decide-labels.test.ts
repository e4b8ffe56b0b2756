import assert from "node:assert/strict";
import { test } from "node:test";

import { decideClass, decideLabels, reaches } from "../../src/evaluation/decide-labels";
import { evaluate } from "../../src/evaluation/evaluate";
import { evaluateMultiLabel } from "../../src/evaluation/evaluate-multi-label";
import { predict } from "../../src/evaluation/predict";
import { applyThreshold } from "../../src/evaluation/threshold/apply-threshold";
import { outcomeAt } from "../../src/evaluation/threshold/threshold-candidates";
import { validationMetrics } from "../../src/training/validation/validation-metrics";

const TINY = 1e-17; // above 0, but its sigmoid rounds to 0.5

const classifierOf = (
  logits: readonly number[],
  problemType: "single_label_classification" | "multi_label_classification",
): Parameters<typeof predict>[0] => ({
  labels: ["a", "b", "c"].slice(0, logits.length),
  problemType,
  predictLogits: () => Promise.resolve(Float32Array.from(logits)),
});
const LOSS = { labelSmoothing: 0, focalGamma: 0, classWeights: undefined };

test("one rule decides labels: a score above 0.5, and the first of equal scores", () => {
  assert.equal(decideClass([1, 3, 3]), 1);
  assert.equal(decideClass([0, TINY]), 1);
  assert.deepEqual(decideLabels([0, -0, TINY, -TINY]), [0, 0, 1, 0]);
  assert.deepEqual(decideLabels([0, TINY, -TINY, -1], { threshold: 0.5 }), [1, 1, 1, 0]);
  assert.deepEqual(decideLabels([-1000, 1000], { threshold: 0 }), [1, 1]);
  assert.deepEqual([reaches(0.5, 0.5), reaches(0.49, 0.5)], [true, false]);
});

test("training, evaluation and prediction of several labels agree about a tie", async () => {
  const logits = [0, TINY, -TINY];
  const classifier = classifierOf(logits, "multi_label_classification");
  const { predictions, accuracy } = await evaluateMultiLabel(classifier, [{ text: "x", label: [0, 1, 0] }]);
  assert.deepEqual([predictions[0].yPred, accuracy], [[0, 1, 0], 1]);
  assert.deepEqual((await predict(classifier, "x"))[0].labels, ["b"]);
  const { metrics } = validationMetrics(Float32Array.from(logits), {
    classes: 3,
    labels: [[0, 1, 0]],
    loss: { ...LOSS, problemType: "multi_label_classification" },
  });
  assert.deepEqual([metrics.accuracy, metrics.f1], [1, 1]);
  const given = await evaluateMultiLabel(classifier, [{ text: "x", label: [0, 1, 0] }], { threshold: 0.5 });
  assert.deepEqual(given.predictions[0].yPred, [1, 1, 1]);
});

test("training, evaluation and prediction of one label agree about a tie", async () => {
  for (const [logits, label] of [
    [[2, 2], 0],
    [[0, TINY], 1],
  ] as const) {
    const classifier = classifierOf(logits, "single_label_classification");
    const evaluation = await evaluate(classifier, [{ text: "x", label }]);
    assert.equal(evaluation.predictions[0].yPred, label);
    assert.equal((await predict(classifier, "x"))[0].label, classifier.labels[label]);
    const { metrics } = validationMetrics(Float32Array.from(logits), {
      classes: 2,
      labels: [label],
      loss: { ...LOSS, problemType: "single_label_classification" },
    });
    assert.equal(metrics.accuracy, 1);
    assert.equal(applyThreshold(evaluation, { threshold: 0.5 }).predictions[0].yPred, 1); // reached by equality
    assert.equal(outcomeAt(0.5, [1, 0], [0.5, 0.5], 1).truePositives, 1);
  }
});
