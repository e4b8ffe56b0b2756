import assert from "node:assert/strict";
import { test } from "node:test";

import { bannerHtml, bannerText, banner } from "../../src/figures/banner";
import { comparisonTable, type ComparisonTableRow } from "../../src/figures/tables/comparison-table";
import { evaluationTable } from "../../src/figures/tables/evaluation-table";
import { frameTable } from "../../src/figures/tables/frame-table";
import { keyValueTable } from "../../src/figures/tables/key-value-table";
import { reportTable } from "../../src/figures/tables/report-table";
import { tableHtml } from "../../src/figures/tables/table-html";
import { tableText } from "../../src/figures/tables/table-text";

const hostile = `<img src=x onerror="alert('1')"> & more`;
const long = "Words of a text that nobody wants to see in full in a notebook, the last of which is: SECRET";
const rows = Array.from({ length: 25 }, (_, i) => ({
  texts: i === 3 ? hostile : `${i} ${long}`,
  ID: String(100 + i),
  label: i % 2,
  score: i === 1 ? NaN : i / 7,
}));

test("a frame's head and tail are shown as pandas shows them", () => {
  const lines = tableText(frameTable(rows, { maxWidth: 12 })).split("\n");
  assert.equal(lines.length, 2 + 5 + 1 + 5 + 1);
  assert.match(lines[0], /^ +texts +ID +label +score$/);
  assert.match(lines[2], /^ 0 +0 Words of… +100 +0 +0$/);
  assert.match(lines[7], /^ … +… +… +… +…$/);
  assert.match(lines[12], /^24 /);
  assert.equal(lines[13], "25 rows × 4 columns");
  assert.match(lines[3], /NaN$/);
});

test("a truncated text has its full text as a tooltip, unless the table must not contain it", () => {
  for (const maxWidth of [1, 20, 60]) {
    const table = frameTable(rows, { maxWidth, fullText: false });
    for (const shown of [tableHtml(table), tableText(table), JSON.stringify(table)]) {
      assert.ok(!shown.includes("SECRET") && !shown.includes(long.slice(0, maxWidth)));
    }
  }
  const hidden = tableHtml(frameTable(rows, { hide: ["texts"] }));
  assert.ok(!hidden.includes("Words") && hidden.includes(`(${long.length + 2} characters)`));
  assert.ok(tableHtml(frameTable(rows)).includes("SECRET"));
});

test("truncation keeps whole characters", () => {
  assert.ok(tableText(frameTable([{ t: "😀😀😀😀" }], { maxWidth: 3 })).includes("😀😀…"));
});

test("a danfojs frame, a single column of one, and a frame without rows are shown", () => {
  const frame = {
    columns: ["a", "b"],
    values: [
      [1, "x"],
      [2, "y"],
    ],
    index: ["first", "second"],
    shape: [2, 2],
  };
  assert.match(tableText(frameTable(frame)), /first +1 +x\nsecond +2 +y\n2 rows × 2 columns/);
  assert.match(tableText(frameTable({ columns: ["a"], values: [5, 6] })), /0 +5\n1 +6\n2 rows × 1 column$/);
  assert.match(tableText(frameTable({ columns: ["a"], values: [] })), /0 rows × 1 column/);
});

test("frameTable's options are checked, all at once", () => {
  assert.throws(
    () => frameTable(rows, { maxRows: 0, maxWidth: 1.5, hide: ["text"] }),
    /maxRows[^]*maxWidth[^]*texts, ID, label, score\); got text/,
  );
});

