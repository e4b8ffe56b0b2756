import assert from "node:assert/strict";
import { test } from "node:test";

import { XMLValidator } from "fast-xml-parser";

import { TsloraError } from "../../src/base/tslora-error";
import { prevalenceFigure } from "../../src/figures/plots/prevalence-figure";
import { reliabilityFigure } from "../../src/figures/plots/reliability-figure";
import { riskCoverageFigure } from "../../src/figures/plots/risk-coverage-figure";
import { renderSvg } from "../../src/figures/plotly/render-svg";

const reliability = { probPred: [0.1, 0.5, 0.9], probTrue: [0.2, 0.5, 0.7], counts: [100, 4, 25] };
const point = (prevalence: number, precision: number) => ({
  prevalence,
  precision,
  precisionInterval: { low: precision / 2, high: (1 + precision) / 2 },
});

test("reliability is drawn by bins, larger for more texts, against the diagonal", () => {
  const figure = reliabilityFigure([
    { name: "before", ...reliability, error: 0.1234 },
    { name: "after", probPred: [0.2], probTrue: [0.2] },
  ]);
  const [before, after] = figure.data;
  assert.deepEqual([before.x, before.y, before.name], [[0.1, 0.5, 0.9], [0.2, 0.5, 0.7], "before, error 0.123"]);
  assert.deepEqual((before.marker as { size: number[] }).size, [16, 8, 11]);
  assert.deepEqual((after.marker as { size: number[] }).size, [8]);
  assert.match(figure.text, /0\.10: 0\.20 positive of 100/);
});

test("risk-coverage curves and precision by prevalence are drawn with their marks", () => {
  const risk = riskCoverageFigure([
    {
      name: "model",
      coverage: [0.25, 0.5, 1],
      risk: [0, 0.1, 0.2],
      aurc: 0.08,
      chosen: { x: 0.5, y: 0.1, label: "risk 0.1" },
    },
  ]);
  assert.deepEqual([risk.data[0].y, risk.data[0].name], [[0, 0.1, 0.2], "model, area 0.0800"]);
  assert.match(risk.text, /0\.50 labelled: 0\.100 wrong/);
  const prevalence = prevalenceFigure({ testPrevalence: 0.5, points: [point(0.5, 0.95), point(0.01, 0.15)] });
  assert.deepEqual(
    [prevalence.data[2].x, prevalence.data[2].y],
    [
      [0.01, 0.5],
      [0.15, 0.95],
    ],
  );
  assert.match(prevalence.text, /1% positive: precision 0\.150 \(0\.075 to 0\.575\)/);
});

test("figures that cannot be drawn are refused", () => {
  const bad = (error: unknown): boolean => error instanceof TsloraError && error.code === "bad-input";
  assert.throws(() => reliabilityFigure([]), bad);
  assert.throws(() => reliabilityFigure([{ name: "x", probPred: [0.1, 0.2], probTrue: [0.1] }]), bad);
  assert.throws(() => riskCoverageFigure([{ name: "x", coverage: [1, 0.5], risk: [0, 0] }]), bad);
  assert.throws(() => prevalenceFigure({ points: [point(0.5, 0.9)] }), bad);
});

test("they render as SVG", () => {
  for (const figure of [
    reliabilityFigure([{ name: "a <b>", ...reliability }]),
    riskCoverageFigure([{ name: "a", coverage: [0.5, 1], risk: [0, 0.1] }]),
    prevalenceFigure({ testPrevalence: 0.5, points: [point(0.01, 0.15), point(0.5, 0.95)] }),
  ])
    assert.equal(XMLValidator.validate(renderSvg(figure)), true);
});
