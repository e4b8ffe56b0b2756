import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { accuracyScore } from "../../src/evaluation/metrics/accuracy-score";
import { averagePrecisionScore } from "../../src/evaluation/metrics/average-precision-score";
import { balancedAccuracyScore } from "../../src/evaluation/metrics/balanced-accuracy-score";
import { brierScoreLoss } from "../../src/evaluation/metrics/brier-score-loss";
import { cohenKappaScore } from "../../src/evaluation/metrics/cohen-kappa-score";
import { confusionMatrix } from "../../src/evaluation/metrics/confusion-matrix";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { matthewsCorrcoef } from "../../src/evaluation/metrics/matthews-corrcoef";
import type { ClassAverage } from "../../src/evaluation/metrics/one-vs-rest";
import { precisionRecallCurve } from "../../src/evaluation/metrics/precision-recall-curve";
import {
  precisionRecallFscoreSupport,
  type AveragedScores,
  type LabelScores,
} from "../../src/evaluation/metrics/precision-recall-fscore-support";
import { rocAucScore } from "../../src/evaluation/metrics/roc-auc-score";
import { rocCurve } from "../../src/evaluation/metrics/roc-curve";
import { assertClose, readGolden } from "./golden";

type Four = readonly [unknown, unknown, unknown, unknown];

interface MetricCase {
  readonly yTrue: readonly number[] | readonly string[];
  readonly yPred: readonly number[] | readonly string[];
  readonly accuracy: number;
  readonly balanced: number;
  readonly adjusted: number;
  readonly mcc: number;
  readonly kappa: readonly number[];
  readonly confusion: readonly (readonly number[])[];
  readonly normalized: readonly unknown[];
  readonly f: Readonly<Record<"none" | "micro" | "macro" | "weighted", readonly Four[]>>;
  readonly binary?: Four;
}

const FSCORES = [
  { beta: 1, zeroDivision: 0 },
  { beta: 0.5, zeroDivision: 1 },
  { beta: 2, zeroDivision: NaN },
  { beta: 0 },
];
const asTuple = ({ precision, recall, fscore, support }: LabelScores | AveragedScores): Four => [
  precision,
  recall,
  fscore,
  support,
];

test("scores of labels are scikit-learn's", () => {
  readGolden<MetricCase>("golden-metrics.json").forEach(({ yTrue, yPred, ...expected }, i) => {
    assert.equal(accuracyScore(yTrue, yPred), expected.accuracy);
    assertClose(balancedAccuracyScore(yTrue, yPred), expected.balanced, `balanced accuracy, case ${i}`);
    assertClose(balancedAccuracyScore(yTrue, yPred, { adjusted: true }), expected.adjusted, `adjusted, case ${i}`);
    assertClose(matthewsCorrcoef(yTrue, yPred), expected.mcc, `Matthews, case ${i}`);
    assertClose(
      [undefined, "linear" as const, "quadratic" as const].map((weights) => cohenKappaScore(yTrue, yPred, { weights })),
      expected.kappa,
      `kappa, case ${i}`,
    );
    assert.deepEqual(confusionMatrix(yTrue, yPred), expected.confusion);
    assertClose(
      (["true", "pred", "all"] as const).map((normalize) => confusionMatrix(yTrue, yPred, { normalize })),
      expected.normalized,
      `shares, case ${i}`,
    );
    FSCORES.forEach((options, which) => {
      assertClose(
        asTuple(precisionRecallFscoreSupport(yTrue, yPred, options)),
        expected.f.none[which],
        `case ${i}, ${which}`,
      );
      for (const average of ["micro", "macro", "weighted"] as const) {
        assertClose(
          asTuple(precisionRecallFscoreSupport(yTrue, yPred, { ...options, average })),
          expected.f[average][which],
          `case ${i}, ${average}, ${which}`,
        );
      }
    });
    if (expected.binary !== undefined) {
      const posLabel = [...new Set<number | string>([...yTrue, ...yPred])].sort()[1];
      assertClose(
        asTuple(precisionRecallFscoreSupport(yTrue, yPred, { average: "binary", posLabel })),
        expected.binary,
        `case ${i}, binary`,
      );
    }
  });
});

interface CurveCase {
  readonly yTrue: readonly number[];
  readonly yScore: readonly number[] | readonly (readonly number[])[];
  readonly roc?: readonly (readonly unknown[])[];
  readonly pr?: readonly (readonly unknown[])[];
  readonly auc: number | Readonly<Record<string, number>>;
  readonly ap: number | Readonly<Record<ClassAverage, number>>;
  readonly logLoss: number;
  readonly brier: number;
  readonly brierWhole?: number;
  readonly brierOther?: number;
}

const curves = readGolden<CurveCase>("golden-curves.json");
const isRow = (score: unknown): score is readonly number[] => Array.isArray(score);

