import assert from "node:assert/strict";
import { test } from "node:test";

import { compareOutputs, type CompareOptions } from "../../src/notebook/check/compare-outputs";
import { failedLine, locateSource } from "../../src/notebook/run/locate-source";
import type { Output } from "../../src/notebook/format/notebook-types";
import { serializeNotebook } from "../../src/notebook/format/serialize-notebook";
import { notebookOf } from "./notebooks";

const shown = (data: Record<string, unknown>): Output => ({ output_type: "display_data", data, metadata: {} });
const printed = (text: string, name: "stdout" | "stderr" = "stdout"): Output => ({ output_type: "stream", name, text });

function differences(found: readonly Output[], expected: readonly Output[], options: CompareOptions = {}): string[] {
  const [now, before] = [found, expected].map((outputs) => {
    const notebook = notebookOf(["1"]);
    return { ...notebook, cells: notebook.cells.map((cell) => ({ ...cell, outputs })) };
  });
  return compareOutputs(before, now, options).map(
    (difference) => `${difference.number} ${difference.what}: ${difference.expected} -> ${difference.found}`,
  );
}

test("streams are compared as a whole, numbers within the tolerance, columns however wide", () => {
  assert.deepEqual(
    differences(
      [printed("loss 0.50000001\n"), shown({ "text/plain": "x" }), printed("a   1\n")],
      [printed("loss 0.5\na  1\n"), shown({ "text/plain": "x" })],
    ),
    [],
  );
  assert.deepEqual(differences([printed("a 1\nb 2\n")], [printed("a 1\nb 3\n")]), ['1 stdout, line 2: "b 3" -> "b 2"']);
  assert.deepEqual(differences([printed("a 1\nb 2\n")], [printed("a 1\n")]), ['1 stdout, line 2: nothing -> "b 2"']);
  assert.deepEqual(differences([printed("2.02")], [printed("2")], { relativeTolerance: 0.01 }), []);
  assert.deepEqual(differences([printed("nan -inf")], [printed("nan inf")]), [
    '1 stdout, line 1: "nan inf" -> "nan -inf"',
  ]);
  assert.deepEqual(differences([printed("a warning", "stderr")], []), [], "stderr does not matter");
  assert.deepEqual(
    differences([printed("<f at 0x7f12ab34cd> in 3 s")], [printed("<f at 0x7f99ab34cd> in 4 s")], {
      ignore: ["\\d+ s"],
    }),
    [],
  );
});

test("patterns of texts to ignore are matched in linear time, also at line ends, and refused if RE2 does not support them", () => {
  const nines = "9".repeat(200_000);
  assert.deepEqual(differences([printed(`${nines}\n`)], [printed(`${nines}\n`)], { ignore: ["(9+)+x"] }), []);
  assert.equal(differences([printed(nines)], [printed("8")], { ignore: ["(9+)+x"] }).length, 1);
  assert.deepEqual(
    differences([printed("a\n3 s\nb")], [printed("a\n44 s\nb")], { ignore: ["^\\d+ s$", "\\u{1F600}"] }),
    [],
  );
  for (const pattern of ["(", "(?<=a)b", "a(?!b)", "(a)\\1", "((a{100}){100}){100}"])
    assert.throws(
      () => differences([printed("a")], [printed("a")], { ignore: [pattern] }),
      (error: Error) => error.name === "PatternError" && error.message.startsWith(JSON.stringify(pattern)),
    );
  assert.throws(() => differences([], [], { ignore: ["a".repeat(1001)] }), /at most 1000 characters; got 1001/);
});

