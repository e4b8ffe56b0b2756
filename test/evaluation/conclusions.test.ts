import assert from "node:assert/strict";
import { test } from "node:test";

import { compareEvaluations } from "../../src/evaluation/compare-evaluations";
import { conclusions } from "../../src/evaluation/conclusions";
import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";

/** 200 texts, half of each label, of which the first `wrong` are predicted wrong. */
function evaluation(wrong: number): Evaluation {
  const predictions = Array.from({ length: 200 }, (_, index) => {
    const yTrue = index % 2;
    const yPred = index < wrong ? 1 - yTrue : yTrue;
    return { index, yTrue, yPred, probabilities: [1 - yPred, yPred] };
  });
  return evaluatePredictions({ labels: ["A", "B"], predictions, loss: 0.5, elapsedSeconds: 1 });
}

test("a large change is called certain, and one of two texts is not", () => {
  assert.match(conclusions(compareEvaluations(evaluation(100), evaluation(8), { baseline: evaluation(30) })), /from 0\.500 to 0\.960[\s\S]*it is not chance[\s\S]*the trained model is better/);
  assert.match(conclusions(compareEvaluations(evaluation(10), evaluation(8), { baseline: evaluation(9) })), /may be chance[\s\S]*cannot be told apart/);
});