test("curves and losses of two classes are scikit-learn's", () => {
  const binary = curves.filter(({ roc }) => roc !== undefined);
  assert.equal(binary.length, 50);
  binary.forEach(({ yTrue, yScore, ...expected }, i) => {
    const scores = yScore.map(Number);
    const roc = [true, false].map((dropIntermediate) => rocCurve(yTrue, scores, { dropIntermediate }));
    assertClose(
      roc.map(({ fpr, tpr, thresholds }) => [fpr, tpr, thresholds]),
      expected.roc,
      `ROC, case ${i}`,
    );
    const pr = [true, false].map((dropIntermediate) => precisionRecallCurve(yTrue, scores, { dropIntermediate }));
    assertClose(
      pr.map(({ precision, recall, thresholds }) => [precision, recall, thresholds]),
      expected.pr,
      `precision and recall, case ${i}`,
    );
    assertClose(rocAucScore(yTrue, scores), expected.auc, `area, case ${i}`);
    assertClose(averagePrecisionScore(yTrue, scores), expected.ap, `average precision, case ${i}`);
    const labels = yTrue.includes(-1) ? [-1, 1] : [0, 1];
    if (expected.roc !== undefined && new Set(yTrue).size === 2)
      assertClose(logLoss(yTrue, scores), expected.logLoss, `log loss, case ${i}`);
    if (labels[0] === 0)
      assertClose(logLoss(yTrue, scores, { labels }), expected.logLoss, `log loss, labels given, case ${i}`);
    assertClose(brierScoreLoss(yTrue, scores), expected.brier, `Brier, case ${i}`);
    assertClose(
      brierScoreLoss(yTrue, scores, { scaleByHalf: false }),
      expected.brierWhole,
      `Brier, not halved, case ${i}`,
    );
    if (expected.brierOther !== undefined)
      assertClose(
        brierScoreLoss(yTrue, scores, { posLabel: labels[0] }),
        expected.brierOther,
        `Brier of the other label, case ${i}`,
      );
  });
});

test("areas and losses of several classes are scikit-learn's", () => {
  const several = curves.filter(({ roc }) => roc === undefined);
  assert.equal(several.length, 12);
  several.forEach(({ yTrue, yScore, ...expected }, i) => {
    const rows = [...yScore].filter(isRow);
    for (const [how, area] of Object.entries(expected.auc)) {
      const [multiClass, average] = how.split(" ") as ["ovr" | "ovo", ClassAverage];
      if (multiClass === "ovr")
        assertClose(rocAucScore(yTrue, rows, { multiClass, average }), area, `${how}, case ${i}`);
      else if (average !== "micro")
        assertClose(rocAucScore(yTrue, rows, { multiClass, average }), area, `${how}, case ${i}`);
    }
    for (const [average, precision] of Object.entries(expected.ap))
      assertClose(
        averagePrecisionScore(yTrue, rows, { average: average as ClassAverage }),
        precision,
        `${average}, case ${i}`,
      );
    assertClose(logLoss(yTrue, rows), expected.logLoss, `log loss, case ${i}`);
    assertClose(brierScoreLoss(yTrue, rows), expected.brier, `Brier, case ${i}`);
  });
});

test("typed arrays give the same scores as arrays", () => {
  assert.equal(accuracyScore(Int32Array.of(0, 1, 1), Int32Array.of(0, 1, 0)), 2 / 3);
  assert.equal(rocAucScore(Int32Array.of(0, 1), Float32Array.of(0.1, 0.9)), 1);
});

test("values that cannot be scored are refused with their place", () => {
  const refused = (call: () => unknown, message: RegExp): void => {
    assert.throws(call, (error) => error instanceof TsloraError && message.test(error.message));
  };
  refused(() => rocCurve([0, 1], [0.5, NaN]), /NaN is at index 1/);
  refused(() => rocCurve([1, 2], [0.5, 0.6]), /posLabel/);
  refused(() => rocCurve([0, 1], [0.5, 0.6], { posLabel: 2 }), /posLabel must be one of 0, 1; got 2/);
  refused(() => rocAucScore([0, 1, 2], [0.1, 0.2, 0.3]), /yScore must have a row of probabilities/);
  refused(
    () =>
      rocAucScore(
        [0, 1, 2],
        [
          [1, 2, 3],
          [0, 1, 0],
          [0, 0, 1],
        ],
      ),
    /sum to 1; those at index 0 do not/,
  );
  refused(
    () =>
      averagePrecisionScore(
        [0, 1, 2],
        [
          [1, 0],
          [0, 1],
          [0, 1],
        ],
      ),
    /got 2 at index 0/,
  );
  refused(
    () =>
      logLoss(
        [0, 1],
        [
          [0.5, 0.5],
          [2, -1],
        ],
      ),
    /2 is at index 1/,
  );
  refused(
    () =>
      logLoss(
        [0, 1],
        [
          [0.5, 0.5],
          [0.9, 0.9],
        ],
      ),
    /sum to 1.8/,
  );
  refused(() => logLoss([1, 1], [0.5, 0.5]), /there must be two classes or more; got only 1/);
  refused(() => confusionMatrix([0, 1], [1, 0], { labels: [5] }), /at least one of labels/);
  refused(() => precisionRecallFscoreSupport([0, 1, 2], [0, 1, 2], { average: "binary" }), /3 occur/);
  refused(
    () => precisionRecallFscoreSupport(["a", "b"], ["a", "b"], { average: "binary" }),
    /posLabel must be one of "a", "b"; got 1/,
  );
});
