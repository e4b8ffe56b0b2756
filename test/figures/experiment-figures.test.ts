import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { mean } from "../../src/evaluation/metrics/mean";
import { comparisonFigure } from "../../src/figures/plots/comparison-figure";
import { learningCurveFigure } from "../../src/figures/plots/learning-curve-figure";
import { renderSvg } from "../../src/figures/plotly/render-svg";
import { experimentProgress } from "../../src/figures/progress/experiment-progress";
import type { ExperimentEventLike } from "../../src/figures/progress/experiment-words";
import { methodPairsTable } from "../../src/figures/tables/method-pairs-table";
import { methodsTable } from "../../src/figures/tables/methods-table";
import { tableHtml } from "../../src/figures/tables/table-html";
import { tableText } from "../../src/figures/tables/table-text";
import { notebookOutput, textOutput } from "./notebook-output";

const score = { mean: 0.9, deviation: 0.01, interval: { low: 0.85, high: 0.94 } };
const none = { mean: null, deviation: null, interval: null };
const summary = {
  method: "<LoRA>",
  runs: 5,
  scores: { accuracy: score, rocAuc: none },
  trainableParameters: 1234,
  elapsedSeconds: 61,
};

test("the table of methods has a mean with its interval for each score, and a dash for none", () => {
  const text = tableText(methodsTable([summary]));
  for (const part of ["Accuracy", "AUC", "0.900", "[0.85, 0.94]", "–", "5 runs · 1,234 trained · 1 min 01 s"])
    assert.ok(text.includes(part), part);
  assert.ok(!tableHtml(methodsTable([summary])).includes("<LoRA>"));
  assert.deepEqual(methodsTable([]).rows, []);
});

test("the table of pairs names each test's p-value, and a dash where a test is missing", () => {
  const tested = { difference: -0.02, interval: { low: -0.05, high: 0.01 }, adjustedPValue: 0.0004 };
  const text = tableText(
    methodPairsTable([
      {
        from: "a",
        to: "b",
        mcnemar: { onlyBefore: 7, onlyAfter: 3, adjustedPValue: 0.34 },
        bootstrap: tested,
        folds: null,
      },
    ]),
  );
  for (const part of ["−0.020", "[−0.050, 0.010]", "< 0.001", "0.340", "7 : 3", "–"])
    assert.ok(text.includes(part), part);
});

test("learning curves are lines with bands on a logarithmic axis; what cannot be drawn is refused", () => {
  const points = [
    { x: 25, accuracy: 0.7, low: 0.6, high: 0.8 },
    { x: 600, accuracy: 0.9, low: 0.9, high: 0.9 },
  ];
  const figure = learningCurveFigure([{ name: "LoRA <b>", points }]);
  assert.equal(figure.data.length, 2);
  assert.deepEqual(figure.data[0].x, [25, 600, 600, 25]);
  assert.deepEqual(figure.data[0].y, [0.8, 0.9, 0.9, 0.6]);
  assert.match(figure.text, /25: 0.700 \[0.600, 0.800\]/);
  const svg = renderSvg(figure);
  assert.ok(svg.startsWith("<svg") && !/NaN|<b>/.test(svg));
  assert.throws(() => learningCurveFigure([]), TsloraError);
  assert.throws(() => learningCurveFigure([{ name: "a", points: [] }]), /at least one point/);
  assert.throws(() => learningCurveFigure([{ name: "a", points: [{ ...points[0], low: 0.75 }] }]), /low ≤ accuracy/);
  assert.throws(() => learningCurveFigure([{ name: "a", points: [{ ...points[0], x: 0 }] }]), /x > 0/);
});

test("means of equal numbers are drawn, although rounding puts some outside their range; a true excess is refused", () => {
  let outside = 0;
  for (let right = 0; right <= 200; right++)
    for (let seeds = 2; seeds <= 12; seeds++) {
      const [low, high] = [right / 200, right / 200];
      const accuracy = mean(Array.from({ length: seeds }, () => low));
      if (accuracy !== low) outside++;
      const [{ data }, compared] = [
        learningCurveFigure([{ name: "a", points: [{ x: 25, accuracy, low, high }] }]),
        comparisonFigure([{ name: "a", value: accuracy, interval: { low, high } }], { title: "Accuracy" }),
      ];
      assert.deepEqual(data[1].y, [low]);
      const { array, arrayminus } = compared.data[0].error_x as Record<string, readonly number[]>;
      assert.ok([...array, ...arrayminus].every((length) => length >= 0 && length < 1e-12));
    }
  assert.ok(outside > 0);
  const [low, high] = [0.925, 0.925];
  for (const accuracy of [0.925 + 1e-9, 0.925 - 1e-9])
    assert.throws(
      () => learningCurveFigure([{ name: "a", points: [{ x: 25, accuracy, low, high }] }]),
      /low ≤ accuracy ≤ high/,
    );
});

test("a legend of several rows has room below the title", () => {
  const points = [
    { x: 25, accuracy: 0.7, low: 0.6, high: 0.8 },
    { x: 600, accuracy: 0.9, low: 0.9, high: 0.9 },
  ];
  const topOf = (names: readonly string[]): number => {
    const { layout } = learningCurveFigure(names.map((name) => ({ name, points })));
    return (layout.margin as { t: number }).t;
  };
  const long = "a method whose name is as long as half of a row of the legend";
  assert.equal(topOf(["a", "b", "c"]), topOf(["a"]));
  assert.ok(topOf([long, "b", "c"]) >= topOf(["a"]) + 2 * 19);
});

const about = { run: 2, runs: 4, title: "LoRA, seed 43" };
const events: ExperimentEventLike[] = [
  { type: "experiment", runs: 4, cached: 1, damaged: ["/cache/x.json"] },
  { type: "result", ...about, run: 1, accuracy: 0.5, cached: true, elapsedSeconds: 3 },
  { type: "run", ...about, remainingSeconds: 3600 },
  { type: "training", event: { type: "step", step: 7, loss: 0.25 } },
  { type: "result", ...about, accuracy: 0.95, cached: false, elapsedSeconds: 30 },
  { type: "finished", results: [1, 2, 3, 4], cached: 1, elapsedSeconds: 90, computedSeconds: 120 },
];

test("a log has a line for each computed run, and none for a run from the cache", () => {
  const { output, lines } = textOutput();
  const progress = experimentProgress({ output });
  for (const event of events) progress.show(event);
  assert.deepEqual(lines(), [
    "4 runs, 1 of them from the cache",
    "Warning: /cache/x.json is damaged; its run is computed again.",
    "run 2 of 4: LoRA, seed 43 · accuracy 0.950 · 30 s",
    "4 runs in 1 min 30 s; 1 came from the cache. All together took 2 min 00 s to compute.",
  ]);
});

test("a cell shows one place with a bar, the run, the expected end and the step, and no bar at the end", () => {
  const { output, places } = notebookOutput();
  const now = new Date(2026, 0, 1, 22, 30).getTime();
  const progress = experimentProgress({ output, everySeconds: 0, now: () => now });
  for (const event of events.slice(0, 4)) progress.show(event);
  assert.equal(places.length, 1);
  for (const part of [
    "<progress",
    'value="0.2500"',
    "run 2 of 4: LoRA, seed 43",
    "1 h 00 min left, until about 23:30",
    "step 7 · loss 0.250",
  ])
    assert.ok(places[0].text.includes(part), part);
  for (const event of events.slice(4)) progress.show(event);
  assert.equal(places.length, 1);
  assert.ok(!places[0].text.includes("<progress") && places[0].text.includes("4 runs in 1 min 30 s"));
});
