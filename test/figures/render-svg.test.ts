import assert from "node:assert/strict";
import { test } from "node:test";

import { XMLParser, XMLValidator } from "fast-xml-parser";

import { comparisonFigure } from "../../src/figures/plots/comparison-figure";
import { confusionMatrixFigure } from "../../src/figures/plots/confusion-matrix-figure";
import { figure } from "../../src/figures/plots/figure";
import { histogram } from "../../src/figures/plots/histogram";
import { lossCurve } from "../../src/figures/plots/loss-curve";
import { measureText } from "../../src/figures/plotly/measure-text";
import { renderSvg } from "../../src/figures/plotly/render-svg";
import type { Figure } from "../../src/figures/types";
import { trainingEvents } from "./events";

const hostile = `</svg><script>alert(1)</script> & "quotes" \u0000\u0008 \ud800 ]]>`;
const figures: Record<string, Figure> = {
  histogram: histogram(
    Array.from({ length: 200 }, (_, i) => (i * 37) % 400),
    {
      title: "Length of the abstracts",
      xLabel: "Tokens",
      by: Array.from({ length: 200 }, (_, i) => i % 2),
      marks: [{ value: 512, label: "512" }],
    },
  ),
  "loss curve": lossCurve(trainingEvents(200), { learningRate: true }),
  "confusion matrix": confusionMatrixFigure(
    [
      [96, 5],
      [6, 93],
    ],
    { labels: ["NEGATIVE", "POSITIVE"] },
  ),
  comparison: comparisonFigure(
    [
      { name: "before", value: 0.5, interval: { low: 0.43, high: 0.57 } },
      { name: "after", value: 0.95 },
    ],
    { chance: 0.5 },
  ),
  hostile: histogram([1, 2, 3], { title: hostile, xLabel: hostile, by: [hostile, "b", "c"] }),
};

/** All text in a picture, in order. */
function textsOf(svg: string): string {
  const texts: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "#text") texts.push(String(value));
      else walk(value);
    }
  };
  walk(new XMLParser({ preserveOrder: true, trimValues: false, htmlEntities: true }).parse(svg));
  return texts.join("\n");
}

for (const [name, shown] of Object.entries(figures)) {
  test(`the picture of a ${name} is well-formed, small, and holds no script`, () => {
    const svg = renderSvg(shown);
    assert.equal(XMLValidator.validate(svg), true);
    assert.ok(svg.length < 30_000, `${svg.length} characters`);
    assert.doesNotMatch(svg, /TOBESTRIPPED/); // a mark that plotly sets and should have taken away
    assert.equal(svg.split("font-family").length, 2);
    assert.doesNotMatch(svg, /<script|<foreignObject| on[a-z]+=/i);
    assert.doesNotMatch(svg, /(?:href|src)="(?!data:image\/png|#)/);
  });
}

test("the same figure gives the same picture, and two pictures share no id", () => {
  const [one, again, other] = [figures.histogram, figures.histogram, figures.comparison].map(renderSvg);
  assert.equal(one, again);
  const ids = (svg: string): string[] => Array.from(svg.matchAll(/ id="([^"]+)"/g), (match) => match[1]);
  assert.ok(ids(one).length > 0);
  for (const id of ids(one)) assert.ok(!ids(other).includes(id));
  for (const match of one.matchAll(/url\(#([^)]+)\)/g))
    assert.ok(ids(one).includes(match[1]), `${match[1]} is referred to but not there`);
});

test("a picture holds the title, the axes' names, the ticks and the cells' texts as they were given", () => {
  const matrix = textsOf(renderSvg(figures["confusion matrix"]));
  for (const text of ["Confusion matrix", "True label", "Predicted label", "NEGATIVE", "POSITIVE", "96", "95.0%"])
    assert.ok(matrix.includes(text), text);
  assert.ok(textsOf(renderSvg(figures.comparison)).includes("0.500 [0.430, 0.570]"));
  assert.ok(textsOf(renderSvg(figures.hostile)).includes("</svg><script>alert(1)</script>"));
});

test("drawing leaves the figure as it was", () => {
  const before = JSON.stringify(figures["loss curve"]);
  renderSvg(figures["loss curve"]);
  assert.equal(JSON.stringify(figures["loss curve"]), before);
});

test("a heatmap's cells are painted in its colours", () => {
  const svg = renderSvg(figures["confusion matrix"]);
  const png = Buffer.from(/data:image\/png;base64,([^"]+)"/.exec(svg)?.[1] ?? "", "base64");
  assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
  assert.ok(png.readUInt32BE(16) > 100 && png.readUInt32BE(20) > 100);
});

test("other traces of plotly's small build are drawn; those that need a screen are refused by name", () => {
  assert.match(
    renderSvg(figure({ data: [{ type: "box", y: [1, 2, 3, 9] }], layout: { title: { text: "Box" } } })),
    /Box/,
  );
  assert.throws(
    () => renderSvg(figure({ data: [{ type: "scatter3d", x: [1], y: [1], z: [1] }], layout: {} })),
    /scatter3d/,
  );
});

test("the measured width of a text depends on its letters, and is an upper bound", () => {
  assert.ok(measureText("iiii", 13) < measureText("WWWW", 13));
  assert.ok(measureText("癌症", 10) >= 20);
  assert.ok(measureText("Predicted label", 14) > 14 * 6.2 && measureText("Predicted label", 14) < 14 * 9);
});
