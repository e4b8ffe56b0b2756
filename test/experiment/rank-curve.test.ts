import assert from "node:assert/strict";
import { test } from "node:test";

import { studyMethods } from "../../src/experiment/method";
import type { RunPart } from "../../src/experiment/planned-run";
import { rankCurves, rankSeries } from "../../src/experiment/rank-curve";
import type { RunResult } from "../../src/experiment/run-result";

/** A run on ten texts, of which the first ones are wrong. */
function run(method: string, { seed, wrong }: { seed: number; wrong: number }, part: RunPart): RunResult {
  return {
    method,
    part,
    seed,
    labels: ["no", "yes"],
    texts: { train: 30, validation: 10, test: 10 },
    predictions: Array.from({ length: 10 }, (_, i) => ({
      yTrue: 1,
      yPred: i < wrong ? 0 : 1,
      probabilities: i < wrong ? [0.8, 0.2] : [0.2, 0.8],
    })),
    validationAccuracy: null,
    steps: 1,
    trainableParameters: 5,
    elapsedSeconds: 1,
  };
}

test("a series has a method for each rank, and shares the runs of the study's methods with the same settings", () => {
  for (const options of [{}, { epochs: 2, maxSteps: 4 }]) {
    const series = rankSeries({ ranks: [1, 8], ...options });
    assert.deepEqual(
      series.map(({ name }) => name),
      ["query and value", "all linear layers"],
    );
    const methods = series.flatMap((one) => one.methods);
    assert.equal(new Set(methods.map(({ name }) => name)).size, 4);
    for (const { adapter } of methods) assert.equal(adapter?.loraAlpha, 2 * (adapter?.r ?? NaN));
    const settingsOf = (method: object): object => ({ ...method, name: undefined });
    const study = studyMethods(options).filter(({ kind }) => kind === "lora");
    assert.deepEqual([methods[1], methods[3]].map(settingsOf), study.map(settingsOf)); // names are no part of a key
  }
});

test("a curve has the mean, the worst and the best seed of each rank on the fixed split", () => {
  const series = rankSeries({ ranks: [1, 4, 16], targetModules: { query: ["q_lin"], all: "all-linear" } });
  const [first, second] = series[0].methods.map(({ name }) => name);
  const results = [
    run(second, { seed: 1, wrong: 0 }, { kind: "holdout" }),
    run(first, { seed: 1, wrong: 1 }, { kind: "holdout" }),
    run(first, { seed: 2, wrong: 4 }, { kind: "holdout" }),
    run(first, { seed: 1, wrong: 9 }, { kind: "fold", repeat: 0, fold: 0 }),
    run("LoRA", { seed: 1, wrong: 9 }, { kind: "holdout" }),
  ];
  assert.deepEqual(rankCurves(results, series), [
    {
      name: "query",
      points: [
        { x: 1, accuracy: 0.75, low: 0.6, high: 0.9, seeds: 2 },
        { x: 4, accuracy: 1, low: 1, high: 1, seeds: 1 },
      ],
    },
  ]);
});

test("ranks that are none, not ascending or no whole numbers are refused, and so is no set of layers", () => {
  for (const ranks of [[], [0], [8, 4], [2, 2], [1.5], [NaN]])
    assert.throws(() => rankSeries({ ranks }), /ranks must be ascending whole numbers of at least 1/);
  assert.throws(() => rankSeries({ ranks: [1], targetModules: {} }), /at least one set of layers/);
});
