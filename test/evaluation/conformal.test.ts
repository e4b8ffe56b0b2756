import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { binomialCdf } from "../../src/evaluation/conformal/binomial";
import {
  conformalQuantile,
  fewestCalibrationTexts,
  fitConformal,
  predictionSets,
} from "../../src/evaluation/conformal/conformal";
import { riskCoverageCurve } from "../../src/evaluation/conformal/risk-coverage";
import { selectWithGuaranteedRisk } from "../../src/evaluation/conformal/select-with-guaranteed-risk";
import { predict } from "../../src/evaluation/predict";
import { softmax } from "../../src/evaluation/softmax";
import { readCalibrationGolden } from "./calibration-golden";
import { assertClose } from "./golden";

const golden = readCalibrationGolden();
const SPLITS = 200;

test("prediction sets are MAPIE's (lac, aps) and crepes' (for each class)", () => {
  golden.conformal.forEach(({ probabilities, labels, fresh, alphas, ...expected }, i) => {
    const lac = fitConformal(probabilities, labels);
    const aps = fitConformal(probabilities, labels, { score: "aps" });
    const conditional = fitConformal(probabilities, labels, { classConditional: true });
    assertClose(aps.scores[0], expected.apsScores, `aps scores, case ${i}`);
    alphas.forEach((alpha, at) => {
      assertClose(conformalQuantile(lac.scores[0], alpha), expected.lacQuantiles[at], `lac quantile, case ${i}`);
      assertClose(conformalQuantile(aps.scores[0], alpha), expected.apsQuantiles[at], `aps quantile, case ${i}`);
      assert.deepEqual(predictionSets(lac, fresh, { alpha }), expected.lac[at], `lac, case ${i}, ${alpha}`);
      assert.deepEqual(predictionSets(aps, fresh, { alpha }), expected.aps[at], `aps, case ${i}, ${alpha}`);
      assert.deepEqual(
        predictionSets(conditional, fresh, { alpha }),
        expected.conditional[at],
        `each class, case ${i}, ${alpha}`,
      );
    });
    assert.deepEqual(JSON.parse(JSON.stringify(conditional)), conditional);
  });
});

/** Softmax probabilities that are too sure, and labels; class 0 is rarer and harder. */
function draw(random: Random, n: number): { rows: number[][]; labels: number[] } {
  const labels = Array.from({ length: n }, () => (random.uniform() < 0.25 ? 0 : 1 + random.below(2)));
  const rows = labels.map((own) => {
    const logits = [0, 1, 2].map((label) => random.normal() + (label === own ? (own === 0 ? 1 : 2) : 0));
    return softmax(logits.map((logit) => 2 * logit)).probabilities;
  });
  return { rows, labels };
}

/**
 * The mean coverage of `SPLITS` splits must be within four standard errors of (k of n + 1): a split's coverage has the
 * distribution Beta(k, n + 1 - k), and `tested` texts add their binomial part.
 */
function assertCoverage(found: readonly { covered: number; tested: number; n: number }[], alpha: number): void {
  let [sum, expected, variance] = [0, 0, 0];
  for (const { covered, tested, n } of found) {
    const k = Math.ceil((n + 1) * (1 - alpha));
    const mean = k / (n + 1);
    const beta = (mean * (1 - mean)) / (n + 2);
    sum += covered / tested;
    expected += mean;
    variance += beta + (mean * (1 - mean) - beta) / tested;
  }
  const off = Math.abs(sum - expected) / Math.sqrt(variance);
  assert.ok(
    off < 4,
    `mean coverage ${sum / found.length}, expected ${expected / found.length}: ${off} standard errors`,
  );
}

for (const alpha of [0.05, 0.2])
  test(`over ${SPLITS} splits the mean coverage is that of the Beta distribution, alpha ${alpha}`, () => {
    for (const classConditional of [false, true]) {
      const splits = Array.from({ length: SPLITS }, (_, split) => {
        const random = new Random(split).fork("coverage");
        const [known, fresh] = [draw(random, 240), draw(random, 200)];
        const conformal = fitConformal(known.rows, known.labels, { classConditional });
        const sets = predictionSets(conformal, fresh.rows, { alpha });
        return [0, 1, 2].map((label) => {
          const own = fresh.labels.map((_, i) => i).filter((i) => !classConditional || fresh.labels[i] === label);
          const covered = own.filter((i) => sets[i].includes(fresh.labels[i])).length;
          return { covered, tested: own.length, n: conformal.scores[classConditional ? label : 0].length };
        });
      });
      if (!classConditional)
        assertCoverage(
          splits.map(([all]) => all),
          alpha,
        );
      else
        for (const label of [0, 1, 2])
          assertCoverage(
            splits.map((one) => one[label]),
            alpha,
          );
    }
  });

test("deterministic aps covers at least 1 - alpha, without empty sets", () => {
  let [covered, tested] = [0, 0];
  for (let split = 0; split < SPLITS; split++) {
    const random = new Random(split).fork("aps");
    const [known, fresh] = [draw(random, 100), draw(random, 100)];
    const sets = predictionSets(fitConformal(known.rows, known.labels, { score: "aps" }), fresh.rows, { alpha: 0.1 });
    assert.ok(sets.every((set) => set.length > 0));
    covered += sets.filter((set, i) => set.includes(fresh.labels[i])).length;
    tested += sets.length;
  }
  assert.ok(covered / tested > 0.9 - 4 * Math.sqrt((0.09 / 102 + 0.09 / 100) / SPLITS), `${covered / tested}`);
});

