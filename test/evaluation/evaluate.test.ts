import assert from "node:assert/strict";
import { test } from "node:test";

import "../../src/ops/node-shims"; // danfojs loads TensorFlow, which uses functions that newer versions of Node lack
import { DataFrame } from "danfojs-node";

import { TsloraError } from "../../src/base/tslora-error";
import { applyThreshold } from "../../src/evaluation/threshold/apply-threshold";
import { evaluate } from "../../src/evaluation/evaluate";
import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { rocAucScore } from "../../src/evaluation/metrics/roc-auc-score";
import { predict } from "../../src/evaluation/predict";
import type { TextClassifier } from "../../src/evaluation/text-classifier";
import { tuneThreshold } from "../../src/evaluation/threshold/tune-threshold";

/** A classifier of texts that are their own scores, such as "0.5 -1". */
function readingClassifier(labels: readonly string[]): TextClassifier {
  return {
    labels,
    predictLogits: async (texts, { onProgress, signal } = {}) => {
      signal?.throwIfAborted();
      onProgress?.(texts.length, texts.length);
      return Float32Array.from(texts.flatMap((text) => String(text).split(" ").map(Number)));
    },
  };
}

const classifier = readingClassifier(["NEGATIVE", "POSITIVE"]);
const texts = ["2 -1", "0 0.5", "0 0", "-1 3", "1 0", "0 2"];
const label = [0, 1, 1, 1, 1, 0];

test("an evaluation of a danfojs frame is scikit-learn's of the same predictions", async () => {
  const evaluation = await evaluate(classifier, new DataFrame({ texts, ID: texts.map((_, i) => `P${i}`), label }));
  const yPred = [0, 1, 0, 1, 0, 1];
  assert.deepEqual(
    evaluation.predictions.map((p) => p.yPred),
    yPred,
  );
  assert.deepEqual(
    evaluation.predictions.map((p) => p.yTrue),
    label,
  );
  assert.equal(evaluation.n, 6);
  assert.equal(evaluation.accuracy, 0.5);
  assert.deepEqual(evaluation.confusionMatrix, [
    [1, 1],
    [2, 2],
  ]);
  assert.deepEqual(
    evaluation.perLabel.map(({ name, accuracy, precision, support }) => ({ name, accuracy, precision, support })),
    [
      { name: "NEGATIVE", accuracy: 0.5, precision: 1 / 3, support: 2 },
      { name: "POSITIVE", accuracy: 0.5, precision: 2 / 3, support: 4 },
    ],
  );
  assert.equal(evaluation.report, classificationReport(label, yPred, { targetNames: ["NEGATIVE", "POSITIVE"] }));
  const positive = evaluation.predictions.map((p) => p.probabilities[1]);
  assert.equal(evaluation.rocAuc, rocAucScore(label, positive));
  assert.ok(Math.abs(evaluation.loss - logLoss(label, positive)) < 1e-12);
  assert.ok(evaluation.accuracyInterval.low < 0.5 && evaluation.accuracyInterval.high > 0.5);
  assert.deepEqual(JSON.parse(JSON.stringify(evaluation)), evaluation);
});

test("a list of texts and labels gives the same result as a frame", async () => {
  const { elapsedSeconds: a, ...fromFrame } = await evaluate(classifier, new DataFrame({ texts, label }));
  const { elapsedSeconds: b, ...fromList } = await evaluate(
    classifier,
    texts.map((text, i) => ({ text, label: label[i] })),
  );
  assert.deepEqual(fromList, fromFrame);
  assert.ok(a >= 0 && b >= 0);
});

test("a label that no text has is in the report, and leaves areas undefined", async () => {
  const evaluation = await evaluate(readingClassifier(["a", "b", "c"]), [
    { text: "1 0 0", label: 0 },
    { text: "0 1 0", label: 1 },
  ]);
  assert.match(evaluation.report, /^ +c {7}0\.00 {6}0\.00 {6}0\.00 {9}0$/m);
  assert.match(evaluation.report, /accuracy +1\.00/);
  assert.deepEqual(
    [evaluation.rocAuc, evaluation.averagePrecision, evaluation.perLabel[2].accuracyInterval],
    [null, null, null],
  );
});

