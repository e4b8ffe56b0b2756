import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_OUTPUTS, reduceOutputs, updateDisplay, type CellOutputs, type OutputMessage } from "../../src/notebook/output-reducer";

const stream = (text: string, name = "stdout"): OutputMessage => ({ type: "stream", content: { name, text } });
const display = (plain: string, id?: string): OutputMessage => ({ type: "display_data", content: { data: { "text/plain": plain }, metadata: {}, ...(id !== undefined && { transient: { display_id: id } }) } });
const reduce = (messages: readonly OutputMessage[]): CellOutputs => messages.reduce(reduceOutputs, NO_OUTPUTS);
const texts = (state: CellOutputs): unknown[] => state.outputs.map((output) => ("text" in output ? [output.name, output.text] : "data" in output ? output.data["text/plain"] : output.ename));

test("streams of one name that follow each other are one output, others stay apart", () => {
  assert.deepEqual(texts(reduce([stream("a"), stream("b\n"), stream("e", "stderr"), stream("c")])), [["stdout", "ab\n"], ["stderr", "e"], ["stdout", "c"]]);
});

test("a carriage return overwrites its line and a backspace its character, also across messages", () => {
  assert.deepEqual(texts(reduce([stream("10%\r"), stream("50%\r"), stream("100%\n"), stream("done\n")])), [["stdout", "100%\ndone\n"]]);
  assert.deepEqual(texts(reduce([stream("long line\rab")])), [["stdout", "abng line"]]);
  assert.deepEqual(texts(reduce([stream("first\nabc"), stream("\b\bX")])), [["stdout", "first\naX"]]);
  assert.deepEqual(texts(reduce([stream("windows\r\nline\r\n")])), [["stdout", "windows\nline\n"]]);
});

test("clear_output takes all away at once, or with wait when the next output comes", () => {
  assert.deepEqual(texts(reduce([stream("a"), { type: "clear_output", content: { wait: false } }])), []);
  const waiting = reduce([stream("a"), { type: "clear_output", content: { wait: true } }]);
  assert.deepEqual(texts(waiting), [["stdout", "a"]]);
  assert.deepEqual(texts(reduceOutputs(waiting, stream("b"))), [["stdout", "b"]]);
  assert.deepEqual(texts(reduceOutputs(waiting, display("d"))), ["d"]);
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

test("a display shown anew changes every output of its id, and a cell without one is the same object", () => {
  const cells = [reduce([display("a", "one"), display("b", "two")]), reduce([display("c", "one")]), reduce([display("d")])];
  const content = { data: { "text/plain": "new" }, metadata: {}, transient: { display_id: "one" } };
  const updated = cells.map((cell) => updateDisplay(cell, content));
  assert.deepEqual(updated.map(texts), [["new", "b"], ["new"], ["d"]]);
  assert.equal(updated[2], cells[2]);
  assert.deepEqual(texts(cells[0]), ["a", "b"], "the argument is unchanged");
  assert.equal(updateDisplay(cells[0], { data: {} }), cells[0]);
});

test("ten megabytes in small messages are kept whole", () => {
  let state = NO_OUTPUTS;
  const piece = `${"x".repeat(99)}\n`;
  for (let i = 0; i < 100_000; i++) state = reduceOutputs(state, stream(piece));
  const [output] = state.outputs;
  assert.ok(output.output_type === "stream" && output.text.length === 10_000_000 && output.text.endsWith(piece));
});
