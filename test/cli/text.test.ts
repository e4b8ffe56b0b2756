import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";

import { parseDuration } from "../../src/cli/command-options";
import { displayText, htmlText } from "../../src/cli/terminal/output-text";
import { guardTerminal } from "../../src/cli/terminal/guard-terminal";
import { RunView } from "../../src/cli/run/run-view";
import { findAdapters, resultLines } from "../../src/cli/study/study-results";
import { duration } from "../../src/cli/terminal/terminal";
import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import type { CodeCell } from "../../src/notebook/format/notebook-types";
import type { OutputMessage } from "../../src/notebook/jupyter/wire";
import { withFolder } from "../notebook/notebooks";

test("durations are parsed from texts such as 1.5m, and printed with a unit", () => {
  assert.deepEqual(["90", "90s", "1.5m", "2h"].map(parseDuration), [90_000, 90_000, 90_000, 7_200_000]);
  for (const bad of ["", "0", "-1", "1d", "999h99", "600000h"])
    assert.throws(() => parseDuration(bad), /must be a time/);
  assert.deepEqual([400, 59_940, 185_000, 3_723_000].map(duration), ["0.4 s", "59.9 s", "3:05 min", "1:02:03 h"]);
});

test("outputs become text in a terminal: plain text first, tables by rows, figures by title", () => {
  const text = (data: Record<string, unknown>): string => displayText({ data });
  assert.equal(text({ "text/html": "<b>x</b>", "text/plain": "x" }), "x");
  assert.equal(text({ "text/html": "<div id=a></div><script>plot()</script>" }), "[figure]");
  assert.equal(text({ "image/svg+xml": "<svg/>" }), "[figure]");
  assert.equal(
    text({ "text/html": "<div id=a></div><script>plot()</script>", "text/plain": "Lengths\n  5, median 2" }),
    "[figure] Lengths",
  );
  assert.equal(
    text({ "image/png": "AA==", "text/plain": "<Figure size 640x480 with 1 Axes>" }),
    "<Figure size 640x480 with 1 Axes>",
  );
  assert.equal(text({ "image/svg+xml": "<svg/>", "text/plain": "" }), "", "the picture beside an interactive figure");
  assert.equal(
    htmlText(
      "<style>td { }</style><table><tr><th>a</th><th>b</th></tr>\n<tr><td>1 &lt; 2</td><td>&amp;</td></tr></table>",
    ),
    "a  b\n1 < 2  &",
  );
});

test("in a terminal a line is redrawn below the outputs, and unfinished outputs are in it", () => {
  let shown = "";
  const out = Object.assign(
    new Writable({ write: (chunk: Buffer, _encoding, done) => ((shown += chunk.toString()), done()) }),
    { columns: 56, isTTY: true },
  );
  const view = new RunView("notebooks/01-study.ipynb", {
    terminal: guardTerminal({ out, err: out, color: false, live: true }),
    quiet: false,
  });
  const place = { index: 0, number: 1, total: 2 };
  const cell: CodeCell = {
    cell_type: "code",
    id: "a",
    metadata: {},
    source: "\nawait train(classifier);",
    execution_count: null,
    outputs: [],
  };
  const output = (message: OutputMessage): void => view.show({ event: "output", message, late: false, ...place });
  view.show({ event: "cell-start", cell, ...place });
  output({ type: "stream", content: { name: "stdout", text: "10%\r20%\r" } });
  output({ type: "stream", content: { name: "stdout", text: "100%\ndone\nrest" } });
  view.close();
  const screen: string[] = [""];
  // eslint-disable-next-line no-control-regex -- the sequence that clears a line
  for (const part of shown.split(/(\u001b\[1G\u001b\[2K|\n)/)) {
    if (part === "\n") screen.push("");
    else if (part === "\u001b[1G\u001b[2K") screen[screen.length - 1] = "";
    else screen[screen.length - 1] += part;
  }
  assert.deepEqual(screen, ["100%", "done", "rest", ""]);
  assert.match(shown, /01-study {2}cell 1\/2 {2}[\d.]+ s \([\d.]+ s\) {2}await train\(classif…/);
  assert.match(shown, /s\) {2}20%/);
});

test("the table before and after is read from results.json, and adapters are found by their config", () =>
  withFolder(async (folder) => {
    const evaluation = (wrong: number): Evaluation => {
      const predictions = Array.from({ length: 10 }, (_, index) => ({
        index,
        yTrue: index % 2,
        yPred: index < wrong ? 1 - (index % 2) : index % 2,
        probabilities: [0.5, 0.5],
      }));
      return evaluatePredictions({ labels: ["A", "B"], predictions, loss: 1, elapsedSeconds: 1 });
    };
    const [before, after, baseline] = [evaluation(5), evaluation(1), evaluation(2)];
    const lines = resultLines({
      model: "m",
      data: "zip",
      seed: 42,
      method: "lora",
      before,
      after,
      validation: after,
      baseline,
      elapsed: 61.2,
      notices: [],
    });
    assert.deepEqual(lines.slice(0, 3), [
      "model m, data zip, method lora, seed 42, trained in 61 s",
      "                before  after  change  baseline",
      "Accuracy         0.500  0.900  +0.400     0.800",
    ]);
    await mkdir(join(folder, "adapter"));
    await writeFile(join(folder, "adapter", "adapter_config.json"), "{}");
    assert.deepEqual(findAdapters(folder), [join(folder, "adapter")]);
  }));
