import assert from "node:assert/strict";
import { test } from "node:test";

import { experimentConclusions } from "../../src/experiment/experiment-conclusions";
import type { MethodPair } from "../../src/experiment/compare-methods";
import type { MethodSummary } from "../../src/experiment/summarize-runs";

const interval = (low: number, high: number) => ({ low, high, confidence: 0.95, method: "bootstrap" }) as const;
const score = { mean: 0.9, deviation: 0.01, interval: interval(0.85, 0.94) };
const lora: MethodSummary = {
  method: "LoRA",
  runs: 5,
  scores: {
    accuracy: score,
    balancedAccuracy: score,
    f1: score,
    rocAuc: score,
    averagePrecision: score,
    brierScore: score,
    logLoss: score,
  },
  trainableParameters: 10,
  elapsedSeconds: 1,
};

function pair(difference: number, pValues: readonly [split: number, folds: number]): MethodPair {
  const test = { difference, interval: interval(difference - 0.02, difference + 0.02) };
  return {
    from: "TF-IDF",
    to: "LoRA",
    mcnemar: null,
    bootstrap: { ...test, pValue: pValues[0], adjustedPValue: pValues[0] },
    folds: { ...test, statistic: 1, df: 9, pValue: pValues[1], adjustedPValue: pValues[1] },
  };
}

const printed = (pairs: readonly MethodPair[], published = false): string =>
  experimentConclusions({ holdout: [lora], folds: [] }, pairs, { reference: "LoRA", published });

test("a verdict needs both tests to be significant, and has the sign of the difference", () => {
  assert.match(
    printed([pair(0.05, [0.01, 0.04])]),
    /LoRA is better than TF-IDF: \+0.050 \[0.030, 0.070\] on the fixed split \(p = 0.010\)/,
  );
  assert.match(
    printed([pair(-0.05, [0.0001, 0.04])]),
    /LoRA is worse than TF-IDF: −0.050 \[−0.070, −0.030\].*p < 0.001/,
  );
  assert.match(printed([pair(0.05, [0.01, 0.2])]), /No clear difference between LoRA and TF-IDF/);
  assert.match(printed([{ ...pair(0, [1, 1]), bootstrap: null, folds: null }]), /no runs in common/);
});

test("the spread between seeds is stated, and a single seed is called one", () => {
  assert.match(
    printed([]),
    /Between 5 seeds the standard deviation is 0.010: the seed alone explains a difference of 0.020/,
  );
  const single = { ...lora, runs: 1, scores: { ...lora.scores, accuracy: { ...score, deviation: null } } };
  const text = experimentConclusions({ holdout: [single], folds: [] }, [], { reference: "LoRA" });
  assert.match(text, /One seed alone/);
});

test("the published change has its own interval and test", () => {
  // 70 texts became right and 56 wrong: statsmodels' exact McNemar gives p = 0.2467 for them
  assert.match(
    printed([], true),
    /change was \+0.070 \[−0.\d{3}, 0.\d{3}\] on its 200 texts \(McNemar's exact p = 0.247\).*includes 0/,
  );
});
