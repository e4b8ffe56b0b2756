import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { compareWithTraining } from "../../src/evaluation/shift/compare-with-training";
import { detectOutliers, outOfDistributionAuc } from "../../src/evaluation/shift/detector";
import { exceedanceTest } from "../../src/evaluation/shift/exceedance-test";
import { fitMahalanobis } from "../../src/evaluation/shift/mahalanobis";
import { fitNearestNeighbors } from "../../src/evaluation/shift/nearest-neighbors";
import { countsOf, precisionAtPrevalence } from "../../src/evaluation/shift/precision-at-prevalence";
import { correctPriors, estimatePriors } from "../../src/evaluation/shift/prior-correction";
import { readCalibrationGolden } from "./calibration-golden";
import { assertClose } from "./golden";

const golden = readCalibrationGolden();

test("class shares and corrected probabilities are those of Saerens et al.", () => {
  golden.priors.forEach(({ probabilities, train, priors, iterations, corrected }, i) => {
    const found = estimatePriors(probabilities, { trainPriors: train });
    assertClose(found.priors, priors, `priors, case ${i}`);
    assert.equal(found.iterations, iterations);
    assertClose(found.probabilities, corrected, `probabilities, case ${i}`);
    assertClose(correctPriors(probabilities, { trainPriors: train, priors: train }), probabilities, "the same shares");
  });
  assert.throws(
    () => correctPriors([[0.5, 0.5]], { trainPriors: [0.5, 0.5], priors: [0.5, 0.6] }),
    (error) => error instanceof TsloraError && /priors must be a share for each of 2 classes/.test(error.message),
  );
});

test("precision by prevalence follows Bayes' rule, also at the ends of Wilson's intervals", () => {
  for (const { counts, prevalences, precision, low, high } of golden.prevalence) {
    const [truePositives, falseNegatives, trueNegatives, falsePositives] = counts;
    const curve = precisionAtPrevalence(
      { truePositives, falseNegatives, trueNegatives, falsePositives },
      { prevalences },
    );
    curve.points.forEach((point, i) => {
      assertClose(point.precision, precision[i], `precision at ${point.prevalence}`);
      assertClose(point.precisionInterval?.low, low[i], `low at ${point.prevalence}`);
      assertClose(point.precisionInterval?.high, high[i], `high at ${point.prevalence}`);
    });
    const own = precisionAtPrevalence(
      { truePositives, falseNegatives, trueNegatives, falsePositives },
      { prevalences: [curve.testPrevalence] },
    );
    assertClose(own.points[0].precision, truePositives / (truePositives + falsePositives), "the test set's own");
  }
  const predictions = [0, 0, 1, 1, 1].map((yTrue, i) => ({
    index: i,
    yTrue,
    yPred: i % 2,
    probabilities: [0.5, 0.5],
  }));
  assert.deepEqual(countsOf({ labels: ["a", "b"], predictions }), {
    truePositives: 1,
    falseNegatives: 2,
    trueNegatives: 1,
    falsePositives: 1,
  });
});

test("distances from the training data, thresholds and areas are scikit-learn's", () => {
  golden.distance.forEach(({ features, labels, shrinkage, k, fresh, ...expected }, i) => {
    const mahalanobis = fitMahalanobis(features, labels, { shrinkage });
    const nearest = fitNearestNeighbors(features, { k });
    for (const [detector, scores, threshold, area] of [
      [mahalanobis, expected.mahalanobis, expected.mahalanobisThreshold, expected.mahalanobisAuc],
      [nearest, expected.nearest, expected.nearestThreshold, expected.nearestAuc],
    ] as const) {
      const found = detectOutliers(detector, fresh);
      assertClose(found.scores, scores, `${detector.kind}, case ${i}`, 1e-9);
      assertClose(detector.threshold, threshold, `${detector.kind} threshold, case ${i}`, 1e-9);
      assert.deepEqual(
        found.isOutlier,
        scores.map((score) => score > threshold),
      );
      assert.equal(outOfDistributionAuc(found.scores.slice(0, 20), found.scores.slice(20)), area);
    }
  });
});

test("detectors refuse features that do not fit", () => {
  const rows = [
    [1, 2],
    [2, 4],
    [3, 6],
  ];
  assert.throws(() => fitMahalanobis(rows, [0, 0, 0], { shrinkage: 0 }), /covariance has no inverse/);
  assert.throws(() => fitNearestNeighbors(rows, { k: 3 }), /k must be a whole number from 1 to 2/);
  const detector = fitMahalanobis(rows, [0, 0, 0]);
  assert.throws(() => detectOutliers(detector, [[1, 2, 3]]), /have 2 features; these texts have 3/);
});

test("the p-value of unlike texts is the beta-binomial tail of SciPy's betabinom.sf", () => {
  for (const [count, n, place, held, expected] of [
    [0, 10, 5, 80, 1],
    [4, 20, 5, 80, 0.04871554350217677],
    [45, 300, 5, 80, 0.009866492661040005],
    [30, 300, 5, 80, 0.11713201886504843],
    [3, 3, 1, 10, 0.0034965034965032116],
    [900, 10_000, 11, 200, 0.026171857317226266],
  ])
    assertClose(exceedanceTest(count, { n, held, place }), expected, `${count} of ${n}`, 1e-9);
});

test("texts are compared with held-out training texts; another distribution is found, the same one is not", () => {
  const random = new Random(7);
  /** Rows of class 0 and 1 in turn, around means along the first two axes, or along the given one. */
  const draw = (texts: number, axis?: number): number[][] =>
    Array.from({ length: texts }, (_, text) =>
      Array.from({ length: 8 }, (_value, i) => random.normal() + (i === (axis ?? text % 2) ? 8 : 0)),
    );
  const training = { features: draw(400), labels: Array.from({ length: 400 }, (_, text) => text % 2) };
  for (const distance of ["mahalanobis", "nearest-neighbors"] as const) {
    const same = compareWithTraining(training, draw(300), { distance });
    assert.deepEqual([same.training, same.isShifted], [{ fitted: 320, heldOut: 80 }, false], distance);
    assert.ok(same.pValue >= 0.01 && Math.abs(same.auc - 0.5) < 0.15, `${distance}: ${same.auc}`);
    assert.equal(same.unlike.count, same.scores.filter((score) => score > same.threshold).length);

    const other = compareWithTraining(training, draw(60, 2), { distance });
    assert.ok(other.isShifted && other.auc > 0.95, `${distance}: ${other.auc}`);
  }
  const { features } = training;
  const [narrow, wide] = [0.5, 0.95].map((quantile) => compareWithTraining({ features }, draw(200), { quantile }));
  assert.ok(narrow.threshold < wide.threshold && narrow.unlike.count > wide.unlike.count);
  assert.equal(narrow.expectedShare, 0.5);
  const refused = (work: () => unknown, part: RegExp): void =>
    assert.throws(work, (error) => error instanceof TsloraError && part.test(error.message));
  refused(() => compareWithTraining({ features: features.slice(0, 49) }, features), /50 texts or more; got 49/);
  refused(() => compareWithTraining(training, []), /a text to compare; got none/);
  refused(() => compareWithTraining(training, features, { quantile: 1 }), /quantile must be between 0 and 1; got 1/);
  refused(
    () => compareWithTraining(training, features, { distance: "cosine" as "mahalanobis" }),
    /distance must be mahalanobis or nearest-neighbors; got cosine/,
  );
});
