import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { detectOutliers, outOfDistributionAuc } from "../../src/evaluation/shift/detector";
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
