import assert from "node:assert/strict";
import { test } from "node:test";

import type { TextInput } from "../../src/base/text-input";
import {
  evaluateMultiLabelBaseline,
  trainMultiLabelBaseline,
} from "../../src/evaluation/baseline/evaluate-multi-label-baseline";
import { evaluateMultiLabel } from "../../src/evaluation/evaluate-multi-label";
import { bootstrapInterval } from "../../src/evaluation/intervals/bootstrap-interval";
import { wilsonInterval } from "../../src/evaluation/intervals/wilson-interval";
import { multiLabelStatistics, type MultiLabelStatistics } from "../../src/evaluation/multi-label-statistics";
import type { MultiLabelText } from "../../src/evaluation/multi-label-texts";
import type { TextClassifier } from "../../src/evaluation/text-classifier";
import { assertClose, readGolden } from "./golden";

interface MultiLabelCase extends MultiLabelStatistics {
  readonly labels: readonly string[];
  readonly texts: readonly string[];
  readonly y: readonly (readonly number[])[];
  /** The number of training texts, the first ones. */
  readonly train: number;
  readonly classWeight?: "balanced" | readonly number[];
  readonly probabilities: readonly (readonly number[])[];
  readonly predicted: readonly (readonly number[])[];
  readonly accuracy: number;
  readonly loss: number;
  readonly report: string;
  readonly draws: readonly (MultiLabelStatistics & { readonly indices: readonly number[] })[];
}

const cases = readGolden<MultiLabelCase>("golden-multi-label.json");

function partsOf({ texts, y, train }: MultiLabelCase): { train: MultiLabelText[]; test: MultiLabelText[] } {
  const rows = texts.map((text, i) => ({ text, label: y[i] }));
  return { train: rows.slice(0, train), test: rows.slice(train) };
}

/** A classifier of texts that are their own scores, such as "0.5 -1". */
const reading: TextClassifier = {
  labels: ["a", "b"],
  problemType: "multi_label_classification",
  predictLogits: (texts: readonly TextInput[]) =>
    Promise.resolve(Float32Array.from(texts.flatMap((text) => String(text).split(" ").map(Number)))),
};

test("the baseline of several labels is scikit-learn's OneVsRestClassifier, and so are its scores", async () => {
  for (const golden of cases) {
    const { labels, classWeight, probabilities, predicted, accuracy, loss, report } = golden;
    const parts = partsOf(golden);
    const evaluation = await evaluateMultiLabelBaseline(parts.train, parts.test, { labels, classWeight });
    const got = evaluation.predictions;
    assertClose(
      got.map((one) => one.probabilities),
      probabilities,
      "probabilities",
      1e-5,
    );
    assert.deepEqual(
      got.map((one) => one.yPred),
      predicted,
    );
    const { hammingLoss, f1Micro, f1Macro, perLabel } = evaluation;
    assertClose([evaluation.accuracy, hammingLoss, f1Micro], [accuracy, golden.hammingLoss, golden.f1Micro], "scores");
    assertClose([f1Macro, ...perLabel.map(({ f1 }) => f1)], [golden.f1Macro, ...golden.f1], "F1");
    assertClose(evaluation.loss, loss, "log loss", 1e-5);
    assert.equal(evaluation.report, report);
  }
});

test("the baseline never predicts a label that no training text has, and always one that all have", async () => {
  const golden = cases[cases.length - 1];
  const { train, test: others } = partsOf(golden);
  assert.ok(train.every(({ label }) => label[2] === 0 && label[3] === 1));
  const classifier = trainMultiLabelBaseline(train, { labels: golden.labels });
  const { predictions } = await evaluateMultiLabel(classifier, others);
  for (const { yPred, probabilities } of predictions) {
    assert.deepEqual(yPred.slice(2), [0, 1]);
    assertClose(probabilities.slice(2), [0, 1], "probabilities");
  }
});

test("scores of drawn texts are scikit-learn's", () => {
  for (const golden of cases) {
    const { yTrue, yPred } = { yTrue: golden.y.slice(golden.train), yPred: golden.predicted };
    const scores = multiLabelStatistics({ yTrue, yPred });
    for (const { indices, ...expected } of golden.draws) {
      const { f1, ...rest } = scores(Uint32Array.from(indices));
      const { f1: wantedF1, ...wanted } = expected;
      assertClose(Object.entries(rest).sort(), Object.entries(wanted).sort(), "scores");
      assertClose([...f1], wantedF1, "F1");
    }
  }
});

test("intervals are Wilson's of the accuracy and bootstrap intervals of the other scores", async () => {
  const [golden] = cases;
  const { train, test: others } = partsOf(golden);
  const classifier = trainMultiLabelBaseline(train, { labels: golden.labels });
  const evaluation = await evaluateMultiLabel(classifier, others, { confidence: 0.9 });
  const n = others.length;
  const { accuracyInterval, f1MicroInterval, f1MacroInterval, hammingLossInterval, perLabel } = evaluation;
  assert.deepEqual(accuracyInterval, wilsonInterval(Math.round(golden.accuracy * n), n, { confidence: 0.9 }));
  const yTrue = golden.y.slice(golden.train);
  const wrong = yTrue.map((row, i) => row.filter((flag, label) => flag !== golden.predicted[i][label]).length);
  const loss = (indices: Uint32Array): number => indices.reduce((sum, i) => sum + wrong[i], 0) / (indices.length * 4);
  const expected = bootstrapInterval(loss, { n, confidence: 0.9 });
  assertClose([hammingLossInterval.low, hammingLossInterval.high], [expected.low, expected.high], "Hamming loss");
  for (const [{ low, high, method, confidence }, value] of [
    [f1MicroInterval, evaluation.f1Micro],
    [f1MacroInterval, evaluation.f1Macro],
    ...perLabel.flatMap(({ f1Interval, f1 }) => (f1Interval === null ? [] : [[f1Interval, f1] as const])),
  ] as const) {
    assert.ok(low <= value && value <= high && 0 <= low && high <= 1, `${low} to ${high} around ${value}`);
    assert.deepEqual([method, confidence], ["bootstrap", 0.9]);
  }
  const again = await evaluateMultiLabel(classifier, others, { confidence: 0.9 });
  assert.deepEqual({ ...again, elapsedSeconds: 0 }, { ...evaluation, elapsedSeconds: 0 });
  const { perLabel: absent } = await evaluateMultiLabel(reading, [{ text: "1 -1", label: [1, 0] }]);
  assert.deepEqual([absent[0].f1Interval === null, absent[1].f1Interval], [false, null]);
  await assert.rejects(evaluateMultiLabel(classifier, others, { confidence: 95 }), /such as 0.95; got 95/);
});
