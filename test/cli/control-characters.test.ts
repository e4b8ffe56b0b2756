import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { printable, printableLine, printableOutput } from "../../src/base/printable";
import { factLines } from "../../src/cli/terminal/text-layout";
import { processTerminal, table } from "../../src/cli/terminal/terminal";
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
  const own = "\u001b[1mbold\u001b[0m \r\u001b[2K\u001b[3A\u001b[?25l\tx\n";
  assert.equal(printableOutput(own), own);
  assert.equal(
    printableOutput("\u001b]0;t\u0007 \u009b1m \u001b[6n \u001b"),
    "\\u001b]0;t\\u0007 \\u009b1m \\u001b[6n \\u001b",
  );
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
