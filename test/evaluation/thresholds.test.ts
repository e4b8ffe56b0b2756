import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import { scoresOf } from "../../src/evaluation/scores-of";
import { thresholdCurve } from "../../src/evaluation/threshold/threshold-curve";
import type { ThresholdGoal } from "../../src/evaluation/threshold/threshold-goal";
import { tryThresholds } from "../../src/evaluation/threshold/try-thresholds";
import { tuneThreshold } from "../../src/evaluation/threshold/tune-threshold";

const GOALS: readonly ThresholdGoal[] = [
  { metric: "f1" },
  { metric: "accuracy" },
  { metric: "balanced_accuracy" },
  { metric: "youden_j" },
  { metric: "cost", costRatio: 5 },
  { metric: "cost", costRatio: 0.2 },
  { metric: "precision_at_recall", recall: 0.9 },
  { metric: "precision_at_recall", recall: 1 },
];

/** Value of a goal at a threshold, counted again from the texts; undefined where it is not reached. */
function worthAt(
  goal: ThresholdGoal,
  threshold: number,
  yTrue: readonly number[],
  scores: readonly number[],
): number | undefined {
  const count = (t: number, p: boolean): number =>
    yTrue.filter((y, i) => y === t && scores[i] >= threshold === p).length;
  const [tp, fp, fn, tn] = [count(1, true), count(0, true), count(1, false), count(0, false)];
  switch (goal.metric) {
    case "cost":
      return -(goal.costRatio * fn + fp) / yTrue.length;
    case "precision_at_recall":
      return tp / (tp + fn) >= goal.recall - 1e-9 ? tp / (tp + fp) : undefined;
    case "accuracy":
      return (tp + tn) / yTrue.length;
    case "balanced_accuracy":
      return (tp / (tp + fn) + tn / (tn + fp)) / 2;
    case "youden_j":
      return tp / (tp + fn) + tn / (tn + fp) - 1;
    default:
      return (2 * tp) / (2 * tp + fp + fn);
  }
}

function drawn(seed: number): { yTrue: number[]; scores: number[] } {
  const random = new Random(seed);
  const yTrue = Array.from({ length: 2 + random.below(60) }, (_, i) => (i < 2 ? i : Number(random.uniform() < 0.3)));
  const digits = 1 + random.below(3);
  return { yTrue, scores: yTrue.map((y) => Number((0.4 * y + 0.6 * random.uniform()).toFixed(digits))) };
}

test("no threshold is better than the tuned one, for any goal, on random texts with ties", () => {
  for (let seed = 0; seed < 60; seed++) {
    const { yTrue, scores } = drawn(seed);
    for (const goal of GOALS) {
      const tuned = tuneThreshold(yTrue, scores, goal);
      const worths = Array.from({ length: 1001 }, (_, i) => worthAt(goal, i / 1000, yTrue, scores)).filter(
        (worth): worth is number => worth !== undefined,
      );
      const worth = worthAt(goal, tuned.threshold, yTrue, scores);
      assert.ok(
        worth !== undefined && worth >= Math.max(...worths) - 1e-12,
        `seed ${seed}, ${JSON.stringify(goal)}: ${worth} at ${tuned.threshold}, ${Math.max(...worths)} elsewhere`,
      );
      assert.ok(Math.abs(tuned.value - (goal.metric === "cost" ? -worth : worth)) < 1e-12);
      const half = worthAt(goal, 0.5, yTrue, scores);
      assert.ok(
        half === undefined
          ? tuned.valueAtHalf === null
          : Math.abs((tuned.valueAtHalf ?? NaN) - (goal.metric === "cost" ? -half : half)) < 1e-12,
      );
      if (half === worth) assert.equal(tuned.threshold, 0.5, `seed ${seed}: 0.5 is as good`);
    }
  }
});

test("Youden's J and balanced accuracy choose the same threshold; a higher cost of false negatives chooses a lower one", () => {
  for (let seed = 0; seed < 40; seed++) {
    const { yTrue, scores } = drawn(seed);
    assert.equal(
      tuneThreshold(yTrue, scores, { metric: "youden_j" }).threshold,
      tuneThreshold(yTrue, scores, { metric: "balanced_accuracy" }).threshold,
    );
    const [dear, cheap] = [20, 0.05].map(
      (costRatio) => tuneThreshold(yTrue, scores, { metric: "cost", costRatio }).threshold,
    );
    assert.ok(dear <= cheap);
  }
});

test("a tuned threshold states on how many texts it was tuned, and that its value must not be reported", () => {
  const tuned = tuneThreshold([0, 1, 1], [0.2, 0.4, 0.9], { metric: "cost", costRatio: 3 });
  assert.deepEqual([tuned.n, tuned.costRatio, tuned.metric], [3, 3, "cost"]);
  assert.match(
    tuned.remark,
    /best cost, a false negative as 3 false positives on these 3 texts: the value on them is too good to report/,
  );
  assert.deepEqual(JSON.parse(JSON.stringify(tuned)), tuned);
});

