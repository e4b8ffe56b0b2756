import assert from "node:assert/strict";
import { test } from "node:test";

import { SaxesParser } from "saxes";

import type { CellReport, RunSummary } from "../../src/notebook/run/run-events";
import { jsonReport, junitReport, type RunResult } from "../../src/notebook/run/run-reports";

/** Characters that XML cannot hold, that it must escape, or that look like its own. */
const HOSTILE = [
  "\u0000\u0007\u001b[31mred\u001b[0m\u009b1m",
  "lone \ud800 and \udc00, pair \ud83d\ude00",
  "\ufffe\uffff",
  `<&>"' ]]> <!-- <![CDATA[ &amp; &#0; <?xml?>`,
  "tab\tline\r\nend\u2028",
];

const outcomes = (text: string): CellReport["outcome"][] => [
  { status: "ok" },
  { status: "error", error: { output_type: "error", ename: text, evalue: text, traceback: [text, text] } },
];

function resultOf(text: string): RunResult {
  const cells = outcomes(text).map((outcome, i) => ({
    number: i + 1,
    id: text,
    source: `\n${text}`,
    elapsedMs: 5,
    outcome,
  })) as unknown as CellReport[];
  const summary = {
    status: "error",
    path: text,
    outputPath: undefined,
    kernel: "tslora",
    startedAt: "2026-01-01T00:00:00.000Z",
    elapsedMs: 10,
    cells,
    failed: cells[1],
  } as unknown as RunSummary;
  const differences = [{ number: 1, what: text, expected: text, found: text }] as unknown as RunResult["differences"];
  return { path: text, summary, error: new Error(text), differences };
}

/** The names of a document's elements, and all its values as one text; an error if it is not well-formed. */
function parse(xml: string): { names: string[]; values: string } {
  const names: string[] = [];
  let values = "";
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    names.push(name);
    values += Object.values(attributes).join("\n");
  });
  parser.on("text", (text) => (values += text));
  parser.write(xml).close();
  return { names, values };
}

test("JUnit reports are well-formed whatever names, code and errors hold, and keep what XML can hold", () => {
  for (const text of [...HOSTILE, HOSTILE.join("")]) {
    const { names, values } = parse(junitReport([resultOf(text)]));
    assert.deepEqual(
      names.filter((name) => name !== "testsuites"),
      ["testsuite", "testcase", "failure", "testcase", "failure", "testcase", "error"],
      JSON.stringify(text),
    );
    // eslint-disable-next-line no-control-regex -- these must be gone
    assert.doesNotMatch(values, /[\u0000-\u0008\u001b\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/);
  }
  const { values } = parse(junitReport([resultOf(HOSTILE[3]), resultOf(HOSTILE[1])]));
  for (const kept of [HOSTILE[3], "\ud83d\ude00"]) assert.ok(values.includes(kept), kept);
});

test("JSON reports hold the same texts unchanged, but for colours", () => {
  for (const text of HOSTILE.slice(1)) {
    const { runs } = JSON.parse(jsonReport([resultOf(text)])) as {
      runs: { notebook: string; error: string; cells: { id: string; error?: { message: string } }[] }[];
    };
    const [{ notebook, error, cells }] = runs;
    assert.deepEqual([notebook, error, cells[1].id, cells[1].error?.message], [text, text, text, text]);
  }
});
