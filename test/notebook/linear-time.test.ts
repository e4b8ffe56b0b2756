import assert from "node:assert/strict";
import { test } from "node:test";

import { htmlText } from "../../src/cli/terminal/output-text";
import { lastState } from "../../src/cli/run/run-view";
import { stripAnsi } from "../../src/notebook/page/ansi";
import { ansiToHtml } from "../../src/notebook/page/ansi-html";
import { figureData } from "../../src/notebook/page/figure-data";
import { highlightCode } from "../../src/notebook/page/highlight-code";
import { notebookPage } from "../../src/notebook/page/notebook-page";
import { parseJson } from "../../src/notebook/format/parse-json";
import { stripTags, withoutHidden } from "../../src/notebook/page/strip-tags";
import { parseDiagnostic } from "../../src/notebook/tslab/failures";
import { assertLinear } from "../base/assert-linear";
import { notebookOf } from "./notebooks";

/** Texts that slow patterns take long for. */
const TEXTS: readonly string[] = [
  "<",
  "<img ",
  "<img src='",
  '<img src="a',
  "<style ",
  "<style>",
  "<!--",
  "<script",
  "&",
  "&a",
  "\r",
  "\u001b[",
  "\u001b]",
  "\u001b[38;",
  "\u001b[1m",
  " ",
  " \t",
  "\n",
  '"',
  "'",
  "`",
  "/*",
  "//",
  "\\",
  "1_",
  "1e",
  "a1:1 - ",
  "1 1:1 - ",
  '{"data":[',
  "newPlot('",
  "newPlot(a,[",
  "</td>",
  "<br ",
  "rb'",
];

const WORK: Readonly<Record<string, (text: string) => unknown>> = {
  htmlText,
  stripTags: (text) => stripTags(text),
  withoutHidden: (text) => withoutHidden(text),
  stripAnsi,
  ansiToHtml,
  lastState: (text) => lastState(`${text}x`),
  "highlightCode, TypeScript": (text) => highlightCode(text, "typescript"),
  "highlightCode, Python": (text) => highlightCode(text, "python"),
  figureData: (text) => figureData({ "text/html": `<script>${text}` }),
  parseDiagnostic: (text) => [parseDiagnostic(text), parseDiagnostic(`${text}\n`)],
  "parseJson, broken": (text) => assert.throws(() => parseJson(`{"a": "b", ${text}`, "x")),
};

for (const [name, work] of Object.entries(WORK)) {
  test(`${name} takes time that grows linearly with the text, for any repeated part`, () => {
    for (const text of TEXTS)
      assertLinear((n) => void work(text.repeat(n)), { size: 15_000, what: JSON.stringify(text) });
  });
}

test("a page is made from HTML and Markdown that are slow to parse elsewhere", async () => {
  const texts = ["<img ", "<img src='", "a_", ">", "- ", "<", "[", "1. a\n", "# a\n", "*a "].map((text) =>
    text.repeat(4000),
  );
  const [code] = notebookOf(["1"]).cells;
  const prose = texts.map((source, at) => ({ cell_type: "markdown" as const, id: `m-${at}`, metadata: {}, source }));
  const outputs = texts.map((text) => ({
    output_type: "display_data" as const,
    data: { "text/html": text },
    metadata: {},
  }));
  const html = await notebookPage([
    {
      name: "a",
      notebook: { ...notebookOf([]), cells: [...prose, { ...code, cell_type: "code", execution_count: 1, outputs }] },
      folder: __dirname,
    },
  ]);
  assert.ok(html.includes("<pre>&gt;&gt;&gt;"), "a text that nests too deeply is shown as it was written");
});

test("broken JSON behind many megabytes of text, and JSON that is nested without end, are short errors", () => {
  for (const text of [
    `{"a": "${"x".repeat(20_000_000)}", b}`,
    `{"a": "${"\\n".repeat(5_000_000)}", b}`,
    "[".repeat(2_000_000),
    `${"[".repeat(200_000)}${"]".repeat(200_000)}`,
    `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
  ]) {
    assert.throws(
      () => parseJson(text, "x.ipynb"),
      (error: Error) => error.name === "TsloraError" && error.message.length < 300,
    );
  }
});