test("hostile texts stay text: in cells, titles, notes, column names and hover texts", () => {
  const html = tableHtml({
    kind: "table",
    title: hostile,
    note: hostile,
    columns: [{ name: hostile, group: hostile }],
    rows: [
      { kind: "section", title: hostile },
      { kind: "cells", cells: [{ text: hostile, detail: hostile, hover: hostile }] },
    ],
  });
  assert.ok(!html.includes("<img") && !/onerror="/.test(html));
  assert.equal(html.split("&#60;img").length - 1, 8);
  assert.ok(!bannerHtml(banner(hostile, { title: hostile })).includes("<img"));
  assert.ok(!tableText(frameTable([{ a: "x\u001b[31mred\r\ny" }])).includes("\u001b"));
});

test("numbers are aligned right and words left", () => {
  const html = tableHtml(frameTable(rows.slice(5, 7), { maxWidth: 5 }));
  assert.match(html, /<td style="text-align:left">105<\/td><td style="text-align:right;white-space:nowrap">1<\/td>/);
});

const study: ComparisonTableRow[] = [
  {
    group: "Overall Performance",
    metric: "Accuracy",
    before: 0.495,
    after: 0.95,
    change: 0.455,
    beforeInterval: { low: 0.4264, high: 0.5638 },
    afterInterval: null,
    published: { before: 0.495, after: 0.565, change: 0.07 },
    digits: 3,
    baseline: 0.925,
  },
  {
    group: "Class-Specific Accuracy",
    metric: "Accuracy for Label 1",
    before: 1,
    after: 0.94,
    change: -0.06,
    published: { before: 1, after: 0.434, change: -0.566 },
    digits: 3,
    baseline: null,
  },
  { group: "Classification Report", metric: "Precision (Label 0)", before: 0, after: NaN, change: 0, published: null },
];

test("the comparison shows published and own values side by side, with their digits, changes and intervals", () => {
  const text = tableText(comparisonTable({ rows: study }, { note: "A note.", notes: { Accuracy: "Above chance." } }));
  const [title, head, , ...lines] = text.split("\n");
  assert.match(title, /^Comparative study/);
  assert.match(
    head,
    /Metric +Before, published +After, published +Change, published +Before, this run +After, this run +Change, this run +Baseline +Notes/,
  );
  assert.equal(lines[0], "Overall Performance");
  assert.match(
    lines[1],
    /^Accuracy +0\.495 +0\.565 +\+0\.070 +0\.495 \[0\.426, 0\.564\] +0\.950 +\+0\.455 +0\.925 +Above chance\.$/,
  );
  assert.match(lines[3], /1\.000 +0\.434 +−0\.566 +1\.000 +0\.940 +−0\.060 +–$/);
  assert.match(lines[5], /^Precision \(Label 0\) +– +– +– +0\.000 +– +0\.000 +–$/);
  assert.equal(lines[6], "A note.");
});

test("the comparison leaves out the columns that no row fills, and groups the others", () => {
  const bare = comparisonTable([{ group: "g", metric: "m", before: 0, after: 1, change: 1 }]);
  assert.deepEqual(
    bare.columns.map((column) => column.name),
    ["Metric", "Before", "After", "Change"],
  );
  assert.match(
    tableHtml(comparisonTable(study)),
    /<th colspan="3"[^>]*>Published<\/th><th colspan="3"[^>]*>This run<\/th>/,
  );
});

test("every row of a table has a cell for each column", () => {
  for (const table of [
    comparisonTable(study),
    comparisonTable(study, { notes: { Accuracy: "x" } }),
    frameTable(rows),
    keyValueTable({ a: 1 }),
  ]) {
    for (const row of table.rows) if (row.kind === "cells") assert.equal(row.cells.length, table.columns.length);
  }
});

test("a report has scikit-learn's order", () => {
  const line = { precision: 0.5, recall: 0.25, "f1-score": 1 / 3, support: 4 };
  const text = tableText(
    reportTable({ "macro avg": line, accuracy: 0.5, POSITIVE: line, "weighted avg": { ...line, support: 1200 } }),
  );
  assert.deepEqual(
    text
      .split("\n")
      .slice(3)
      .map((row) => row.split(/ {2,}/)[0]),
    ["POSITIVE", "accuracy", "macro avg", "weighted avg"],
  );
  assert.match(text, /POSITIVE +0\.500 +0\.250 +0\.333 +4\n/);
  assert.match(text, /accuracy +0\.500 +1,200\n/);
});

test("an evaluation shows every label's accuracy with its interval", () => {
  const label = {
    name: "NEGATIVE",
    accuracy: 0.9,
    accuracyInterval: { low: 0.8, high: 0.95 },
    precision: 0.9,
    recall: 0.9,
    f1: 0.9,
    support: 101,
  };
  const text = tableText(
    evaluationTable({
      n: 200,
      accuracy: 0.95,
      perLabel: [label, { ...label, name: "POSITIVE", accuracyInterval: null }],
    }),
  );
  assert.match(text, /NEGATIVE +0\.900 \[0\.800, 0\.950\] +0\.900 +0\.900 +0\.900 +101/);
  assert.match(text, /all +0\.950 +200/);
});

test("names and values are shown as words", () => {
  const text = tableText(
    keyValueTable(
      { model: "x", learningRate: 2e-5, seed: 42, gpu: false, targets: ["query", "value"], none: undefined },
      { title: "Parameters" },
    ),
  );
  assert.equal(
    text,
    "Parameters\nmodel         x\nlearningRate  2e-5\nseed          42\ngpu           no\ntargets       query, value\nnone          –",
  );
});

test("each line of a banner's text form begins with a bar", () => {
  assert.equal(bannerText(banner("It says nothing.", { title: "Sample" })), "▌ WARNING: Sample\n▌ It says nothing.");
});
