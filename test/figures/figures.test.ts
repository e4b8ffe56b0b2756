import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { comparisonFigure } from "../../src/figures/plots/comparison-figure";
import { confusionMatrixFigure } from "../../src/figures/plots/confusion-matrix-figure";
import { histogram } from "../../src/figures/plots/histogram";
import { lossCurve } from "../../src/figures/plots/loss-curve";
import { measureText } from "../../src/figures/plotly/measure-text";
import { contrast, mix, OKABE_ITO } from "../../src/figures/plots/palette";
import { PAPER } from "../../src/figures/plots/theme-layout";
import { progressAfter, progressWords, type ProgressState } from "../../src/figures/progress/progress-state";
import type { TrainingEventLike } from "../../src/figures/progress/training-event";
import type { Figure } from "../../src/figures/types";
import { trainingEvents } from "./events";

const values = Array.from({ length: 300 }, (_, i) => (i * i * 31) % 997);
const numbers = (figure: Figure, trace: number, key: string): number[] => figure.data[trace][key] as number[];
const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
const titleOf = (figure: Figure, axis: string): unknown =>
  (figure.layout[axis] as { title: { text: string } }).title.text;

test("a histogram counts every value once, each group over the same bins with round edges", () => {
  const by = values.map((_, i) => (i % 3 === 0 ? "Cancer" : "Non-Cancer"));
  const figure = histogram(values, { title: "Lengths", xLabel: "Tokens", by, bins: 20 });
  assert.equal(figure.data.length, 2);
  assert.deepEqual([sum(numbers(figure, 0, "y")), sum(numbers(figure, 1, "y"))], [100, 200]);
  assert.deepEqual(numbers(figure, 0, "x"), numbers(figure, 1, "x"));
  assert.equal(figure.data[0].width, 50);
  assert.match(String(figure.data[0].name), /^Cancer: 100, median /);
  assert.equal(titleOf(figure, "xaxis"), "Tokens");
});

test("three or more groups of a histogram are stacked; two are drawn over each other, half transparent", () => {
  const shape = (groups: number): unknown[] => {
    const { data, layout } = histogram(values, { title: "", xLabel: "", by: values.map((_, i) => i % groups) });
    return [layout.barmode, ...data.map(({ marker }) => (marker as { color: string }).color.startsWith("rgba"))];
  };
  assert.deepEqual(shape(1), ["overlay", false]);
  assert.deepEqual(shape(2), ["overlay", true, true]);
  assert.deepEqual(shape(3), ["stack", false, false, false]);
  assert.deepEqual(shape(5), ["stack", false, false, false, false, false]);
});

test("a histogram holds the largest value, equal values and negative ones", () => {
  for (const list of [[0, 10], [7, 7, 7], [-1.5, 0, 2], [0.1, 0.2, 0.3], [1e-9, 2e-9], [100]]) {
    assert.equal(sum(numbers(histogram(list, { title: "", xLabel: "" }), 0, "y")), list.length, String(list));
  }
});

test("a histogram's size does not grow with its values", () => {
  const many = Array.from({ length: 200_000 }, (_, i) => i % 1000);
  assert.ok(JSON.stringify(histogram(many, { title: "t", xLabel: "x" })).length < 5000);
});

test("a histogram refuses values that it cannot count, and lists all problems", () => {
  assert.throws(
    () => histogram([1, NaN], { title: "", xLabel: "", by: ["a"], bins: 0 }),
    (error) => {
      assert.ok(error instanceof TsloraError && error.code === "bad-input");
      assert.match(error.message, /NaN at index 1/);
      assert.match(error.message, /each of the 2 values; got 1/);
      assert.match(error.message, /from 1 to 500; got 0/);
      return true;
    },
  );
  assert.throws(() => histogram([], { title: "", xLabel: "" }), /at least one number/);
});

test("a loss curve shows every step and evaluation, and marks the best evaluation", () => {
  const figure = lossCurve(trainingEvents(40));
  assert.equal(numbers(figure, 0, "x").length, 40);
  const accuracy = figure.data.find((trace) => trace.name === "validation accuracy");
  assert.deepEqual(accuracy?.x, [10, 20, 30, 40]);
  assert.equal((figure.layout.shapes as { x0: number }[])[0].x0, 30);
  assert.match(figure.text, /best: accuracy 0\.983 at step 30/);
  for (const axis of ["xaxis", "yaxis", "yaxis2"]) assert.ok(titleOf(figure, axis));
});

