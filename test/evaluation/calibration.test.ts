import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { applyCalibration } from "../../src/evaluation/calibration/apply-calibration";
import { brierDecomposition, type BrierDecomposition } from "../../src/evaluation/calibration/brier-decomposition";
import { calibrationCurve } from "../../src/evaluation/calibration/calibration-curve";
import {
  classwiseCalibrationError,
  expectedCalibrationError,
  maximumCalibrationError,
} from "../../src/evaluation/calibration/calibration-error";
import { calibrationReport } from "../../src/evaluation/calibration/calibration-report";
import { CALIBRATION_METHODS } from "../../src/evaluation/calibration/calibration";
import { fitCalibration } from "../../src/evaluation/calibration/fit-calibration";
import { fitIsotonic } from "../../src/evaluation/calibration/fit-isotonic";
import { evaluate } from "../../src/evaluation/evaluate";
import { predict } from "../../src/evaluation/predict";
import { softmax } from "../../src/evaluation/softmax";
import { readCalibrationGolden } from "./calibration-golden";
import { assertClose } from "./golden";

const golden = readCalibrationGolden();
const OPTIMIZED = 2e-5; // scikit-learn's L-BFGS ends at a gradient of 1e-6, its search of a temperature near 1e-8
const STRATEGIES = ["uniform", "quantile"] as const;
const isBad = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof TsloraError && error.code === code && words.test(error.message);

test("reliability curves are scikit-learn's, with bins of equal width and of equal mass", () => {
  golden.calibration.forEach(({ logits, labels, bins, curves }, i) => {
    const second = logits.map((row) => softmax(row).probabilities[1]);
    for (const { strategy, probTrue, probPred } of curves) {
      const curve = calibrationCurve(labels, second, { bins, strategy });
      assertClose(curve.probTrue, probTrue, `case ${i}, ${strategy}`);
      assertClose(curve.probPred, probPred, `case ${i}, ${strategy}`);
      assert.equal(
        curve.counts.reduce((a, b) => a + b),
        labels.length,
      );
    }
  });
});

test("calibration errors equal netcal's, of two classes and of the predicted one of several", () => {
  golden.calibration.forEach(({ logits, labels, bins, ece, mce, classwise }, i) => {
    const rows = logits.map((row) => softmax(row).probabilities);
    STRATEGIES.forEach((strategy, at) => {
      assertClose(expectedCalibrationError(labels, rows, { bins, strategy }), ece[at], `ECE, case ${i}, ${strategy}`);
      assertClose(maximumCalibrationError(labels, rows, { bins, strategy }), mce[at], `MCE, case ${i}, ${strategy}`);
    });
    assertClose(classwiseCalibrationError(labels, rows, { bins }), classwise, `classwise ECE, case ${i}`);
  });
});

test("the parts of Murphy's decomposition sum to the Brier score", () => {
  const parts = ["brier", "reliability", "resolution", "uncertainty", "withinBins"] as const;
  golden.calibration.forEach(({ logits, labels, bins, decomposition }, i) => {
    const second = logits.map((row) => softmax(row).probabilities[1]);
    STRATEGIES.forEach((strategy, at) => {
      const found: BrierDecomposition = brierDecomposition(labels, second, { bins, strategy });
      for (const part of parts) assertClose(found[part], decomposition[at][part], `${part}, case ${i}, ${strategy}`);
      const { brier, reliability, resolution, uncertainty, withinBins } = found;
      assertClose(reliability - resolution + uncertainty + withinBins, brier, `sum, case ${i}, ${strategy}`);
    });
  });
});

test("fitted calibrations and their probabilities are scikit-learn's", () => {
  golden.calibration.forEach((one, i) => {
    const { logits, labels, fresh } = one;
    const temperature = fitCalibration(logits, labels);
    assert.equal(temperature.method, "temperature");
    if (temperature.method === "temperature")
      assertClose(temperature.temperature, one.temperature, `temperature, case ${i}`, 1e-6);
    assertClose(applyCalibration(temperature, fresh), one.temperatureProbabilities, `case ${i}`, 1e-6);
    const platt = fitCalibration(logits, labels, { method: "sigmoid" });
    if (platt.method === "sigmoid")
      assertClose(
        platt.curves.map(({ a, b }) => [a, b]),
        one.sigmoid,
        `sigmoid, case ${i}`,
        OPTIMIZED,
      );
    assertClose(applyCalibration(platt, fresh), one.sigmoidProbabilities, `sigmoid, case ${i}`, OPTIMIZED);
    const steps = fitCalibration(logits, labels, { method: "isotonic" });
    if (steps.method === "isotonic")
      steps.curves.forEach(({ x, y }, curve) => {
        assertClose(x, one.isotonic[curve].x, `x, case ${i}, curve ${curve}`);
        assertClose(y, one.isotonic[curve].y, `y, case ${i}, curve ${curve}`);
      });
    assertClose(applyCalibration(steps, fresh), one.isotonicProbabilities, `isotonic, case ${i}`);
  });
});

