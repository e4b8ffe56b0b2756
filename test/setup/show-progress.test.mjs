// @ts-check
import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";

import { showProgress } from "../../src/setup/tools/show-progress.mjs";

/** @param {{ isTTY?: boolean, columns?: number }} [terminal] */
function makeStream(terminal = {}) {
  let text = "";
  const stream = Object.assign(
    new Writable({
      write: (chunk, _, done) => {
        text += String(chunk);
        done();
      },
    }),
    terminal,
  );
  return { stream: /** @type {NodeJS.WriteStream} */ (/** @type {unknown} */ (stream)), text: () => text };
}

test("a log has a line for the begin and for the end of each part, also if parts run at the same time, and a table at the end", () => {
  const { stream, text } = makeStream();
  const progress = showProgress(stream);
  const first = progress.begin("npm packages");
  const second = progress.begin("TensorFlow");
  first.say("12 of 30 MB");
  second.end("1/2", "854 MB");
  first.end("2/2", "896 MB");
  progress.sum(
    [
      { title: "npm packages", bytes: 896e6, ms: 28_000 },
      { title: "TensorFlow", bytes: 854e6, ms: 9_400 },
    ],
    28_600,
  );
  assert.deepEqual(
    text()
      .replace(/, \d+ s$/gm, ", 0 s")
      .split("\n"),
    [
      "npm packages ...",
      "TensorFlow ...",
      "[1/2] TensorFlow: 854 MB, 0 s",
      "[2/2] npm packages: 896 MB, 0 s",
      "  npm packages       896 MB  28 s",
      "  TensorFlow         854 MB   9 s",
      "  all, in parallel  1.75 GB  29 s",
      "",
    ],
  );
});

test("on a terminal each running part has a line that fits its width; finished ones stay above", (t) => {
  const ci = process.env["CI"];
  delete process.env["CI"];
  t.after(() => {
    if (ci !== undefined) process.env["CI"] = ci;
  });
  const { stream, text } = makeStream({ isTTY: true, columns: 30 });
  const progress = showProgress(stream);
  const parts = ["a part with a long name indeed", "b", "c"].map((title) => progress.begin(title));
  parts[0]?.say("1 of 2 MB");
  parts[1]?.end("1/3", "1 MB");
  progress.note("a note");
  parts[0]?.remove();
  parts[2]?.remove();
  const { lines, longest } = readScreen(text());
  assert.deepEqual(
    lines.map((line) => line.replace(/\d+ s/, "0 s")),
    ["[1/3] b: 1 MB, 0 s", "a note"],
  );
  assert.ok(longest < 30, `a line of ${longest} letters`);
});

/**
 * The lines that a terminal shows after the control sequences that progress writes.
 * @param {string} written
 */
function readScreen(written) {
  /** @type {string[]} */
  let lines = [""];
  let row = 0;
  let longest = 0;
  const escape = String.fromCharCode(27);
  for (const [token = ""] of written.matchAll(new RegExp(`${escape}\\[\\d*[A-Z]|\\r|\\n|[^${escape}\\r\\n]+`, "g"))) {
    const control = /\[(\d*)([A-Z])$/.exec(token);
    if (token.startsWith(escape) && control?.[2] === "A") row -= Number(control[1]);
    else if (token.startsWith(escape) && control?.[2] === "K") lines[row] = "";
    else if (token.startsWith(escape) && control?.[2] === "J") lines = [...lines.slice(0, row), ""];
    else if (token === "\n") {
      row++;
      lines[row] ??= "";
    } else if (token !== "\r") {
      lines[row] = token;
      longest = Math.max(longest, token.startsWith("[") || token === "a note" ? 0 : token.length);
    }
  }
  return { lines: lines.filter((line) => line !== ""), longest };
}
