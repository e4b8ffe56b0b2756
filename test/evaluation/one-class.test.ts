import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { evaluatePredictions } from "../../src/evaluation/evaluation";
import { balancedAccuracyScore } from "../../src/evaluation/metrics/balanced-accuracy-score";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { matthewsCorrcoef } from "../../src/evaluation/metrics/matthews-corrcoef";
import { precisionRecallFscoreSupport } from "../../src/evaluation/metrics/precision-recall-fscore-support";

/** Results of scikit-learn for texts that lack labels; its NaN is null. */
interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly labels: number;
    readonly yTrue: readonly number[];
    readonly yPred: readonly number[];
    readonly probabilities: readonly (readonly number[])[];
    readonly accuracy: number;
    readonly balanced: number;
    readonly precision: readonly number[];
    readonly recall: readonly number[];
    readonly f1: readonly number[];
    readonly support: readonly number[];
    readonly macroF1: number;
    readonly mcc: number;
    readonly logLoss: number;
    readonly rocAuc: number | null;
    readonly confusion: readonly (readonly number[])[];
  }[];
}
const { cases } = JSON.parse(
  readFileSync(join(projectRoot(), "test", "evaluation", "golden-one-class.json"), "utf8"),
) as Golden;

const near = (got: number, expected: number, what: string): void =>
  assert.ok(Math.abs(got - expected) <= 1e-12, `${what}: ${got}, scikit-learn ${expected}`);

for (const golden of cases) {
  test(`texts that lack labels are scored as scikit-learn scores them: ${golden.name}`, () => {
    const { yTrue, yPred, probabilities } = golden;
    const labels = Array.from({ length: golden.labels }, (_, label) => label);
    const predictions = yTrue.map((label, index) => ({
      index,
      yTrue: label,
      yPred: yPred[index],
      probabilities: probabilities[index],
    }));
    const evaluation = evaluatePredictions({
      labels: labels.map((label) => `label ${label}`),
      predictions,
      loss: golden.logLoss,
      elapsedSeconds: 1,
    });
    near(evaluation.accuracy, golden.accuracy, "accuracy");
    assert.deepEqual(
      evaluation.perLabel.map(({ support }) => support),
      golden.support,
    );
    evaluation.perLabel.forEach((one, label) => {
      near(one.precision, golden.precision[label], `precision of ${label}`);
      near(one.recall, golden.recall[label], `recall of ${label}`);
      near(one.f1, golden.f1[label], `F1 of ${label}`);
      assert.equal(one.accuracyInterval === null, golden.support[label] === 0);
    });
    assert.deepEqual(evaluation.confusionMatrix, golden.confusion);
    assert.equal(evaluation.rocAuc, golden.rocAuc);
    assert.deepEqual(JSON.parse(JSON.stringify(evaluation)), evaluation, "plain values that survive JSON");
    near(balancedAccuracyScore(yTrue, yPred), golden.balanced, "balanced accuracy");
    near(matthewsCorrcoef(yTrue, yPred), golden.mcc, "MCC");
    near(logLoss(yTrue, probabilities, { labels }), golden.logLoss, "log loss");
    near(precisionRecallFscoreSupport(yTrue, yPred, { labels, average: "macro" }).fscore, golden.macroF1, "macro F1");
  });
}
