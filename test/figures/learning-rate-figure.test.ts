import assert from "node:assert/strict";
import { test } from "node:test";

import { XMLValidator } from "fast-xml-parser";

import { renderSvg } from "../../src/figures/plotly/render-svg";
import { learningRateFigure, type LearningRateTestLike } from "../../src/figures/plots/learning-rate-figure";
import { trainingProgress } from "../../src/figures/progress/training-progress";
import type { TrainingEventLike } from "../../src/figures/progress/training-event";
import { notebookOutput, textOutput } from "./notebook-output";

/** A loss that is flat, falls and diverges, over rates from 1e-6 to 1. */
const points = Array.from({ length: 60 }, (_, i) => {
  const smoothedLoss = i < 20 ? 0.7 : i < 45 ? 0.7 - 0.016 * (i - 19) : 0.3 * 1.3 ** (i - 45);
  return { learningRate: 10 ** ((6 * i) / 59 - 6), loss: smoothedLoss * (1 + 0.1 * Math.sin(9 * i)), smoothedLoss };
});
const found: LearningRateTestLike = {
  points,
  suggestion: { kind: "found", learningRate: points[32].learningRate, smoothedLoss: points[32].smoothedLoss },
  reason: "diverged",
};

test("a range test is drawn over the logarithm of the rate, with the suggestion marked", () => {
  const figure = learningRateFigure(found);
  assert.deepEqual(
    figure.data.map(({ name }) => name),
    ["loss of each step", "smoothed loss", "suggested"],
  );
  const { xaxis, yaxis, annotations, shapes } = figure.layout as {
    xaxis: { type: string };
    yaxis: { range: [number, number] };
    annotations: { x: number; text: string }[];
    shapes: { x0: number }[];
  };
  assert.equal(xaxis.type, "log");
  assert.ok(yaxis.range[1] < 1.6, "a loss that diverges runs out of the figure");
  const rate = points[32].learningRate;
  assert.deepEqual([annotations[0].text, shapes[0].x0], [`suggested ${rate.toExponential(1)}`, rate]);
  assert.ok(Math.abs(10 ** annotations[0].x / rate - 1) < 1e-9);
  assert.match(
    figure.text,
    /rates from 1\.0e-6 to 1\.0e\+0 in 60 steps, where the loss diverged\n {2}suggested: 1\.8e-3/,
  );
  const svg = renderSvg(figure);
  assert.equal(XMLValidator.validate(svg), true);
  assert.match(svg, /suggested 1\.8e-3/);
});

test("a test without a suggestion, and one of a single point, are drawn; one without points is refused", () => {
  const none = learningRateFigure({ points, suggestion: { kind: "none" } });
  assert.deepEqual([none.data.length, none.layout.shapes], [2, undefined]);
  assert.match(none.text, /no suggestion/);
  assert.equal(XMLValidator.validate(renderSvg(learningRateFigure({ ...found, points: points.slice(0, 1) }))), true);
  assert.throws(() => learningRateFigure({ ...found, points: [] }), /points must have at least one point/);
});

test("progress shows a range test by its name, its figure, and the suggestion", () => {
  const message = "Suggested learning rate: 1.8e-3.";
  const events: TrainingEventLike[] = [
    { type: "start", task: "learning-rate-test", totalSteps: 80, stepsPerEpoch: 20, epochs: 4, trainExamples: 320 },
    ...points.map((point, i) => ({ type: "step" as const, step: i + 1, epoch: i / 20, tokensPerSecond: 9, ...point })),
    { type: "end", steps: 60, elapsedSeconds: 5, stopped: false, ...found, reason: "diverged", message },
  ];
  const { output, places } = notebookOutput();
  const progress = trainingProgress({ output, now: () => 0 });
  for (const event of events) progress.show(event);
  assert.match(places[0].text, /Learning-rate test ended, since the loss diverged: step 60 of 80/);
  assert.match(places[0].text, /Suggested learning rate: 1\.8e-3\./);
  assert.match(JSON.stringify(places), /suggested 1\.8e-3/);
  const log = textOutput();
  const lines = trainingProgress({ output: log.output, now: () => 0 });
  for (const event of events) lines.show(event);
  const printed = log.lines();
  assert.match(printed[0], /^Learning-rate test: step 0 of 80/);
  assert.equal(printed.at(-1), message);
});