test("figures are compared by their traces: in plotly's own form, packed, or in HTML", () => {
  const packed = { dtype: "f8", bdata: Buffer.from(new Float64Array([1, 2]).buffer).toString("base64") };
  const own = (y: unknown, title = "t"): Output =>
    shown({
      "application/vnd.plotly.v1+json": { data: [{ type: "bar", uid: title, y }], layout: { title } },
      "text/html": `<div>${title}</div>`,
    });
  assert.deepEqual(differences([own([1, 2], "other")], [own(packed)]), []);
  assert.deepEqual(differences([own([1, 2.5])], [own(packed)]), ["1 output 1, figure, 0, 0, y, 1: 2 -> 2.5"]);
  const html = (y: number): Output =>
    shown({
      "text/html": `<div id="x${y}"></div><script>f({"data":[{"y":[${y}],"name":"a ] \\" }"}],"layout":{}})</script>`,
    });
  assert.deepEqual(differences([html(1)], [html(1.000001)]), []);
  assert.deepEqual(differences([html(1)], [html(2)]), ["1 output 1, figure, 0, 0, y, 0: 2 -> 1"]);
  assert.deepEqual(
    differences(
      [shown({ "text/html": 'Plotly.newPlot("a", [{"y": [1]}], {})<script>' })],
      [shown({ "text/html": "Plotly.newPlot('b', [{\"y\": [1]}])<script>" })],
    ),
    [],
  );
});

test("other outputs: tables by their words, pictures by their type, errors by name and message, missing ones", () => {
  assert.deepEqual(
    differences(
      [shown({ "text/html": "<table><tr><td>1.0000001</td></tr></table>" })],
      [shown({ "text/html": "<table class=x>\n<tr><td>1</td></tr></table>" })],
    ),
    [],
  );
  assert.deepEqual(differences([shown({ "image/png": "a" })], [shown({ "image/png": "b" })]), []);
  assert.deepEqual(differences([shown({ "image/png": "a" })], [shown({ "image/svg+xml": "b" })]), [
    "1 output 1, types: image/svg+xml -> image/png",
  ]);
  const error = (evalue: string, stack: string): Output => ({
    output_type: "error",
    ename: "E",
    evalue,
    traceback: [stack],
  });
  assert.deepEqual(differences([error("x", "1")], [error("x", "2")]), []);
  assert.deepEqual(differences([error("x", "1")], [error("y", "1"), shown({ "text/plain": "p" })]), [
    '1 output 1, line 1: "E: y" -> "E: x"',
    "1 output 2: an output of text/plain -> nothing",
  ]);
  assert.deepEqual(
    differences([shown({ "application/json": { a: [1, "x"] } })], [shown({ "application/json": { a: [1, "y"] } })]),
    ['1 output 1, application/json, a, 1: "y" -> "x"'],
  );
});

test("the failed line is found by the traceback, and its line in the notebook's file, also among equal cells", () => {
  const report = (source: string, traceback: string[]): Parameters<typeof failedLine>[0] => ({
    index: 0,
    number: 2,
    total: 2,
    id: "a",
    source,
    elapsedMs: 0,
    outcome: { status: "error", error: { output_type: "error", ename: "E", evalue: "v", traceback } },
  });
  assert.equal(
    failedLine(report("a\nb\nc", ["E: v\n    at f (cell 1, line 1, column 2)\n    at cell 2, line 3, column 1"])),
    3,
  );
  assert.equal(
    failedLine(report("a\nb\nc", ["\u001b[0;31mE\u001b[0m", "Cell In[2], line 2\n      1 a\n----> 2 b"])),
    2,
  );
  assert.equal(failedLine(report("a", ["line 99"])), 1);

  const notebook = notebookOf(['x = 1\n"q"\ny', "other", 'x = 1\n"q"\ny']);
  const text = serializeNotebook(notebook, "a");
  const at = (line: number, earlier: string[]): string =>
    text.split("\n")[(locateSource(text, notebook.cells[2].source, { line, earlier }) ?? 0) - 1];
  assert.equal(at(1, []).trim(), '"x = 1\\n",');
  assert.equal(at(3, []).trim(), '"y"');
  const second =
    locateSource(text, notebook.cells[2].source, { line: 2, earlier: [notebook.cells[0].source, "other"] }) ?? 0;
  assert.ok(second > (locateSource(text, "other", { line: 1, earlier: [] }) ?? Infinity));
  assert.equal(locateSource('{"cells": []}', "x", { line: 1, earlier: [] }), undefined);
});
