import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import type { CodeCell } from "../../src/notebook/format/notebook-types";
import type { OutputMessage } from "../../src/notebook/jupyter/wire";
import { parseNotebook } from "../../src/notebook/format/parse-notebook";
import { CellOutputs } from "../../src/notebook/run/output-reducer";
import { serializeNotebook } from "../../src/notebook/format/serialize-notebook";
import { assertLinear } from "../base/assert-linear";
import { notebookOf } from "./notebooks";

const stream = (text: string, name = "stdout"): OutputMessage => ({ type: "stream", content: { name, text } });
const display = (plain: string, id?: string): OutputMessage => ({
  type: "display_data",
  content: { data: { "text/plain": plain }, metadata: {}, ...(id !== undefined && { transient: { display_id: id } }) },
});
const reduce = (messages: readonly OutputMessage[], state = new CellOutputs()): CellOutputs => {
  for (const message of messages) state.add(message);
  return state;
};
const texts = (state: CellOutputs): unknown[] =>
  state.outputs.map((output) =>
    "text" in output ? [output.name, output.text] : "data" in output ? output.data["text/plain"] : output.ename,
  );

test("streams of one name that follow each other are one output, others stay apart", () => {
  assert.deepEqual(texts(reduce([stream("a"), stream("b\n"), stream("e", "stderr"), stream("c")])), [
    ["stdout", "ab\n"],
    ["stderr", "e"],
    ["stdout", "c"],
  ]);
});

test("lists of lines are joined as in a file that is read, and other values become JSON", () => {
  const plain = (value: unknown): unknown => {
    const message: OutputMessage = { type: "display_data", content: { data: { "text/plain": value }, metadata: {} } };
    return texts(reduce([message]))[0];
  };
  const inFile = (text: unknown): unknown => {
    const output = { output_type: "display_data", data: { "text/plain": text }, metadata: {} };
    const cells = [{ ...notebookOf(["1"]).cells[0], outputs: [output] }];
    const [cell] = parseNotebook(JSON.stringify({ ...notebookOf([]), cells }), "a.ipynb").cells as CodeCell[];
    return "data" in cell.outputs[0] ? cell.outputs[0].data["text/plain"] : undefined;
  };
  for (const lines of [["a\n", "b"], [], ["one"]]) {
    assert.equal(plain(lines), lines.join(""));
    assert.equal(inFile(lines), lines.join(""));
  }
  assert.equal(plain([1, "a"]), '[1,"a"]');
  assert.equal(plain({ a: 1 }), '{"a":1}');
});

test("a carriage return overwrites its line and a backspace its character, also across messages", () => {
  assert.deepEqual(texts(reduce([stream("10%\r"), stream("50%\r"), stream("100%\n"), stream("done\n")])), [
    ["stdout", "100%\ndone\n"],
  ]);
  assert.deepEqual(texts(reduce([stream("long line\rab")])), [["stdout", "abng line"]]);
  assert.deepEqual(texts(reduce([stream("first\nabc"), stream("\b\bX")])), [["stdout", "first\naX"]]);
  assert.deepEqual(texts(reduce([stream("windows\r\nline\r\n")])), [["stdout", "windows\nline\n"]]);
});

test("clear_output removes all outputs at once, or with wait when the next output comes", () => {
  assert.deepEqual(texts(reduce([stream("a"), { type: "clear_output", content: { wait: false } }])), []);
  const waiting = reduce([stream("a"), { type: "clear_output", content: { wait: true } }]);
  assert.deepEqual(texts(waiting), [["stdout", "a"]]);
  assert.deepEqual(texts(reduce([stream("b")], waiting)), [["stdout", "b"]]);
  assert.deepEqual(texts(reduce([stream("a"), { type: "clear_output", content: { wait: true } }, display("d")])), [
    "d",
  ]);
});

test("displays, results and errors become outputs; other messages change nothing", () => {
  const state = reduce([
    display("d"),
    { type: "execute_result", content: { data: { "text/plain": "r" }, metadata: {}, execution_count: 3 } },
    { type: "error", content: { ename: "E", evalue: "v", traceback: ["t"] } },
    { type: "comm_open", content: {} },
    { type: "status", content: { execution_state: "busy" } },
  ]);
  assert.deepEqual(state.outputs, [
    { output_type: "display_data", data: { "text/plain": "d" }, metadata: {} },
    { output_type: "execute_result", data: { "text/plain": "r" }, metadata: {}, execution_count: 3 },
    { output_type: "error", ename: "E", evalue: "v", traceback: ["t"] },
  ]);
});

test("a display with values that are no text is kept as text, so that its notebook can be saved", () => {
  const data = {
    "text/plain": 42,
    "text/html": ["<b>", "x</b>"],
    "text/latex": null,
    "text/markdown": { a: [1] },
    "application/json": [1, null],
    "application/vnd.plotly.v1+json": { data: [] },
  };
  const kept = {
    "text/plain": "42",
    "text/html": "<b>x</b>",
    "text/markdown": '{"a":[1]}',
    "application/json": [1, null],
    "application/vnd.plotly.v1+json": { data: [] },
  };
  const shown = { data, metadata: {}, transient: { display_id: "one" } };
  const state = reduce([{ type: "display_data", content: shown }]);
  state.updateDisplay(shown);
  reduce([{ type: "execute_result", content: { data, metadata: {}, execution_count: 1 } }], state);
  assert.deepEqual(
    state.outputs.map((output) => "data" in output && output.data),
    [kept, kept],
  );
  const [cell] = notebookOf(["1"]).cells;
  const notebook = { ...notebookOf([]), cells: [{ ...cell, outputs: state.outputs } as CodeCell] };
  assert.match(serializeNotebook(notebook, "x"), /"42"/);
});