test("progress and signal reach the classifier", async () => {
  const seen: [number, number][] = [];
  await evaluate(classifier, [{ text: "0 1", label: 1 }], { onProgress: (done, total) => seen.push([done, total]) });
  assert.deepEqual(seen, [[1, 1]]);
  await assert.rejects(evaluate(classifier, [{ text: "0 1", label: 1 }], { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

test("predictions have the form of Hugging Face's pipeline", async () => {
  const [first, second] = await predict(classifier, ["0 1", "3 3"]);
  assert.equal(first.label, "POSITIVE");
  assert.ok(Math.abs(first.score - 1 / (1 + Math.exp(-1))) < 1e-7);
  assert.deepEqual(
    first.scores.map((s) => s.label),
    ["POSITIVE", "NEGATIVE"],
  );
  assert.deepEqual(second.scores, [
    { label: "NEGATIVE", score: 0.5 },
    { label: "POSITIVE", score: 0.5 },
  ]);
  assert.equal((await predict(classifier, "1 0"))[0].label, "NEGATIVE");
  assert.deepEqual(await predict(classifier, []), []);
});

test("rows that cannot be evaluated are named, the first ten of them", async () => {
  const refused = async (call: Promise<unknown>, message: RegExp): Promise<void> => {
    await assert.rejects(call, (error) => error instanceof TsloraError && message.test(error.message));
  };
  await refused(
    evaluate(classifier, new DataFrame({ texts, y: label })),
    /the frame must have a column "label"; got "texts", "y"/,
  );
  await refused(
    evaluate(classifier, [{ text: "0 1", label: 2 }]),
    /row 0: the label must be a whole number from 0 to 1; got 2/,
  );
  const written = JSON.parse('[{ "text": "0 1", "label": "1" }]') as { text: string; label: number }[];
  await refused(evaluate(classifier, written), /row 0: the label must be a whole number from 0 to 1; got "1"/);
  await refused(evaluate(classifier, []), /at least one text/);
  await refused(
    evaluate(readingClassifier(["a", "b"]), [{ text: "0 NaN", label: 1 }]),
    /gave NaN for the text at index 0[^]*diverge/,
  );
  await refused(evaluate(classifier, [{ text: "0 1 2", label: 1 }]), /2 scores for each of 1 texts; it gave 3/);
  await refused(evaluate(classifier, [{ text: "0 1", label: 1 }], { confidence: 95 }), /such as 0.95; got 95/);
  const bad = Array.from({ length: 50 }, () => ({ text: "0 1", label: -1 }));
  await assert.rejects(
    evaluate(classifier, bad),
    (error) =>
      error instanceof TsloraError &&
      (error.message.match(/- row /g) ?? []).length === 10 &&
      /40 more/.test(error.message),
  );
});

test("a tuned threshold equals the best one by brute force, and is 0.5 if that is as good", () => {
  const yTrue = [0, 0, 1, 0, 1, 1, 0, 1];
  const scores = [0.05, 0.1, 0.2, 0.2, 0.31, 0.4, 0.45, 0.9];
  for (const metric of ["f1", "accuracy", "balanced_accuracy"] as const) {
    const tuned = tuneThreshold(yTrue, scores, { metric });
    const at = (threshold: number): number => {
      const yPred = scores.map((p) => (p >= threshold ? 1 : 0));
      const count = (t: number, p: number): number => yTrue.filter((y, i) => y === t && yPred[i] === p).length;
      const [tp, fp, fn, tn] = [count(1, 1), count(0, 1), count(1, 0), count(0, 0)];
      return metric === "f1"
        ? (2 * tp) / (2 * tp + fp + fn)
        : metric === "accuracy"
          ? (tp + tn) / yTrue.length
          : (tp / 4 + tn / 4) / 2;
    };
    const best = Math.max(...Array.from({ length: 1001 }, (_, i) => at(i / 1000)));
    assert.equal(tuned.value, best, metric);
    assert.equal(at(tuned.threshold), best, metric);
    assert.equal(tuned.valueAtHalf, at(0.5), metric);
  }
  assert.equal(tuneThreshold([0, 1], [0.4, 0.6], { metric: "accuracy" }).threshold, 0.5);
  // None positive is allowed.
  assert.equal(tuneThreshold([1, 0, 0, 0], [0.4, 0.6, 0.7, 0.8], { metric: "accuracy" }).value, 0.75);
  assert.throws(() => tuneThreshold([0, 0], [0.4, 0.6]), /both labels; of 2 samples 0 are positive/);
  assert.throws(() => tuneThreshold([0, 1], [0, 7]), /probabilities from 0 to 1; they reach from 0 to 7/);
});

test("a threshold applied to an evaluation changes predictions and only the values that depend on them", async () => {
  const evaluation = await evaluate(
    classifier,
    texts.map((text, i) => ({ text, label: label[i] })),
  );
  const all = applyThreshold(evaluation, { threshold: 0 });
  assert.deepEqual(all.confusionMatrix, [
    [0, 2],
    [0, 4],
  ]);
  assert.deepEqual([all.loss, all.rocAuc], [evaluation.loss, evaluation.rocAuc]);
  assert.deepEqual(applyThreshold(all, { threshold: 0.50000001 }), evaluation); // "0 0" is NEGATIVE there
  assert.throws(() => applyThreshold(evaluation, { threshold: 1.5 }), /from 0 to 1; got 1.5/);
});