test("the best evaluation is named with the metric that chose it", () => {
  const history = trainingEvents(40).map((event) =>
    event.type === "evaluation"
      ? {
          ...event,
          metricForBestModel: "balanced_accuracy",
          metrics: { accuracy: event.accuracy, balanced_accuracy: 0.75 },
        }
      : event,
  );
  const [mark] = lossCurve(history).layout.annotations as { text: string }[];
  assert.equal(mark.text, "best: balanced_accuracy 0.750 at step 30");
  assert.match(
    progressWords(history.reduce<ProgressState>(progressAfter, {}), 1).evaluation,
    /accuracy 0\.988 · best: balanced_accuracy 0\.750 at step 30$/,
  );
  const byLoss = lossCurve(
    trainingEvents(40).map((event) => (event.type === "evaluation" ? { ...event, metricForBestModel: "loss" } : event)),
  );
  assert.match(byLoss.text, /best: loss 0\.020 at step 30/);
});

test("the panels of a loss curve do not overlap and fill the height", () => {
  const { layout } = lossCurve(trainingEvents(40), { learningRate: true });
  const [loss, accuracy, rate] = ["yaxis", "yaxis2", "yaxis3"].map(
    (name) => (layout[name] as { domain: [number, number] }).domain,
  );
  assert.ok(loss[1] === 1 && loss[0] > accuracy[1] && accuracy[0] > rate[1]);
  assert.ok(Math.abs(rate[0]) < 1e-3);
});

test("the steps of a long run are averaged, and a run without steps has a figure too", () => {
  const figure = lossCurve(trainingEvents(5000).filter((event) => event.type === "step"));
  assert.ok(numbers(figure, 0, "x").length <= 600);
  assert.equal(numbers(figure, 0, "x").at(-1), 5000);
  assert.ok(
    Math.abs(numbers(figure, 0, "y")[0] - sum([1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => 0.7 / step)) / 9) < 1e-4,
  );
  assert.equal(lossCurve([]).kind, "figure");
});

test("a confusion matrix writes count and share of the row into each cell", () => {
  const figure = confusionMatrixFigure(
    [
      [70, 31],
      [56, 43],
    ],
    { labels: ["NEGATIVE", "POSITIVE"] },
  );
  const cells = figure.layout.annotations as { x: number; y: number; text: string }[];
  assert.deepEqual(
    cells.map((cell) => cell.text),
    ["<b>70</b><br>69.3%", "<b>31</b><br>30.7%", "<b>56</b><br>56.6%", "<b>43</b><br>43.4%"],
  );
  assert.deepEqual([titleOf(figure, "xaxis"), titleOf(figure, "yaxis")], ["Predicted label", "True label"]);
  assert.equal((figure.layout.yaxis as { autorange: string }).autorange, "reversed");
  assert.match(figure.text, /NEGATIVE +70 \(69\.3%\) +31 \(30\.7%\)/);
});

test("the text in every cell of a confusion matrix has contrast to its colour, on a light and on a dark page", () => {
  const PAGES = [
    { ground: "#ffffff", text: PAPER.text }, // the static picture, and code hosts
    { ground: "#ffffff", text: "#1f2328" },
    { ground: "#0d1117", text: "#e6edf3" },
    { ground: "#111111", text: "#e0e0e0" }, // Jupyter Lab's dark theme
  ];
  for (let right = 0; right <= 100; right++) {
    const figure = confusionMatrixFigure(
      [
        [right, 100 - right],
        [0, 0],
      ],
      { labels: ["a", "b"] },
    );
    const { colorscale, z } = figure.data[0] as unknown as { colorscale: [[0, string], [1, string]]; z: number[][] };
    const [low, high] = colorscale.map(([, colour]) => (colour.match(/[\d.]+/g) ?? []).map(Number));
    const cells = figure.layout.annotations as { font: { color?: string } }[];
    assert.equal(cells[0].font.color, undefined, "the text has the page's colour");
    const opacity = low[3] + (high[3] - low[3]) * z[0][0];
    const colour = `#${low
      .slice(0, 3)
      .map((channel) => channel.toString(16).padStart(2, "0"))
      .join("")}`;
    for (const { ground, text } of PAGES) {
      const back = mix(ground, colour, opacity);
      assert.ok(contrast(text, back) >= 4.5, `${right}%: ${text} on ${back}`);
      if (right === 0) assert.ok(contrast(ground, back) < 1.3, `an empty cell, ${back}, glares on ${ground}`);
    }
  }
});

