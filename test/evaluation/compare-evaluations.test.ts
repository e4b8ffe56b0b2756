import assert from "node:assert/strict";
import { test } from "node:test";

import { compareEvaluations } from "../../src/evaluation/comparison/compare-evaluations";
import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import { formatFixed } from "../../src/evaluation/metrics/format-fixed";
import { publishedStudy } from "../../src/evaluation/comparison/published-study";

/** An evaluation with this confusion matrix, label 0 first; of two of the same supports texts are the same. */
function evaluationOf(matrix: readonly (readonly number[])[], labels = ["NEGATIVE", "POSITIVE"]): Evaluation {
  const outcomes = matrix.flatMap((row, yTrue) =>
    row.flatMap((count, yPred) => Array<{ yTrue: number; yPred: number }>(count).fill({ yTrue, yPred })),
  );
  const predictions = outcomes.map(({ yTrue, yPred }, index) => ({
    index,
    yTrue,
    yPred,
    probabilities: labels.map((_, label) => (label === yPred ? 0.9 : 0.1 / (labels.length - 1))),
  }));
  return evaluatePredictions({ labels, predictions, loss: 1, elapsedSeconds: 0 });
}

const before = evaluationOf(publishedStudy.confusionMatrix.before);
const after = evaluationOf(publishedStudy.confusionMatrix.after);
const comparison = compareEvaluations(before, after, {
  baseline: evaluationOf([
    [95, 6],
    [9, 90],
  ]),
  published: true,
});

test("the published table follows from the published confusion matrices, row by row", () => {
  assert.deepEqual(
    comparison.rows.map(({ metric }) => metric),
    publishedStudy.rows.map(({ metric }) => metric),
  );
  for (const { metric, digits, before: was, after: is, published } of comparison.rows) {
    assert.deepEqual(
      [was, is].map((value) => formatFixed(value, digits)),
      [published?.before, published?.after].map((value) => formatFixed(value ?? NaN, digits)),
      metric,
    );
  }
  for (const { metric, before: was, after: is, change } of publishedStudy.rows)
    assert.ok(Math.abs(is - was - change) < 1e-9, metric);
});

test("values are within their intervals, and each interval names its method", () => {
  for (const {
    metric,
    before: was,
    after: is,
    change,
    beforeInterval,
    afterInterval,
    changeInterval,
  } of comparison.rows) {
    assert.ok(afterInterval !== null && afterInterval.low <= is && is <= afterInterval.high, metric);
    assert.equal(afterInterval.method, metric.startsWith("F1") ? "bootstrap" : "wilson");
    assert.ok(
      changeInterval.low <= change && change <= changeInterval.high && changeInterval.method === "bootstrap",
      metric,
    );
    if (metric === "Precision (Label 0)")
      assert.equal(beforeInterval, null); // never predicted before
    else assert.ok(beforeInterval !== null && beforeInterval.low <= was && was <= beforeInterval.high, metric);
  }
  const [accuracy] = comparison.rows;
  assert.deepEqual(accuracy.afterInterval, after.accuracyInterval);
  assert.ok(
    accuracy.afterInterval !== null && accuracy.afterInterval.low < 0.5,
    "0.565 of 200 is not told from chance",
  );
});

test("p-values are McNemar's, over all texts and over those of each label", () => {
  assert.deepEqual([comparison.mcnemar.onlyBefore, comparison.mcnemar.onlyAfter], [56, 70]);
  const [accuracy, label0, label1] = comparison.rows;
  assert.equal(accuracy.pValue, comparison.mcnemar.pValue);
  assert.ok(label0.pValue !== null && label0.pValue < 1e-20 && label1.pValue !== null && label1.pValue < 1e-15);
  assert.ok(comparison.rows.slice(3).every(({ pValue }) => pValue === null));
});

test("the baseline is compared with the scores after training", () => {
  assert.equal(comparison.rows[0].baseline, 0.925);
  assert.deepEqual(comparison.baseline?.accuracy, 0.925);
  assert.ok((comparison.baseline?.mcnemar.onlyBefore ?? 0) > (comparison.baseline?.mcnemar.onlyAfter ?? 0));
  assert.equal(compareEvaluations(before, after).baseline, null);
});

test("other data's rows carry the labels' names, and no published figure", () => {
  const [was, is] = [before, after].map((evaluation) => ({
    ...evaluation,
    labels: ["not good, at all", "sehr gut \u{1f44d}"],
  }));
  const { rows } = compareEvaluations(was, is);
  assert.deepEqual(
    rows.slice(0, 4).map(({ metric }) => metric),
    ["Accuracy", "Accuracy for not good, at all", "Accuracy for sehr gut \u{1f44d}", "Precision (not good, at all)"],
  );
  assert.ok(rows.every(({ published }) => published === null));
  assert.deepEqual(
    rows.map(({ after: value }) => value),
    comparison.rows.map(({ after: value }) => value),
  );
  const three = evaluationOf(
    [
      [3, 1, 0],
      [0, 4, 0],
      [1, 0, 2],
    ],
    ["a", "b", "c"],
  );
  assert.ok(
    compareEvaluations(three, three, { published: true }).rows.every(({ published }) => published === null),
    "they are of two labels",
  );
});

test("the same seed gives the same comparison, and it survives JSON", () => {
  assert.deepEqual(
    compareEvaluations(before, after, {
      baseline: evaluationOf([
        [95, 6],
        [9, 90],
      ]),
      seed: 42,
      published: true,
    }),
    comparison,
  );
  assert.notDeepEqual(
    compareEvaluations(before, after, { seed: 1 }).rows.map((row) => row.changeInterval),
    comparison.rows.map((row) => row.changeInterval),
  );
  assert.deepEqual(JSON.parse(JSON.stringify(comparison)), comparison);
});

test("more labels have more rows, and nothing published", () => {
  const labels = ["a", "b", "c"];
  const { rows } = compareEvaluations(
    evaluationOf(
      [
        [3, 0, 0],
        [1, 2, 0],
        [1, 1, 1],
      ],
      labels,
    ),
    evaluationOf(
      [
        [3, 0, 0],
        [0, 3, 0],
        [0, 0, 3],
      ],
      labels,
    ),
    { resamples: 50 },
  );
  assert.equal(rows.length, 1 + 3 + 9);
  assert.ok(rows.every(({ published, after: is }) => published === null && is === 1));
});

test("evaluations of other texts are refused", () => {
  assert.throws(
    () =>
      compareEvaluations(
        before,
        evaluationOf([
          [1, 0],
          [0, 1],
        ]),
      ),
    /after must be about the same texts as before; they are 2 and 200/,
  );
  assert.throws(
    () =>
      compareEvaluations(
        before,
        evaluationOf([
          [100, 0],
          [50, 50],
        ]),
      ),
    /true labels differ first at index 100/,
  );
});