test("isotonic regression averages equal scores as scikit-learn does", () => {
  golden.isotonic.forEach(({ scores, positive, x, y }, i) => {
    const found = fitIsotonic(scores, positive);
    assertClose(found.x, x, `x, case ${i}`);
    assertClose(found.y, y, `y, case ${i}`);
  });
});

test("calibrations survive JSON, give rows that sum to 1, and lower the loss that they minimise", () => {
  for (const { logits, labels } of golden.calibration)
    for (const method of CALIBRATION_METHODS) {
      const calibration = fitCalibration(logits, labels, { method });
      assert.deepEqual(JSON.parse(JSON.stringify(calibration)), calibration);
      for (const row of applyCalibration(calibration, logits))
        assertClose(
          row.reduce((a, b) => a + b),
          1,
          "sum",
        );
    }
  const { logits, labels } = golden.calibration[0];
  const loss = (rows: readonly (readonly number[])[]): number =>
    rows.reduce((sum, row, i) => sum - Math.log(row[labels[i]]), 0);
  assert.ok(
    loss(applyCalibration(fitCalibration(logits, labels), logits)) <
      loss(logits.map((row) => softmax(row).probabilities)),
  );
});

test("calibration refuses data that it cannot fit, with advice", () => {
  const right = [
    [2, 0],
    [0, 2],
  ];
  assert.throws(() => fitCalibration(right, [0, 1]), isBad("bad-input", /all 2 texts are predicted correctly/));
  assert.throws(() => fitCalibration(right, [1, 0]), isBad("bad-input", /better than chance/));
  assert.throws(() => fitCalibration(right, [0, 0], { method: "sigmoid" }), isBad("bad-input", /class 1 has none/));
  assert.throws(() => fitCalibration(right, [0, 2]), isBad("bad-input", /whole numbers from 0 to 1; 2 is at index 1/));
  assert.throws(() => fitCalibration([[1, NaN]], [0]), isBad("bad-input", /finite; NaN/));
  const three = fitCalibration(golden.calibration[2].logits, golden.calibration[2].labels);
  assert.throws(() => applyCalibration(three, right), isBad("bad-input", /for 3 classes; the scores have 2/));
  assert.throws(() => calibrationCurve([0, 1], [0.2, 1.4]), isBad("bad-input", /from 0 to 1; 1.4 is at index 1/));
  assert.throws(() => calibrationCurve([0], [0.2], { bins: 0 }), isBad("bad-option", /bins must be/));
});

test("a reliability curve needs to know the positive label", () => {
  const [names, probabilities] = [
    ["NEG", "POS", "POS"],
    [0.1, 0.9, 0.9],
  ];
  assert.throws(() => calibrationCurve(names, probabilities), isBad("bad-input", /Name the positive one by posLabel/));
  assert.throws(
    () => calibrationCurve(names, probabilities, { posLabel: "pos" }),
    isBad("bad-option", /posLabel must be one of "NEG", "POS"; got "pos"/),
  );
  assert.deepEqual(calibrationCurve(names, probabilities, { posLabel: "POS" }).probTrue, [0, 1]);
  assert.deepEqual(calibrationCurve([-1, 1, 1], probabilities).probTrue, [0, 1]);
  assert.deepEqual(calibrationCurve([0, 0, 0], probabilities).probTrue, [0, 0]);
  assert.deepEqual(calibrationCurve([0, 1, 2], probabilities).probTrue, [0, 0.5]); // 1 against the rest
});

test("predict and evaluate use a calibration, and agree on the label", async () => {
  for (const { logits, labels } of golden.calibration.slice(0, 3)) {
    const names = logits[0].map((_, label) => `L${label}`);
    const classifier = {
      labels: names,
      predictLogits: async (texts: readonly unknown[]) =>
        Float32Array.from(texts.flatMap((text) => logits[Number(text)])),
    };
    const data = labels.map((label, i) => ({ text: String(i), label }));
    const before = await evaluate(classifier, data);
    for (const method of CALIBRATION_METHODS) {
      const calibration = fitCalibration(logits, labels, { method });
      const after = await evaluate(classifier, data, { calibration });
      const predicted = await predict(
        classifier,
        data.map(({ text }) => text),
        { calibration },
      );
      assert.deepEqual(
        predicted.map(({ label }) => names.indexOf(label)),
        after.predictions.map(({ yPred }) => yPred),
      );
      assert.ok(
        predicted.every(({ scores }) => scores.every(({ score }, i) => i === 0 || score <= scores[i - 1].score)),
      );
      if (method === "temperature") assert.equal(after.accuracy, before.accuracy);
      assert.ok(after.loss < before.loss, `${method}: ${after.loss} is not below ${before.loss}`);
      const report = calibrationReport(after);
      assertClose(report.logLoss, after.loss, "log loss");
      assert.deepEqual(
        report.perLabel.map(({ name }) => name),
        names,
      );
    }
  }
});
