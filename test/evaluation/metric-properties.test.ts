import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { accuracyScore } from "../../src/evaluation/metrics/accuracy-score";
import { averagePrecisionScore } from "../../src/evaluation/metrics/average-precision-score";
import { balancedAccuracyScore } from "../../src/evaluation/metrics/balanced-accuracy-score";
import { brierScoreLoss } from "../../src/evaluation/metrics/brier-score-loss";
import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { cohenKappaScore } from "../../src/evaluation/metrics/cohen-kappa-score";
import { confusionMatrix } from "../../src/evaluation/metrics/confusion-matrix";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { matthewsCorrcoef } from "../../src/evaluation/metrics/matthews-corrcoef";
import { f1Score, precisionScore, recallScore } from "../../src/evaluation/metrics/precision-recall-f1-score";
import { precisionRecallCurve } from "../../src/evaluation/metrics/precision-recall-curve";
import { rocAucScore } from "../../src/evaluation/metrics/roc-auc-score";
import { rocCurve } from "../../src/evaluation/metrics/roc-curve";

interface Drawn {
  readonly yTrue: number[];
  readonly yPred: number[];
  readonly scores: number[];
}

/** Random labels 0 to `classes` - 1, each occurring, with predictions and scores in which equals are common. */
function draw(seed: number, classes: number): Drawn {
  const random = new Random(seed);
  const yTrue = Array.from({ length: classes + random.below(60) }, (_, i) => (i < classes ? i : random.below(classes)));
  const yPred = yTrue.map((label) => (random.uniform() < 0.6 ? label : random.below(classes)));
  return { yTrue, yPred, scores: yTrue.map((label) => Math.round(10 * (0.3 * label + 0.7 * random.uniform())) / 10) };
}
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const close = (a: number, b: number, message: string): void =>
  assert.ok(Math.abs(a - b) < 1e-12, `${message}: ${a} is not ${b}`);

test("the area under the ROC curve is the share of pairs in which the positive text has the higher score; ties count half", () => {
  for (const seed of SEEDS) {
    const { yTrue, scores } = draw(seed, 2);
    const pairs = yTrue.flatMap((a, i) =>
      yTrue.flatMap((b, j) =>
        a === 1 && b === 0 ? [scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0] : [],
      ),
    );
    const area = rocAucScore(yTrue, scores);
    close(area, pairs.reduce((sum: number, one) => sum + one, 0) / pairs.length, `seed ${seed}`);
    close(
      rocAucScore(
        yTrue,
        scores.map((score) => -score),
      ),
      1 - area,
      "scores turned round",
    );
    close(rocAucScore(yTrue, scores.map(Math.exp)), area, "scores stretched, order kept");
    assert.equal(averagePrecisionScore(yTrue, scores.map(Math.exp)), averagePrecisionScore(yTrue, scores));
  }
});

test("curves run from one corner to the other, and each point has the rates of its threshold", () => {
  for (const seed of SEEDS) {
    const { yTrue, scores } = draw(seed, 2);
    const { fpr, tpr, thresholds } = rocCurve(yTrue, scores);
    assert.deepEqual([fpr[0], tpr[0], fpr.at(-1), tpr.at(-1)], [0, 0, 1, 1]);
    thresholds.forEach((threshold, i) => {
      const yPred = scores.map((score) => Number(score >= threshold));
      close(tpr[i], recallScore(yTrue, yPred), "true positive rate");
      close(fpr[i], 1 - recallScore(yTrue, yPred, { posLabel: 0 }), "false positive rate");
    });
    const curve = precisionRecallCurve(yTrue, scores);
    assert.deepEqual([curve.recall[0], curve.recall.at(-1), curve.precision.at(-1)], [1, 0, 1]);
    curve.thresholds.forEach((threshold, i) =>
      close(
        curve.precision[i],
        precisionScore(
          yTrue,
          scores.map((score) => Number(score >= threshold)),
        ),
        "precision",
      ),
    );
  }
});

test("the order of samples changes nothing", () => {
  for (const seed of SEEDS) {
    const { yTrue, yPred, scores } = draw(seed, 2);
    const order = new Random(seed).shuffle(yTrue.map((_, i) => i));
    const [t, p, s] = [yTrue, yPred, scores].map((list) => order.map((i) => list[i]));
    assert.equal(classificationReport(t, p), classificationReport(yTrue, yPred));
    close(rocAucScore(t, s), rocAucScore(yTrue, scores), "area");
    close(logLoss(t, s), logLoss(yTrue, scores), "log loss");
    close(brierScoreLoss(t, s), brierScoreLoss(yTrue, scores), "Brier");
  }
});

test("equal metrics agree: micro F1 and accuracy, macro recall and balanced accuracy, the matrix and its shares", () => {
  for (const seed of SEEDS) {
    const { yTrue, yPred } = draw(seed, 2 + (seed % 4));
    close(f1Score(yTrue, yPred, { average: "micro" }), accuracyScore(yTrue, yPred), "micro F1");
    close(recallScore(yTrue, yPred, { average: "macro" }), balancedAccuracyScore(yTrue, yPred), "macro recall");
    close(recallScore(yTrue, yPred, { average: "weighted" }), accuracyScore(yTrue, yPred), "weighted recall");
    const matrix = confusionMatrix(yTrue, yPred);
    assert.equal(
      matrix.flat().reduce((a, b) => a + b, 0),
      yTrue.length,
    );
    confusionMatrix(yTrue, yPred, { normalize: "true" }).forEach((row) =>
      close(
        row.reduce((a, b) => a + b, 0),
        1,
        "shares of a row",
      ),
    );
    assert.deepEqual(
      confusionMatrix(yPred, yTrue),
      matrix.map((_, i) => matrix.map((row) => row[i])),
    );
    close(cohenKappaScore(yTrue, yPred), cohenKappaScore(yPred, yTrue), "kappa, either way");
    close(matthewsCorrcoef(yTrue, yPred), matthewsCorrcoef(yPred, yTrue), "Matthews, either way");
  }
});

test("right predictions give the best value of every score", () => {
  for (const seed of SEEDS) {
    const { yTrue } = draw(seed, 2 + (seed % 3));
    for (const score of [accuracyScore, balancedAccuracyScore, matthewsCorrcoef, cohenKappaScore])
      close(score(yTrue, yTrue), 1, score.name);
    close(f1Score(yTrue, yTrue, { average: "macro" }), 1, "F1");
  }
});
