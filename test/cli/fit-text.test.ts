import assert from "node:assert/strict";
import { test } from "node:test";

import { fitOneLine, fitText, widthOf } from "../../src/cli/terminal/fit-text";
import { comparisonTable } from "../../src/figures/tables/comparison-table";
import { measureColumns } from "../../src/figures/tables/measure-columns";
import { tableText } from "../../src/figures/tables/table-text";

const interval = { low: 0.936, high: 0.986 };
const names = ["Accuracy", "Accuracy for sehr gut \u{1f44d}", "Recall (三)", "F1-Score (not good, at all)"];
const rows = names.map((metric, i) => ({
  group: i === 0 ? "Overall Performance" : "Classification Report",
  metric,
  before: 0.5,
  after: 0.97,
  change: 0.47,
  beforeInterval: interval,
  afterInterval: interval,
  changeInterval: interval,
  baseline: 0.925,
}));
const table = tableText(
  comparisonTable({ rows }, { note: "A note that is a sentence of some length and that is broken between its words." }),
);

test("a table is split into blocks of columns that fit, each with the first column, and no cell is lost", () => {
  for (const width of [60, 80, 100]) {
    const fitted = fitText(table, width);
    for (const line of fitted.split("\n")) assert.ok(measureColumns(line) <= width, `${width}: ${line}`);
    const words = (text: string): string[] => (text.match(/[\d.+]+(?: \[[\d., ]+\])?/g) ?? []).sort();
    const repeated = fitted.split(names[0]).length - 1;
    assert.ok(repeated > 1, "the first column is repeated");
    for (const word of new Set(words(table))) assert.ok(fitted.includes(word), `${width}: ${word}`);
  }
});

test("numbers of a column are aligned within a block", () => {
  const lines = fitText(table, 80).split("\n");
  const [head, rule] = [
    lines.findIndex((line) => line.startsWith("Metric")),
    lines.findIndex((line) => line.startsWith("─")),
  ];
  assert.equal(rule, head + 1);
  const ends = lines
    .filter((line) => names.some((name) => line.startsWith(name)))
    .slice(0, names.length)
    .map(measureColumns);
  assert.equal(new Set(ends).size, 1, lines.join("\n"));
});

test("text is unchanged on a wide terminal and without a terminal", () => {
  assert.equal(fitText(table, undefined), table);
  assert.equal(fitText(table, 300), table);
  assert.equal(widthOf({ isTTY: true, columns: 40 }), 40);
  assert.equal(widthOf({ columns: 40 }), undefined, "a file or a pipe");
  assert.equal(widthOf({ isTTY: true, columns: 0 }), undefined, "a terminal that does not know its width");
});

test("sentences are wrapped between words and keep their bar or indent; text that is aligned by blanks is not wrapped", () => {
  assert.equal(fitText("▌ One two three four", 12), "▌ One two\n▌ three four");
  assert.equal(fitText("  at one two", 8), "  at one\n  two");
  assert.equal(fitText("a   b   c", 5), "a   b   c");
  assert.equal(fitText("word".repeat(10), 8), "word".repeat(10));
  assert.equal(fitText("\u001b[33mone two\u001b[0m three", 8), "\u001b[33mone two\u001b[0m\nthree");
});

test("a line that is redrawn in place fits the terminal's columns, for wide characters, tabs and escapes too", () => {
  assert.equal(fitOneLine("as wide", 7), "as wide");
  assert.equal(fitOneLine("as wide as", 7), "as wid…");
  assert.equal(fitOneLine("训练模型", 8), "训练模型");
  assert.equal(fitOneLine("训练模型", 7), "训练模…");
  assert.equal(fitOneLine("训练模型", 6), "训练…");
  assert.equal(fitOneLine("a\tb\u0007", 20), "a b\\u0007");
  for (const text of ["训练模型 and 😀😀", "e\u0301".repeat(30), "\t\t\t\u001b\u001b\u001b", "x\ny\rz"])
    for (let width = 1; width < 30; width++) {
      const fitted = fitOneLine(text, width);
      assert.ok(measureColumns(fitted) <= width, `${width}: ${JSON.stringify(fitted)}`);
      assert.doesNotMatch(fitted, /[\t\r\n]/);
    }
});