test("a confusion matrix of many labels with long names is no wider than other figures", () => {
  const labels = Array.from({ length: 12 }, (_, i) => `a label with a very long name, ${"number ".repeat(8)}${i}`);
  const figure = confusionMatrixFigure(
    labels.map((_, i) => labels.map((__, j) => Number(i === j))),
    { labels },
  );
  assert.ok(Number(figure.layout.width) <= 700);
  assert.ok((figure.layout.margin as { l: number }).l < 300);
  assert.ok(figure.text.includes(labels[11]), "the text form has the whole names");
});

test("a confusion matrix that is not square, not of counts or not of the labels is refused", () => {
  const labels = ["a", "b"];
  assert.throws(() => confusionMatrixFigure([[1, 2]], { labels }), /2 rows and columns/);
  assert.throws(
    () =>
      confusionMatrixFigure(
        [
          [1, 2],
          [3, 0.5],
        ],
        { labels },
      ),
    /must have counts/,
  );
  assert.throws(() => confusionMatrixFigure([], { labels: [] }), /at least one/);
});

test("a comparison draws each model's interval around its value", () => {
  const figure = comparisonFigure(
    [
      { name: "before", value: 0.5, interval: { low: 0.43, high: 0.57 } },
      { name: "after", value: 0.95, interval: null },
    ],
    { chance: 0.5 },
  );
  const [error, none] = figure.data.map((trace) => trace.error_x as { array: number[]; arrayminus: number[] });
  assert.ok(Math.abs(error.array[0] - 0.07) < 1e-12 && Math.abs(error.arrayminus[0] - 0.07) < 1e-12);
  assert.deepEqual([none.array, none.arrayminus], [[0], [0]]);
  assert.match(figure.text, /before: 0\.500 \[0\.430, 0\.570\]/);
  assert.throws(() => comparisonFigure([{ name: "x", value: 1.5 }]), /from 0 to 1; got 1\.5/);
  assert.throws(
    () => comparisonFigure([{ name: "x", value: 0.5, interval: { low: 0.6, high: 0.7 } }]),
    /interval of x must hold 0\.5/,
  );
});

test("the tick labels of a comparison fit next to long names on a narrow page", () => {
  const { layout } = comparisonFigure([{ name: "TF-IDF, logistic regression", value: 0.5 }]);
  const { range, dtick, tickangle } = layout.xaxis as { range: [number, number]; dtick: number; tickangle: number };
  const { l, r } = layout.margin as { l: number; r: number };
  const apart = ((450 - l - r) * dtick) / (range[1] - range[0]);
  assert.ok(apart > measureText("0.0", 13), `${apart} pixels`);
  assert.equal(tickangle, 0);
});

test("a loss curve spans the planned steps while training runs, and the steps that were done when it is over", () => {
  const start = { type: "start", totalSteps: 1400, stepsPerEpoch: 7, epochs: 200, trainExamples: 56 } as const;
  const step = (n: number) =>
    ({ type: "step", step: n, epoch: n / 7, loss: 1 / n, learningRate: 1e-3, tokensPerSecond: 1 }) as const;
  const end = (steps: number) => ({ type: "end", steps, elapsedSeconds: 1, stopped: true }) as const;
  const last = (...history: TrainingEventLike[]): number =>
    Math.round((lossCurve(history).layout.xaxis as { range: [number, number] }).range[1] / 1.02);
  assert.equal(last(start, step(1), step(2)), 1400);
  assert.equal(last(start, step(1), step(2), end(2)), 2);
  assert.equal(last(start, step(1), end(1), start, step(2)), 1400); // the log of a resumed run
  assert.equal(last(start, end(0)), 1400);
});

test("labels with markup are shown as text", () => {
  const hostile = `<a href="javascript:alert(1)">x</a> & <b>y</b>`;
  const figures = [
    histogram([1, 2], { title: hostile, xLabel: hostile, by: [hostile, "b"] }),
    confusionMatrixFigure([[1]], { labels: [hostile], title: hostile }),
    comparisonFigure([{ name: hostile, value: 0.5 }], { title: hostile }),
  ];
  for (const { data, layout } of figures) assert.doesNotMatch(JSON.stringify({ data, layout }), /<a |<b>y/);
});

test("colour-blind people can distinguish the colours, and they are visible on white and on black", () => {
  const published = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"];
  for (const colour of OKABE_ITO) {
    assert.ok(published.includes(colour));
    assert.ok(contrast(colour, "#ffffff") > 1.9 && contrast(colour, "#111111") > 3);
  }
});
