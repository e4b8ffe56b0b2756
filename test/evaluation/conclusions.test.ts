import assert from "node:assert/strict";
import { test } from "node:test";

import { compareEvaluations } from "../../src/evaluation/comparison/compare-evaluations";
import { conclusions } from "../../src/evaluation/comparison/conclusions";
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

test("conclusions state only what the interval and McNemar's test support", () => {
  const large = conclusions(compareEvaluations(evaluation(100), evaluation(8), { baseline: evaluation(30) }));
  assert.match(
    large,
    /from 0\.500 to 0\.960 on 200 test texts.*does not hold 0\. Of 92 texts that only one of the two gets right, the trained model has 92; .* probability below 0\.001/,
  );
  assert.match(large, /Against TF-IDF .* \+0\.110\. .*separates the two at the 5% level/);
  const small = conclusions(compareEvaluations(evaluation(10), evaluation(8), { baseline: evaluation(9) }));
  assert.match(small, /which holds 0\. .*does not separate the two, which does not show that they are equal/);
  assert.match(conclusions(compareEvaluations(evaluation(8), evaluation(8))), /nothing to test/);
  for (const text of [large, small]) assert.doesNotMatch(text, /chance|proves|significant/);
});

test("conclusions mention the study only for its own data", () => {
  const comparison = compareEvaluations(evaluation(100), evaluation(8));
  const study = /published|patients|abstract|cancer|PMID/i;
  assert.match(conclusions(comparison, { about: "study" }), study);
  for (const about of ["data", "sample"] as const) assert.doesNotMatch(conclusions(comparison, { about }), study);
  assert.match(conclusions(comparison, { about: "sample" }), /invented/);
});