test("an update of a display changes every output of its id, and reports whether there is one", () => {
  const cells = [
    reduce([display("a", "one"), display("b", "two")]),
    reduce([display("c", "one")]),
    reduce([display("d")]),
  ];
  const content = { data: { "text/plain": "new" }, metadata: {}, transient: { display_id: "one" } };
  const before = cells[2].outputs;
  assert.deepEqual(
    cells.map((cell) => cell.updateDisplay(content)),
    [true, true, false],
  );
  assert.deepEqual(cells.map(texts), [["new", "b"], ["new"], ["d"]]);
  assert.equal(cells[2].outputs, before);
  assert.equal(cells[0].updateDisplay({ data: {} }), false);
});

test("outputs that were returned do not change later", () => {
  const state = reduce([stream("a"), display("d", "one")]);
  const before = state.outputs;
  reduce([stream("b")], state);
  state.updateDisplay({ data: { "text/plain": "new" }, transient: { display_id: "one" } });
  assert.deepEqual(
    before.map((output) => ("data" in output ? output.data["text/plain"] : "text" in output && output.text)),
    ["a", "d"],
  );
  assert.deepEqual(texts(state), [["stdout", "a"], "new", ["stdout", "b"]]);
});

/** The text of streams as a terminal leaves it, one character after the other: what the reducer must come to. */
function typed(all: string): string {
  let [done, line, at] = ["", [] as string[], 0];
  for (const char of all) {
    if (char === "\n") [done, line, at] = [`${done}${line.join("")}\n`, [], 0];
    else if (char === "\r") at = 0;
    else if (char === "\b") {
      if (at > 0 && at === line.length) line.pop();
      at = Math.max(0, at - 1);
    } else line[at++] = char;
  }
  return done + line.join("") + (/\r[\b]*$/.test(all) ? "\r" : "");
}

test("a stream's text does not depend on its division into messages", () => {
  const random = new Random(1);
  const alphabet = ["a", "b", "xyz", "\r", "\b", "\n", "\r\n", "\b\b", "é"];
  for (let round = 0; round < 300; round++) {
    const all = Array.from({ length: 30 }, () => alphabet[random.below(alphabet.length)]).join("");
    const state = new CellOutputs();
    for (let at = 0; at < all.length;) {
      const size = 1 + random.below(7);
      state.add(stream(all.slice(at, at + size)));
      at += size;
    }
    const found = state.outputs.map((output) => ("text" in output ? output.text : "")).join("");
    assert.equal(found, typed(all), JSON.stringify(all));
  }
});

test("time grows linearly with the printed text: four times the text takes far less than sixteen times as long", () => {
  const kinds: Readonly<Record<string, (n: number) => string[]>> = {
    "letters, then as many backspaces": (n) => ["x".repeat(n), "\b".repeat(n)],
    "backspaces one by one": (n) => ["x".repeat(n), ...Array<string>(n).fill("\b")],
    "a letter and a backspace, again and again, behind a long line": (n) => [
      "x".repeat(n),
      ...Array<string>(n).fill("y\b"),
    ],
    "returns that overwrite the start of a long line": (n) => ["x".repeat(n), ...Array<string>(n).fill("\ry")],
    "returns alone": (n) => ["x".repeat(n), "\r".repeat(n), "y"],
    "a line without end in small messages": (n) => Array<string>(n).fill("xy"),
    "small lines": (n) => Array<string>(n).fill("a line\n"),
  };
  for (const [kind, messages] of Object.entries(kinds)) {
    assertLinear((n) => void reduce(messages(n).map((text) => stream(text))).outputs, { size: 50_000, what: kind });
  }
  assertLinear((n) => void reduce(Array.from({ length: n }, (_, at) => display(String(at)))).outputs, {
    size: 50_000,
    what: "displays",
  });
  assertLinear(
    (n) => void reduce(Array.from({ length: n }, (_, at) => stream("x", at % 2 === 0 ? "stdout" : "stderr"))).outputs,
    { size: 50_000, what: "streams that change" },
  );
});

test("a long stream is kept in pieces that are saved as one output, as nbformat writes it", () => {
  const lines = Array.from({ length: 40_000 }, (_, at) => `line ${at} ${"é😀x".repeat(20)}\n`);
  const text = lines.join("") + "y".repeat(20_000_000) + "😀".repeat(3_000_000);
  const state = reduce([
    ...lines.map((line) => stream(line)),
    stream("y".repeat(20_000_000)),
    ...Array<OutputMessage>(3_000).fill(stream("😀".repeat(1000))),
  ]);
  const outputs = state.outputs;
  assert.ok(outputs.length > 3);
  assert.ok(outputs.every((output) => "text" in output && output.text.length <= 9_000_000));
  const [cell] = notebookOf(["1"]).cells;
  const notebook = {
    ...notebookOf([]),
    cells: [{ ...cell, outputs: [...outputs, ...reduce([display("d")]).outputs] } as CodeCell],
  };
  const saved = JSON.parse(serializeNotebook(notebook, "x")) as { cells: { outputs: { text: string[] }[] }[] };
  const [stdout, ...others] = saved.cells[0].outputs;
  assert.equal(others.length, 1);
  assert.equal(stdout.text.length, lines.length + 1);
  assert.equal(stdout.text.join(""), text);
});