test("too few calibration texts exclude no label", () => {
  const { rows, labels } = draw(new Random(1), 18);
  for (const [alpha, fewest] of [
    [0.9, 1],
    [0.5, 1],
    [0.3, 3],
    [0.1, 9],
    [0.05, 19],
    [0.001, 999],
  ])
    assert.equal(fewestCalibrationTexts(alpha), fewest, `${alpha}`);
  assert.ok(Math.abs(fewestCalibrationTexts(1e-9) / 1e9 - 1) < 1e-6);
  for (const alpha of [0, -0.1, 1, NaN])
    assert.throws(() => fewestCalibrationTexts(alpha), /alpha must be a number above 0 and below 1/);
  assert.equal(conformalQuantile([1, 2, 3], 0.05), Infinity);
  for (const set of predictionSets(fitConformal(rows, labels), rows, { alpha: 0.05 })) assert.deepEqual(set, [0, 1, 2]);
  for (const alpha of [0, 1, NaN])
    assert.throws(
      () => predictionSets(fitConformal(rows, labels), rows, { alpha }),
      (error) => error instanceof TsloraError && /alpha must be a number above 0 and below 1/.test(error.message),
    );
});

test("predict abstains where the set does not have exactly one label", async () => {
  const { rows, labels } = draw(new Random(3), 200);
  const conformal = fitConformal(rows, labels);
  const names = ["a", "b", "c"];
  const fresh = draw(new Random(4), 60).rows;
  const classifier = {
    labels: names,
    predictLogits: async () => Float32Array.from(fresh.flat(), Math.log),
  };
  const texts = fresh.map((_, i) => String(i));
  const predictions = await predict(classifier, texts, { abstain: { conformal, alpha: 0.1 } });
  const sets = predictionSets(conformal, fresh, { alpha: 0.1 });
  predictions.forEach(({ label, set, scores }, i) => {
    assert.deepEqual(
      [...(set ?? [])].sort(),
      sets[i].map((one) => names[one]),
    );
    assert.equal(label, sets[i].length === 1 ? names[sets[i][0]] : "");
    assert.equal(scores.length, 3);
  });
  assert.ok(predictions.some(({ label }) => label === "") && predictions.some(({ label }) => label !== ""));
});

test("risk-coverage curves, AURC and guaranteed risks are those of the papers' formulas", () => {
  for (const { confidence, correct, risk, aurc, excess, sgr } of golden.selection) {
    const curve = riskCoverageCurve(confidence, correct);
    curve.coverage.forEach((coverage, at) =>
      assertClose(curve.risk[at], risk[Math.round(coverage * risk.length) - 1], `risk at ${coverage}`),
    );
    assert.equal(curve.coverage.at(-1), 1);
    if (curve.coverage.length === risk.length) {
      assertClose(curve.aurc, aurc, "AURC");
      assertClose(curve.excessAurc, excess, "excess AURC");
    }
    for (const [asked, delta, found] of sgr)
      if (found === null)
        assert.throws(() => selectWithGuaranteedRisk(confidence, correct, { risk: asked, delta }), /Give more texts/);
      else {
        const ours = selectWithGuaranteedRisk(confidence, correct, { risk: asked, delta });
        for (const key of ["threshold", "coverage", "risk", "riskBound"] as const)
          assertClose(ours[key], found[key], `${key} for ${asked}, ${delta}`, 1e-10);
      }
  }
  assert.ok(golden.selection.some(({ sgr }) => sgr.some(([, , found]) => found !== null)));
  for (const [k, n, p, expected] of golden.binomial) assertClose(binomialCdf(k, n, p), expected, `${k} of ${n}`, 1e-10);
});

test("equal confidences count in a random order, and an ideal order has no excess", () => {
  assertClose(riskCoverageCurve([1, 1], [true, false]).aurc, (0.5 + 0.5) / 2, "ties");
  const ideal = riskCoverageCurve([4, 3, 2, 1], [true, true, false, false]);
  assertClose(ideal.excessAurc, 0, "excess");
  assert.deepEqual(ideal.risk, [0, 0, 1 / 3, 0.5]);
});

test("a confidence that is not a number is refused", () => {
  assert.throws(() => riskCoverageCurve([0.9, NaN], [true, false]), /without NaN/);
  assert.throws(
    () => selectWithGuaranteedRisk([0.9, NaN], [true, false], { risk: 0.5 }),
    (error) => error instanceof TsloraError && error.code === "bad-input" && /NaN is at index 1/.test(error.message),
  );
});

test("the risk of selected texts is above the guaranteed one in no more than delta of the splits", () => {
  let [broken, selected] = [0, 0];
  for (let split = 0; split < SPLITS; split++) {
    const random = new Random(split).fork("risk");
    const confidence = Array.from({ length: 300 }, () => random.uniform());
    const correct = confidence.map((p) => random.uniform() < 0.5 + p / 2);
    try {
      const { threshold } = selectWithGuaranteedRisk(confidence, correct, { risk: 0.2, delta: 0.1 });
      selected++;
      if ((1 - threshold) / 4 > 0.2) broken++; // the mean of (1 - p) / 2 above the threshold
    } catch (error) {
      assert.ok(error instanceof TsloraError);
    }
  }
  assert.ok(selected > SPLITS / 2, `${selected} selected`);
  assert.ok(broken / SPLITS <= 0.1, `${broken} of ${SPLITS}`);
});
