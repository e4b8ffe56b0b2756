import assert from "node:assert/strict";
import { test } from "node:test";

import { compareEvaluations } from "../../src/evaluation/comparison/compare-evaluations";
import { compareSeveral } from "../../src/evaluation/comparison/compare-several";
import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import { judgeChange } from "../../src/evaluation/comparison/judge-change";
import { balancedAccuracyScore } from "../../src/evaluation/metrics/balanced-accuracy-score";

/** An evaluation with this confusion matrix; of two of the same supports texts are the same. */
function evaluationOf(matrix: readonly (readonly number[])[]): Evaluation {
  const outcomes = matrix.flatMap((row, yTrue) =>
    row.flatMap((count, yPred) => Array<{ yTrue: number; yPred: number }>(count).fill({ yTrue, yPred })),
  );
  const predictions = outcomes.map(({ yTrue, yPred }, index) => ({
    index,
    yTrue,
    yPred,
    probabilities: [1 - yPred, yPred],
  }));
  return evaluatePredictions({ labels: ["A", "B"], predictions, loss: 1, elapsedSeconds: 0 });
}

const before = {
  name: "Before",
  evaluation: evaluationOf([
    [60, 40],
    [45, 55],
  ]),
};
const after = {
  name: "After",
  evaluation: evaluationOf([
    [96, 4],
    [5, 95],
  ]),
};
const weighted = {
  name: "Weighted",
  evaluation: evaluationOf([
    [95, 5],
    [4, 96],
  ]),
};

test("each column equals that of the table of two, and balanced accuracy is below accuracy", () => {
  const several = compareSeveral([before, after, weighted], { resamples: 200 });
  const two = compareEvaluations(before.evaluation, after.evaluation, { resamples: 200 });
  assert.deepEqual(several.names, ["Before", "After", "Weighted"]);
  assert.equal(several.rows.length, two.rows.length + 1);
  for (const { metric, values, intervals } of several.rows) {
    if (metric === "Balanced accuracy") continue;
    const row = two.rows.find((one) => one.metric === metric);
    assert.deepEqual([values[0], values[1]], [row?.before, row?.after], metric);
    if (!metric.startsWith("F1"))
      assert.deepEqual([intervals[0], intervals[1]], [row?.beforeInterval, row?.afterInterval], metric);
  }
  const { predictions } = before.evaluation;
  assert.equal(several.rows[1].metric, "Balanced accuracy");
  assert.ok(
    Math.abs(
      several.rows[1].values[0] -
        balancedAccuracyScore(
          predictions.map((p) => p.yTrue),
          predictions.map((p) => p.yPred),
        ),
    ) < 1e-12,
  );
  assert.deepEqual(
    several.mcnemar.map(({ from, to }) => [from, to]),
    [
      ["Before", "After"],
      ["After", "Weighted"],
    ],
  );
  assert.deepEqual(JSON.parse(JSON.stringify(several)), several);
});

test("a change is better, worse or undecided by its interval, and the sentence states it", () => {
  const helped = judgeChange(before, after, { metric: "Accuracy" });
  assert.equal(helped.verdict, "better");
  assert.match(
    helped.text,
    /^Accuracy, Before to After: 0\.575 to 0\.955, a change of \+0\.380 with the 95% interval \+0\.\d{3} to \+0\.\d{3}\. .* \(McNemar's p below 0\.001\)\. Better on these texts: the whole interval is above 0\.$/,
  );
  assert.equal(judgeChange(after, before).verdict, "worse");
  assert.match(judgeChange(after, before).text, /Worse on these texts: the whole interval is below 0\.$/);
  const same = judgeChange(after, weighted);
  assert.equal(same.verdict, "undecided");
  assert.match(same.text, /200 texts do not separate it from no change\.$/);
  assert.match(
    judgeChange(after, { ...after, name: "Again" }).text,
    /Both are right about the same texts \(McNemar's p 1\.000\)\. It changes nothing here\.$/,
  );
});

test("a metric of a label named like another label's number is that of its name", () => {
  const [from, to] = [before, after].map(({ name, evaluation }) => ({
    name,
    evaluation: { ...evaluation, labels: ["Label 1", "Label 2"] },
  }));
  const accuracyOf = (label: string): number[] => {
    const judged = judgeChange(from, to, { metric: `Accuracy for ${label}`, resamples: 50 });
    return [judged.from, judged.to];
  };
  assert.deepEqual(accuracyOf("Label 1"), [0.6, 0.96]);
  assert.deepEqual(accuracyOf("Label 2"), [0.55, 0.95]);
  assert.deepEqual(accuracyOf("Label 0"), [0.6, 0.96]); // no name, so a number
});

test("the sentence warns of a change that only one metric shows", () => {
  const many = {
    name: "Many",
    evaluation: evaluationOf([
      [190, 0],
      [10, 0],
    ]),
  };
  const few = {
    name: "Few",
    evaluation: evaluationOf([
      [183, 7],
      [1, 9],
    ]),
  };
  const judged = judgeChange(many, few);
  assert.ok(judged.verdict === "better" && judged.mcnemar.pValue > 0.05);
  assert.match(
    judged.text,
    /Better on these texts: .* McNemar's test, over single texts, does not separate the two\.$/,
  );
});

test("evaluations that cannot be compared are refused", () => {
  assert.throws(() => compareSeveral([before]), /there must be two evaluations or more; got 1/);
  assert.throws(
    () =>
      compareSeveral([
        before,
        {
          name: "Other",
          evaluation: evaluationOf([
            [1, 0],
            [0, 1],
          ]),
        },
      ]),
    /Other must be about the same texts as Before; they are 2 and 200/,
  );
  assert.throws(() => judgeChange(before, after, { metric: "F1" }), /metric must be one of Accuracy, .*; got F1/);
});
