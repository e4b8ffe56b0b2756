import assert from "node:assert/strict";
import { test } from "node:test";

import { renderSvg } from "../../src/figures/plotly/render-svg";
import { seriesFigure } from "../../src/report/page/series-figure";
import type { ReportFigure } from "../../src/report/report-section";

const NAMES = Array.from({ length: 9 }, (_, i) => `a method whose name is long, number ${i + 1}`);

function figureOf(form: ReportFigure["form"], names: readonly string[]): ReportFigure {
  const points = names.map((x, i) => ({ x, y: 0.5 + i / 20, low: 0.4 + i / 20, high: 0.6 + i / 20 }));
  const reference = { y: 0.45, label: "guessing" };
  return {
    kind: "figure",
    title: "F",
    form,
    xLabel: "Method",
    yLabel: "Accuracy",
    series: [{ name: "s", points }],
    reference,
  };
}

test("categories whose names do not fit next to each other are rows, each with its whole name, from the top on", () => {
  for (const form of ["interval", "bars"] as const) {
    const figure = seriesFigure(figureOf(form, NAMES));
    const [trace] = figure.data;
    assert.deepEqual(trace.y, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.equal((trace.x as number[])[2], 0.6);
    const { array } = trace.error_x as { array: readonly number[] };
    assert.ok(array.every((length) => Math.abs(length - 0.1) < 1e-12));
    assert.ok(!("error_y" in trace));
    assert.deepEqual((figure.layout.yaxis as { range: unknown }).range, [8.6, -0.6]);
    const [line] = figure.layout.shapes as { x0: number; x1: number; yref: string }[];
    assert.deepEqual([line.x0, line.x1, line.yref], [0.45, 0.45, "paper"]);
    const svg = renderSvg(figure);
    for (const text of [...NAMES, "guessing", "Accuracy"]) assert.ok(svg.includes(text), `${form}: ${text}`);
    assert.ok(!svg.includes("NaN"));
  }
});

test("short names stay below the axis, and a very long one is shortened", () => {
  const upright = seriesFigure(figureOf("interval", ["before", "after"]));
  assert.deepEqual(upright.data[0].x, [0, 1]);
  const long = `x${"y".repeat(80)}`;
  const [shown] = (seriesFigure(figureOf("interval", [long, "b"])).layout.yaxis as { ticktext: readonly string[] })
    .ticktext;
  assert.ok(shown.length <= 44 && shown.endsWith("…"), shown);
});
