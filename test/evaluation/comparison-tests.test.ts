import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { correctedResampledTTest } from "../../src/evaluation/comparison/corrected-resampled-t-test";
import { holmCorrection } from "../../src/evaluation/comparison/holm-correction";
import { pairedBootstrapTest } from "../../src/evaluation/comparison/paired-bootstrap-test";
import { publishedOutcomes } from "../../src/evaluation/comparison/published-change";
import { publishedStudy } from "../../src/evaluation/comparison/published-study";
import { weightedScorer, type Scores } from "../../src/evaluation/comparison/weighted-scores";
import { mcnemarTest } from "../../src/evaluation/intervals/mcnemar-test";
import { studentTCritical, studentTTail } from "../../src/evaluation/intervals/student-t";
import { assertClose } from "./golden";

interface Golden {
  readonly tails: readonly { readonly t: number; readonly df: number; readonly tail: number }[];
  readonly criticals: readonly { readonly tail: number; readonly df: number; readonly value: number }[];
  readonly corrected: readonly {
    readonly differences: readonly number[];
    readonly trainSize: number;
    readonly testSize: number;
    readonly confidence: number;
    readonly statistic: number;
    readonly pValue: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly holm: readonly { readonly pValues: readonly number[]; readonly adjusted: readonly number[] }[];
  readonly mcnemar: readonly {
    readonly before: readonly boolean[];
    readonly after: readonly boolean[];
    readonly pValue: number;
  }[];
  readonly scores: readonly {
    readonly labels: readonly number[];
    readonly predicted: readonly number[];
    readonly probabilities: readonly (readonly number[])[];
    readonly weights: readonly number[];
    readonly scores: Scores;
  }[];
}

const golden = JSON.parse(
  readFileSync(join(projectRoot(), "test", "evaluation", "golden-comparison.json"), "utf8"),
) as Golden;

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

describe("tests of differences", () => {
  it("tail probabilities and critical values of Student's t are SciPy's", () => {
    for (const { t, df, tail } of golden.tails)
      assert.ok(relative(studentTTail(t, df), tail) < 1e-10, `t ${t}, df ${df}: ${studentTTail(t, df)} is not ${tail}`);
    for (const { tail, df, value } of golden.criticals)
      assert.ok(relative(studentTCritical(tail, df), value) < 1e-10, `${tail}, df ${df}`);
    assert.equal(studentTTail(0, 3), 1);
    assert.equal(studentTTail(Infinity, 3), 0);
    assert.equal(studentTTail(-2, 7), studentTTail(2, 7));
  });

  it("the corrected resampled t-test is its formula's", () => {
    for (const { differences, trainSize, testSize, confidence, ...expected } of golden.corrected) {
      const { statistic, pValue, interval } = correctedResampledTTest(differences, { trainSize, testSize, confidence });
      const actual = { statistic, pValue, low: interval.low, high: interval.high };
      for (const [name, value] of Object.entries(expected))
        assertClose(actual[name as keyof typeof actual], value, name, 1e-10);
    }
  });

  it("folds that do not differ give p = 1, and folds that all differ alike p = 0", () => {
    const sizes = { trainSize: 80, testSize: 20 };
    assert.equal(correctedResampledTTest([0, 0, 0], sizes).pValue, 1);
    assert.equal(correctedResampledTTest([0.5, 0.5, 0.5], sizes).pValue, 0);
    assert.throws(() => correctedResampledTTest([0.1], sizes), /two folds or more; got 1/);
    assert.throws(() => correctedResampledTTest([0.1, NaN], { ...sizes, testSize: 0 }), /NaN[\s\S]*testSize must be/);
  });

  it("Holm's correction is statsmodels', in any order of the p-values", () => {
    for (const { pValues, adjusted } of golden.holm) {
      assertClose(holmCorrection(pValues), adjusted, "adjusted");
      assertClose(holmCorrection([...pValues].reverse()), [...adjusted].reverse(), "reversed");
    }
    assert.deepEqual(holmCorrection([]), []);
    assert.throws(() => holmCorrection([0.1, 1.5]), /from 0 to 1; got 1.5/);
  });

  it("McNemar's exact test is statsmodels'", () => {
    for (const { before, after, pValue } of golden.mcnemar)
      assertClose(mcnemarTest(before, after).pValue, pValue, "p-value", 1e-10);
  });

  it("the paired bootstrap repeats with its seed, and changes its sign if the sides are swapped", () => {
    const [{ before, after }] = golden.mcnemar.slice(-1).map((pair) => ({
      before: pair.before.map(Number),
      after: pair.after.map(Number),
    }));
    const there = pairedBootstrapTest(before, after, { resamples: 2000 });
    const back = pairedBootstrapTest(after, before, { resamples: 2000 });
    assert.deepEqual(pairedBootstrapTest(before, after, { resamples: 2000 }), there);
    assert.ok(Math.abs(there.difference + back.difference) < 1e-12);
    assert.ok(Math.abs(there.interval.low + back.interval.high) < 1e-12);
    assert.ok(Math.abs(there.pValue - back.pValue) < 1e-12);
    assert.ok(there.interval.low <= there.difference && there.difference <= there.interval.high);
    assert.equal(pairedBootstrapTest(before, before).pValue, 1);
    assert.ok(pairedBootstrapTest([0, 0, 0, 0], [1, 1, 1, 1], { resamples: 999 }).pValue <= 2 / 1000 + 1e-12);
    assert.throws(() => pairedBootstrapTest([], []), /one at least; got 0 and 0/);
    for (const bad of [NaN, Infinity]) {
      assert.throws(() => pairedBootstrapTest([0, bad], [1, 1]), new RegExp(`must be finite; got ${bad}`));
      assert.throws(() => pairedBootstrapTest([0, 1], [bad, 1]), new RegExp(`must be finite; got ${bad}`));
    }
  });

  it("weighted scores are scikit-learn's", () => {
    for (const { labels, predicted, probabilities, weights, scores } of golden.scores) {
      const predictions = labels.map((yTrue, i) => ({
        yTrue,
        yPred: predicted[i],
        probabilities: probabilities[i],
      }));
      const actual = weightedScorer(predictions, probabilities[0].length)(weights);
      for (const [name, value] of Object.entries(scores))
        assertClose(actual[name as keyof Scores], value, `${name} of ${labels.length}`, 1e-10);
    }
  });

  it("the published outcomes have the published confusion matrices' accuracies and change", () => {
    const { before, after } = publishedOutcomes();
    const share = (right: readonly boolean[]): number => right.filter(Boolean).length / right.length;
    assert.equal(before.length, 200);
    assert.equal(share(before), publishedStudy.rows[0].before);
    assert.equal(share(after), publishedStudy.rows[0].after);
    const { onlyBefore, onlyAfter } = mcnemarTest(before, after);
    assert.equal(onlyAfter - onlyBefore, 14); // 0.070 of 200
  });
});