test("a curve has the metric at each of its thresholds, and the best one is chosen", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { yTrue, scores } = drawn(seed);
    for (const goal of GOALS) {
      const curve = thresholdCurve(yTrue, scores, goal);
      assert.ok(
        curve.thresholds[0] === 0 &&
          curve.thresholds.every((threshold, i) => i === 0 || threshold > curve.thresholds[i - 1]),
      );
      curve.thresholds.forEach((threshold, i) => {
        const worth = worthAt(
          goal,
          i === curve.thresholds.length - 1 && threshold === 1 && !scores.includes(1) ? 1.1 : threshold,
          yTrue,
          scores,
        );
        const value = curve.values[i];
        if (value === null) assert.ok(worth === undefined || Number.isNaN(worth));
        else assert.ok(worth !== undefined && Math.abs((goal.metric === "cost" ? -value : value) - worth) < 1e-12);
      });
      const known = curve.values.filter((value): value is number => value !== null);
      const best = curve.lowerIsBetter ? Math.min(...known) : Math.max(...known);
      assert.ok(Math.abs(best - tuneThreshold(yTrue, scores, goal).value) < 1e-12);
      assert.deepEqual(JSON.parse(JSON.stringify(curve)), curve);
    }
  }
});

test("goals that lack a needed option, or have one that they do not use, are refused", () => {
  const refused = (goal: Record<string, unknown>, message: RegExp): void => {
    assert.throws(
      () => tuneThreshold([0, 1], [0.2, 0.7], goal),
      (error) => error instanceof TsloraError && error.code === "bad-option" && message.test(error.message),
    );
  };
  refused({ metric: "cost" }, /costRatio must be a number above 0; got undefined/);
  refused({ metric: "cost", costRatio: -1 }, /got -1/);
  refused({ metric: "precision_at_recall", recall: 0 }, /recall must be a number above 0 and at most 1; got 0/);
  refused({ metric: "f1", recall: 0.9 }, /recall is for the metric "precision_at_recall"; got it with "f1"/);
  refused({ metric: "f2" }, /metric must be f1, accuracy, .*cost, precision_at_recall; got f2/);
});

/** An evaluation of random texts, a third of them positive. */
function evaluation(seed: number, n: number): Evaluation {
  const random = new Random(seed);
  const predictions = Array.from({ length: n }, (_, index) => {
    const yTrue = Number(index % 3 === 0);
    const p = 0.25 * yTrue + 0.4 * random.uniform();
    return { index, yTrue, yPred: Number(p >= 0.5), probabilities: [1 - p, p] };
  });
  return evaluatePredictions({ labels: ["A", "B"], predictions, loss: 1, elapsedSeconds: 0 });
}

test("a threshold is tuned on one evaluation and compared with 0.5 on another", () => {
  const [validation, other] = [evaluation(1, 300), evaluation(2, 300)];
  const goals: ThresholdGoal[] = [
    { metric: "f1" },
    { metric: "cost", costRatio: 4 },
    { metric: "precision_at_recall", recall: 0.9 },
  ];
  const [f1, cost, wanted] = tryThresholds(validation, other, { goals, resamples: 200 });
  const { yTrue, scores } = scoresOf(validation);
  assert.equal(f1.tuned.threshold, tuneThreshold(yTrue, scores, { metric: "f1" }).threshold);
  const onOther = scoresOf(other);
  assert.ok(
    Math.abs(
      (f1.value ?? NaN) -
        (worthAt({ metric: "f1" }, f1.tuned.threshold, [...onOther.yTrue], [...onOther.scores]) ?? NaN),
    ) < 1e-12,
  );
  assert.deepEqual([f1.verdict, cost.verdict], ["better", "better"]); // 0.5 is far too high for these scores
  assert.ok(cost.value !== null && cost.valueAtHalf !== null && cost.value < cost.valueAtHalf);
  assert.ok(wanted.recall > 0.75 && wanted.precision !== null);
  assert.equal(
    tryThresholds(validation, validation, { goals: [{ metric: "accuracy" }], resamples: 50 })[0].value,
    tuneThreshold(yTrue, scores, { metric: "accuracy" }).value,
  );
  assert.throws(() => scoresOf(other, { label: 2 }), /from 0 to 1 \(A, B\); got 2/);
});

/** An evaluation of 20 texts, of which the last ones are positive, predicted right by probabilities of 0.1 and 0.9. */
function fewPositives(positives: number): Evaluation {
  const predictions = Array.from({ length: 20 }, (_, index) => {
    const yTrue = Number(index >= 20 - positives);
    const p = yTrue === 1 ? 0.9 : 0.1;
    return { index, yTrue, yPred: yTrue, probabilities: [1 - p, p] };
  });
  return evaluatePredictions({ labels: ["A", "B"], predictions, loss: 1, elapsedSeconds: 0 });
}

test("resamples without a positive text decide nothing about a threshold", () => {
  const few = fewPositives(2); // one resample in eight has none of them
  for (const metric of ["f1", "balanced_accuracy", "youden_j"] as const) {
    const [tried] = tryThresholds(few, few, { goals: [{ metric }], resamples: 200 });
    assert.equal(tried.tuned.threshold, 0.5);
    assert.deepEqual(tried.changeInterval, { low: 0, high: 0, confidence: 0.95, method: "bootstrap" }, metric);
    assert.equal(tried.verdict, "undecided", metric);
  }
});

test("texts of a single label are refused, both for tuning a threshold and for trying it", () => {
  const isRefused = (error: unknown): boolean =>
    error instanceof TsloraError && error.code === "bad-input" && /yTrue must hold both labels/.test(error.message);
  const goals: ThresholdGoal[] = [{ metric: "balanced_accuracy" }];
  assert.throws(() => tryThresholds(fewPositives(2), fewPositives(0), { goals, resamples: 50 }), isRefused);
  assert.throws(() => tryThresholds(fewPositives(0), fewPositives(2), { goals, resamples: 50 }), isRefused);
});
