import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { accuracyScore } from "../../src/evaluation/metrics/accuracy-score";
import { averagePrecisionScore } from "../../src/evaluation/metrics/average-precision-score";
import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { classificationReportDict } from "../../src/evaluation/metrics/classification-report-dict";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { f1Score, precisionScore, recallScore } from "../../src/evaluation/metrics/precision-recall-f1-score";
import { precisionRecallFscoreSupport } from "../../src/evaluation/metrics/precision-recall-fscore-support";
import { pythonFloat } from "../../src/evaluation/metrics/python-float";
import { rocAucScore } from "../../src/evaluation/metrics/roc-auc-score";
import { readGolden } from "./golden";
import { callMetric, difference, type MetricCall } from "./metric-calls";

type GoldenCall = MetricCall & { readonly value: unknown };

const calls = readGolden<GoldenCall>("golden-calls.json");

test("weighted samples and several labels per sample give scikit-learn's numbers, and its reports byte for byte", () => {
  assert.ok(calls.length > 200 && new Set(calls.map(({ fn }) => fn)).size > 10);
  calls.forEach((call, i) => {
    const ours = callMetric(call);
    const place = `case ${i}, ${call.fn} ${JSON.stringify(call.kwargs).slice(0, 200)}`;
    if (typeof call.value === "string") assert.equal(ours, call.value, place);
    else
      assert.ok(
        difference(ours, call.value) <= 1e-12,
        `${place}: ${JSON.stringify(ours)} is not ${JSON.stringify(call.value)}`,
      );
  });
});

test("a sample of weight 2 counts as two samples", () => {
  const [yTrue, yPred, sampleWeight] = [
    [0, 1, 1, 2, 0],
    [0, 1, 0, 2, 1],
    [1, 2, 3, 1, 2],
  ];
  const twice = (labels: readonly number[]): number[] =>
    labels.flatMap((label, i) => Array<number>(sampleWeight[i]).fill(label));
  assert.equal(accuracyScore(yTrue, yPred, { sampleWeight }), accuracyScore(twice(yTrue), twice(yPred)));
  const weighted = precisionRecallFscoreSupport(yTrue, yPred, { sampleWeight });
  assert.deepEqual(weighted, precisionRecallFscoreSupport(twice(yTrue), twice(yPred)));
});

test("one label per sample gives the same scores as rows of 0 and 1", () => {
  const [yTrue, yPred] = [
    [0, 2, 1, 2, 0, 1, 1],
    [0, 2, 0, 1, 0, 1, 2],
  ];
  const rows = (labels: readonly number[]): number[][] =>
    labels.map((label) => [0, 1, 2].map((column) => (column === label ? 1 : 0)));
  for (const average of ["micro", "macro", "weighted"] as const)
    assert.equal(f1Score(rows(yTrue), rows(yPred), { average }), f1Score(yTrue, yPred, { average }));
  assert.equal(accuracyScore(rows(yTrue), rows(yPred)), accuracyScore(yTrue, yPred));
});

test("a class that is called accuracy keeps its scores", () => {
  const [yTrue, yPred] = [
    ["accuracy", "b", "b"],
    ["accuracy", "b", "accuracy"],
  ];
  assert.match(classificationReport(yTrue, yPred), /^ {4}accuracy {7}0\.50 {6}1\.00 {6}0\.67 {9}1$/m);
  assert.equal(classificationReportDict(yTrue, yPred).accuracy, 2 / 3); // the average has the name as key, as in Python
});

test("numbers of floating point are written as Python's str writes them", () => {
  const expected = [
    [0, "0.0"],
    [-0, "-0.0"],
    [3, "3.0"],
    [0.1 + 0.2, "0.30000000000000004"],
    [1e-4, "0.0001"],
    [1e-5, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [1.25e22, "1.25e+22"],
    [5e-324, "5e-324"],
    [NaN, "nan"],
    [-Infinity, "-inf"],
  ] as const;
  for (const [x, text] of expected) assert.equal(pythonFloat(x), text);
});

test('zeroDivision "warn" gives 0 and a warning', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listen);
  assert.equal(precisionScore([1, 0], [0, 0], { zeroDivision: "warn" }), 0);
  assert.equal(recallScore([1, 0], [0, 0], { zeroDivision: "warn" }), 0); // of one that is true: nothing to say
  await new Promise(setImmediate);
  process.off("warning", listen);
  assert.deepEqual(
    warnings.map(({ name, message }) => `${name}: ${message}`),
    [
      "UndefinedMetricWarning: precisionScore: precision is set to 0 where nothing is predicted (1 of 1). Set it by zeroDivision.",
    ],
  );
});

test("options that contradict each other are refused", () => {
  const refused = (call: () => unknown, message: RegExp): void => {
    assert.throws(call, (error) => error instanceof TsloraError && message.test(error.message));
  };
  const rows = [
    [0, 1],
    [1, 1],
  ];
  refused(() => accuracyScore(rows, [0, 1]), /of one kind; yTrue holds rows of labels, yPred one label per sample/);
  refused(
    () =>
      accuracyScore(rows, [
        [0, 1, 0],
        [1, 1, 0],
      ]),
    /they have 2 and 3/,
  );
  refused(
    () =>
      accuracyScore(
        [
          [0, 1],
          [1, 2],
        ],
        rows,
      ),
    /2 is at index 1, column 1/,
  );
  refused(() => accuracyScore([[0], [1]], [[0], [1]]), /two columns or more/);
  refused(() => f1Score(rows, rows), /one label per sample; got rows of 0 and 1/);
  refused(() => f1Score([0, 1], [0, 1], { average: "samples" }), /several labels per sample/);
  refused(() => classificationReport(rows, rows, { labels: [2] }), /columns from 0 to 1; got 2/);
  refused(() => accuracyScore([0, 1], [0, 1], { sampleWeight: [1] }), /each of the 2 samples; got 1/);
  refused(() => accuracyScore([0, 1], [0, 1], { sampleWeight: [1, NaN] }), /NaN is at index 1/);
  refused(() => accuracyScore([0, 1], [0, 1], { sampleWeight: [0, 0] }), /sampleWeight must not be 0/);
  refused(() => logLoss([0, 1], [0.5, 0.5], { sampleWeight: [1, -1] }), /sum of sampleWeight must not be 0/);
  refused(() => rocAucScore(rows, [0.5, 0.6]), /each of the 2 labels; got 1 at index 0/);
  refused(() => rocAucScore([0, 1], [0.5, 0.6], { maxFpr: 0 }), /maxFpr must be a number above 0/);
  const three = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  refused(
    () => rocAucScore([0, 1, 2], three, { multiClass: "ovo", average: "none", sampleWeight: [1, 1, 1] }),
    /macro or weighted[^]*sampleWeight is not for/,
  );
  refused(() => averagePrecisionScore(rows, rows, { posLabel: 0 }), /posLabel is for one score per sample/);
});
