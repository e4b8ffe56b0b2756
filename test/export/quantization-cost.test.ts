import assert from "node:assert/strict";
import { test } from "node:test";

import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import { quantizationCost } from "../../src/export/quantization-cost";

/** An evaluation of texts of which all are of label 0, and those at `wrong` are predicted as 1. */
function evaluation(n: number, wrong: readonly number[]): Evaluation {
  const predictions = Array.from({ length: n }, (_, index) => {
    const yPred = Number(wrong.includes(index));
    return { index, yTrue: 0, yPred, probabilities: [1 - yPred, yPred] };
  });
  return evaluatePredictions({ labels: ["a", "b"], predictions, loss: 0, elapsedSeconds: 1 });
}

test("the cost is the paired difference of the accuracies", () => {
  const cost = quantizationCost(evaluation(200, [1, 2]), evaluation(200, [2, 3, 4, 5]));
  assert.deepEqual([cost.n, cost.full, cost.quantized], [200, 0.99, 0.98]);
  assert.ok(Math.abs(cost.change + 0.01) < 1e-12);
  assert.deepEqual([cost.mcnemar.onlyBefore, cost.mcnemar.onlyAfter, cost.mcnemar.pValue], [3, 1, 0.625]);
  assert.ok(cost.changeInterval.low < -0.01 && cost.changeInterval.high > -0.01);
});

test("a loss of more than one point is costly, one of a point is not", () => {
  assert.equal(quantizationCost(evaluation(200, []), evaluation(200, [0, 1])).isCostly, false);
  assert.equal(quantizationCost(evaluation(200, []), evaluation(200, [0, 1, 2])).isCostly, true);
  const equal = quantizationCost(evaluation(50, [3]), evaluation(50, [3]));
  assert.deepEqual(
    [equal.change, equal.changeInterval.low, equal.changeInterval.high, equal.isCostly],
    [0, 0, 0, false],
  );
});

test("evaluations of other texts are refused", () => {
  assert.throws(() => quantizationCost(evaluation(3, []), evaluation(4, [])), /same texts/);
});
