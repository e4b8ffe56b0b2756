import assert from "node:assert/strict";
import { test } from "node:test";

import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import { judgeChange } from "../../src/evaluation/comparison/judge-change";
import { nextStepConclusions, type TriedStep } from "../../src/evaluation/comparison/next-step-conclusions";

/** 200 texts, half of each label, of which the first `wrong` are predicted wrong. */
function evaluation(wrong: number): Evaluation {
  const predictions = Array.from({ length: 200 }, (_, index) => {
    const yTrue = index % 2;
    const yPred = index < wrong ? 1 - yTrue : yTrue;
    return { index, yTrue, yPred, probabilities: [1 - yPred, yPred] };
  });
  return evaluatePredictions({ labels: ["A", "B"], predictions, loss: 0.5, elapsedSeconds: 1 });
}

const tried = (step: string, from: number, to: number): TriedStep => ({
  step,
  judgement: judgeChange(
    { name: "plain", evaluation: evaluation(from) },
    { name: "changed", evaluation: evaluation(to) },
  ),
});

test("the conclusions name steps that help, that harm and that are undecided", () => {
  const text = nextStepConclusions([tried("Weights", 60, 10), tried("Threshold", 10, 60), tried("Both", 10, 9)]);
  assert.match(
    text,
    /^- \*\*Weights\.\*\* Balanced accuracy, plain to changed: 0\.700 to 0\.950, .* Better on these texts: .*\n- \*\*Threshold\.\*\* .* Worse on these texts: .*\n- \*\*Both\.\*\* .* 200 texts do not separate it from no change\.\n/,
  );
  assert.match(
    text,
    /In short:\*\* 1 of 3 steps tried is better on these texts \(Weights\); 1 is worse \(Threshold\); the other 1 is undecided/,
  );
  assert.match(text, /3 comparisons at the 95% level: of steps without any effect, about one in 20/);
});

test("where nothing helps, the conclusions state it", () => {
  assert.match(
    nextStepConclusions([tried("Weights", 10, 9), tried("Threshold", 9, 9)]),
    /of 2 steps tried, none is shown to be better; all of them are undecided on so few texts\./,
  );
});
