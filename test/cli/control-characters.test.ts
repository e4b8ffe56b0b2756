import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, test } from "node:test";

import { printable, printableLine } from "../../src/base/printable";
import { RunView } from "../../src/cli/run/run-view";
import { guardTerminal } from "../../src/cli/terminal/guard-terminal";
import { ownSequence, styledOutput, writable } from "../../src/cli/terminal/own-sequences";
import { factLines } from "../../src/cli/terminal/text-layout";
import { processTerminal, table } from "../../src/cli/terminal/terminal";
import type { CodeCell } from "../../src/notebook/format/notebook-types";
import { cli, tinyModel } from "./tiny";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-controls-"));
  model = await tinyModel(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

// eslint-disable-next-line no-control-regex -- the progress line sends these
const PROGRESS_LINE = /\r?\u001b\[(?:2K|1A|0G|0?J|\?25[hl]|\d*[GK])|\r/g;

const ATTACKS = [
  "\u001b[31mred",
  "\u001b]0;title\u0007",
  "\u001b]8;;http://x\u001b\\link",
  "\u001b[2K\u001b[1A",
  "\u009b31m",
  "\u009d0;x\u009c",
  "\u0090q\u009c",
  "\u202eevil\u202c",
  "\u2067x\u2069",
  "a\u0008b",
  "a\u007fb",
  "a\rb",
  "tab\tbed",
  "two\nlines",
  "\u0000",
  "a\u2028b",
];
// eslint-disable-next-line no-control-regex -- they are what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

test("control characters are written as escapes, and nothing else changes", () => {
  for (const attack of ATTACKS) {
    assert.doesNotMatch(printable(attack), RAW);
    assert.doesNotMatch(printableLine(attack), /\n/);
    assert.equal(
      printableLine(attack).replace(/\\u[\da-f]{4}|\\[tnr]/g, (escape) => String(JSON.parse(`"${escape}"`))),
      attack,
      "the escape names the character",
    );
  }
  for (const text of ["na\u00efve \u4e2d\u6587 \ud83d\ude00 \u05e9\u05dc\u05d5\u05dd e\u0301", "a\nb", ""])
    assert.equal(printable(text), text);
  const own = ["1m", "2K", "3A", "?25l"].map((sequence) => `${ownSequence(sequence)} \t`).join("");
  const shown = "\u001b[1m \t\u001b[2K \t\u001b[3A \t\u001b[?25l \t";
  for (const isTerminal of [true, false]) assert.equal(writable(own, { isTerminal }), shown);
  const data = "\u001b[1m\u001b[2K\u001b[3A\u001b]0;t\u0007 \u009b1m \u001b[1000000000;1m\r\n";
  assert.equal(
    writable(data, { isTerminal: true }),
    "\\u001b[1m\\u001b[2K\\u001b[3A\\u001b]0;t\\u0007 \\u009b1m \\u001b[1000000000;1m\n",
  );
  assert.equal(writable(data, { isTerminal: false }), data);
});

test("a cell's output keeps its colours, and can neither hide text nor move the cursor", () => {
  const onTerminal = (text: string): string => writable(styledOutput(text, { color: true }), { isTerminal: true });
  assert.equal(onTerminal("\u001b[31mred\u001b[0m"), "\u001b[31mred\u001b[0m\u001b[0m");
  assert.equal(onTerminal("\u001b[38;5;8mgrey\nplain"), "\u001b[38;5;8mgrey\u001b[0m\nplain");
  assert.equal(onTerminal("\u001b[2J\u001b[1Aa\u001b[8mb\u001b]0;t\u0007c\u0007"), "abc\\u0007\u001b[0m");
  assert.equal(styledOutput("\u001b[31mred\u001b[2J", { color: false }), "red");
});

test("a notebook's name, code and errors cannot command a terminal while it runs", () => {
  let printed = "";
  const stream = Object.assign(
    new Writable({ write: (chunk: Buffer, _encoding, done) => ((printed += chunk.toString()), done()) }),
    { columns: 80, isTTY: true },
  );
  for (const attack of ATTACKS) {
    for (const live of [true, false]) {
      const terminal = guardTerminal({ out: stream, err: stream, color: true, live });
      const view = new RunView(`k${attack}.ipynb`, { terminal, quiet: false });
      const place = { index: 0, number: 1, total: 1 };
      const cell: CodeCell = {
        cell_type: "code",
        id: "a",
        metadata: {},
        source: attack,
        execution_count: 1,
        outputs: [],
      };
      view.show({ event: "cell-start", cell, ...place });
      view.show({ event: "note", text: attack });
      for (const data of [{ "text/plain": attack }, { "text/html": `<p>${attack}</p>` }])
        view.show({ event: "output", message: { type: "display_data", content: { data } }, late: false, ...place });
      const error = { output_type: "error" as const, ename: attack, evalue: attack, traceback: [attack] };
      const outcome = { status: "error" as const, error };
      view.show({
        event: "cell-end",
        cell,
        ...place,
        report: { ...place, id: "a", source: attack, elapsedMs: 1, outcome },
      });
      view.close();
    }
  }
  // Own sequences erase a line or set a style; tabs stay.
  // eslint-disable-next-line no-control-regex -- these are the sequences
  assert.doesNotMatch(printed.replace(/\t|\u001b\[(?:1G|2K|[\d;]*m)/g, ""), RAW);
});

test("columns stay aligned for cells of any content", () => {
  const lines = table([
    ["name", "n"],
    ["\u4e2d\u6587", "1"],
    ["a\tb\nc", "22"],
    ["e\u0301", "3"],
  ]);
  assert.deepEqual(lines, ["name      n", "\u4e2d\u6587      1", "a\\tb\\nc  22", "e\u0301         3"]);
  const facts = factLines(
    [
      ["a\u001b", "x"],
      ["bb", "y"],
    ],
    { ...processTerminal(), color: false },
  );
  assert.deepEqual(facts, ["  a\\u001b  x", "  bb       y"]);
});

test("texts, labels, columns, names of files and errors cannot command a terminal; JSON holds them unchanged", async () => {
  const adapter = join(model, "adapter");
  for (const attack of ATTACKS.filter((one) => !one.includes("\u0000") && !one.includes(","))) {
    const labels = JSON.stringify([`n${attack}`, "pos"]);
    const data = join(folder, "data.jsonl");
    await writeFile(
      data,
      ["w5 w6", `w7 ${attack}`].map((text, i) => JSON.stringify({ text, label: [`n${attack}`, "pos"][i] })).join("\n"),
    );
    await writeFile(join(folder, "bad.csv"), `te${attack.replace(/[\r\n]/g, "")}xt,label\na,b\n`);
    for (const columns of [80, undefined]) {
      for (const args of [
        ["predict", "--model", model, "--adapter", adapter, "--labels", labels, `w5 ${attack}`],
        ["evaluate", "--model", model, "--adapter", adapter, "--labels", labels, "--data", data],
        ["evaluate", "--model", model, "--adapter", adapter, "--data", join(folder, "bad.csv")],
        ["predict", "--model", model, "--adapter", adapter, "--file", join(folder, `none${attack}`)],
        ["inspect", join(folder, `none${attack}`)],
      ]) {
        const printed = await cli(args, columns === undefined ? {} : { columns });
        const shown = printed.out + printed.err;
        assert.ok(shown.length > 20);
        // tabs between columns of a pipe
        const plain = columns === undefined ? shown.replaceAll("\t", " ") : shown.replace(PROGRESS_LINE, "");
        assert.doesNotMatch(plain, RAW, `${args[0]} ${JSON.stringify(attack)}: ${JSON.stringify(shown)}`);
      }
    }
    const json = JSON.parse(
      (await cli(["predict", "--model", model, "--adapter", adapter, "--labels", labels, "--json", "w5"])).out,
    ) as { probabilities: Record<string, number> };
    assert.deepEqual(Object.keys(json.probabilities), [`n${attack}`, "pos"]);
  }
});
