import assert from "node:assert/strict";
import { test } from "node:test";

import { XMLValidator } from "fast-xml-parser";

import { TsloraError } from "../../src/base/tslora-error";
import { precisionRecallFigure } from "../../src/figures/plots/precision-recall-figure";
import { renderSvg } from "../../src/figures/plotly/render-svg";
import { rocFigure } from "../../src/figures/plots/roc-figure";
import { severalTable } from "../../src/figures/tables/several-table";
import { tableText } from "../../src/figures/tables/table-text";
import { thresholdFigure } from "../../src/figures/plots/threshold-figure";
import { thresholdTable } from "../../src/figures/tables/threshold-table";

const curve = {
  metric: "f1",
  name: "F1",
  thresholds: [0, 0.3, 0.6, 1],
  values: [0.5, 0.5, 0.8, 0],
  recall: [1, 1, 0.7, 0],
  precision: [0.3, 0.3, 0.9, null],
};
const roc = { fpr: [0, 0.1, 1], tpr: [0, 0.8, 1] };

test("curves are drawn through their points, in different colours and strokes, with their areas and chosen points", () => {
  const figure = rocFigure([
    { name: "Before", ...roc, area: 0.85 },
    { name: "After", ...roc, chosen: { x: 0.1, y: 0.8, label: "threshold 0.35" } },
  ]);
  const [before, after, mark] = figure.data;
  assert.deepEqual([before.x, before.y, before.name], [[0, 0.1, 1], [0, 0.8, 1], "Before, area 0.850"]);
  const [one, other] = [before, after].map(({ line }) => line as { color: string; dash: string });
  assert.ok(one.color !== other.color && one.dash !== other.dash);
  assert.deepEqual([mark.x, mark.y, mark.text], [[0.1], [0.8], ["threshold 0.35"]]);
  assert.match(figure.text, /After; threshold 0\.35: false positive rate 0\.100, true positive rate 0\.800/);
  const steps = precisionRecallFigure(
    [{ name: "After", precision: [0.5, 1, 1], recall: [1, 0.5, 0], averagePrecision: 0.75 }],
    { prevalence: 0.5 },
  );
  assert.equal((steps.data[0].line as { shape: string }).shape, "hv"); // as average precision sums it
  assert.match(steps.text, /After, average precision 0\.750\n {2}guessing: precision 0\.500/);
});

test("a metric over thresholds is drawn as steps, with a mark at the chosen threshold", () => {
  const figure = thresholdFigure(curve, { chosen: { threshold: 0.45, value: 0.8 } });
  const metric = figure.data.find(({ name }) => name === "F1");
  assert.deepEqual(
    [metric?.x, metric?.y, (metric?.line as { shape: string }).shape],
    [curve.thresholds, curve.values, "vh"],
  );
  assert.deepEqual(
    figure.data.map(({ name }) => name),
    ["recall", "precision", "F1", "chosen"],
  );
  assert.match(figure.text, /F1: 0\.000 to 0\.800\n {2}chosen threshold 0\.450: 0\.800/);
  assert.deepEqual(
    thresholdFigure({ ...curve, metric: "cost", name: "cost" }).data.map(({ name }) => name),
    ["cost"],
  );
});

test("pictures of the curves are well-formed and small, however many points there are", () => {
  const many = Array.from({ length: 20_001 }, (_, i) => i / 20_000);
  const figures = [
    rocFigure([{ name: "<b>Long</b>", fpr: many, tpr: many }]),
    precisionRecallFigure([{ name: "Long", recall: [...many].reverse(), precision: many }], { prevalence: 0.9 }),
    thresholdFigure(
      { ...curve, thresholds: many, values: many, recall: many, precision: many },
      { chosen: { threshold: 0.5, value: 0.5 } },
    ),
  ];
  for (const figure of figures) {
    const svg = renderSvg(figure);
    assert.equal(XMLValidator.validate(svg), true);
    assert.ok(svg.length < 40_000, `${svg.length} characters`);
    assert.ok(JSON.stringify(figure).length < 60_000);
    assert.deepEqual(
      [figure.data.at(0)?.x, figure.data.at(0)?.y].map((list) => (list as number[]).length > 400),
      [true, true],
    );
  }
});

test("a threshold curve may have more points than a call has arguments", () => {
  const many = Array.from({ length: 300_000 }, (_, i) => i / 300_000);
  const values = many.map((value) => (value === 0.5 ? -0.25 : value)); // Youden's J may be below 0
  const { layout } = thresholdFigure({ ...curve, thresholds: many, values, recall: many, precision: many });
  assert.deepEqual((layout.yaxis as { range: number[] }).range, [-0.26, 1.02]);
});

test("data that are not a curve are refused", () => {
  const refused = (call: () => unknown, message: RegExp): void => {
    assert.throws(
      call,
      (error) => error instanceof TsloraError && error.code === "bad-input" && message.test(error.message),
    );
  };
  refused(() => rocFigure([]), /at least one curve/);
  refused(
    () => rocFigure([{ name: "x", fpr: [NaN, NaN], tpr: [0, 1] }]),
    /x and y of x must be from 0 to 1; got NaN\. A single label has no curve/,
  );
  refused(
    () => precisionRecallFigure([{ name: "x", recall: [1], precision: [1, 0] }], { prevalence: 2 }),
    /1 and 2 numbers[^]*prevalence/,
  );
  refused(() => thresholdFigure({ ...curve, recall: [1] }), /each of the 4 thresholds; got 4, 1 and 4/);
});

test("several evaluations are shown side by side, each value with its interval", () => {
  const interval = { low: 0.4, high: 0.6 };
  const text = tableText(
    severalTable(
      {
        names: ["Before", "Weighted"],
        rows: [
          { group: "Overall Performance", metric: "Accuracy", values: [0.5, 0.95], intervals: [interval, null] },
          { group: "Other", metric: "F1", values: [NaN, 1] },
        ],
      },
      { note: "A note." },
    ),
  );
  assert.match(text, /Metric +Before +Weighted\n/);
  assert.match(text, /Overall Performance\nAccuracy +0\.500 \[0\.400, 0\.600\] +0\.950\n/);
  assert.match(text, /F1 +– +1\.000\nA note\./);
});

test("thresholds are shown with their scores on other texts, and with the test of the difference", () => {
  const row = {
    name: "F1",
    tuned: { threshold: 0.25, value: 0.9 },
    value: 0.8,
    valueAtHalf: 0.75,
    changeInterval: { low: -0.02, high: 0.1 },
    verdict: "undecided" as const,
    precision: 0.7,
    recall: 0.9,
  };
  const text = tableText(
    thresholdTable([row, { ...row, name: "cost", value: null, changeInterval: null, verdict: "worse" }]),
  );
  assert.match(text, /F1 +0\.250 +0\.900 +0\.800 +0\.750 +\[−0\.020, 0\.100\] +0\.700 +0\.900 +undecided/);
  assert.match(text, /cost +0\.250 +0\.900 +– +0\.750 +– +0\.700 +0\.900 +worse/);
  assert.match(text, /too good to report/);
});
