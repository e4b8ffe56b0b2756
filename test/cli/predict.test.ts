import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { expectWithin } from "../ops/expect-within";
import {
  json,
  lines,
  makeTinyFolder,
  referenceProbabilities,
  type PredictionJson,
  type TinyFolder,
} from "./library-commands";
import { cli, tinyModel, type Printed } from "./tiny";

let tiny: TinyFolder;
let folder = "";
let model = "";
let csv = "";
before(async () => {
  tiny = await makeTinyFolder();
  ({ folder, model, csv } = tiny);
});
after(() => rm(folder, { recursive: true, force: true }));

test("predict gives the library's probabilities, for arguments, files and standard input alike", async () => {
  const texts = ["w5 w6", "w40 w41 w42", ""];
  const reference = await referenceProbabilities(texts, tiny);
  const check = (printed: Printed, count = texts.length): void => {
    assert.equal(printed.code, 0, printed.err);
    const rows = lines(printed.out).map((line) => JSON.parse(line) as PredictionJson);
    assert.deepEqual(
      rows.map(({ index }) => index),
      Array.from({ length: count }, (_, i) => i),
    );
    rows.forEach(({ label, score, probabilities }, i) => {
      assert.ok(Math.abs(probabilities.NEGATIVE + probabilities.POSITIVE - 1) < 1e-12);
      assert.equal(label, reference.values[i] > 0.5 ? "POSITIVE" : "NEGATIVE");
      assert.equal(score, probabilities[label]);
    });
    expectWithin(
      rows.map(({ probabilities }) => probabilities.POSITIVE),
      { values: reference.values.slice(0, count), bounds: reference.bounds.slice(0, count) },
      { what: "probabilities" },
    );
  };
  const base = ["predict", "--model", model, "--adapter", tiny.adapter, "--json"];
  check(await cli([...base, ...texts]));
  check(await cli(base, { input: ["w5 ", "w6\r\nw40 w41", " w42\n\n"] }));
  await writeFile(join(folder, "texts.txt"), texts.join("\n") + "\n");
  check(await cli([...base, "--file", join(folder, "texts.txt")]));
  const cells = texts.slice(0, 2); // in a table, a blank cell is no text
  await writeFile(
    join(folder, "texts.jsonl"),
    cells.map((text, i) => JSON.stringify({ review: text, n: i })).join("\n\n"),
  );
  check(await cli([...base, "--file", join(folder, "texts.jsonl"), "--text-column", "review", "--id-column", "n"]), 2);
  await writeFile(join(folder, "texts.tsv"), `review\tn\n${cells.map((text, i) => `${text}\t${i}`).join("\n")}\n`);
  check(await cli([...base, "--file", join(folder, "texts.tsv"), "--text-column", "review"]), 2);
});

test("predict prints label and probability, or the --top-k labels; a threshold changes the decision", async () => {
  const base = ["predict", "--model", model, "--adapter", tiny.adapter];
  const plain = await cli([...base, "w5 w6", "w40 w41"]);
  assert.match(plain.out, /^NEGATIVE\t0\.\d{6}\nPOSITIVE\t0\.\d{6}\n$/);
  assert.match(
    plain.err,
    /^Model: the folder .*\nDevice: .*\nAdapter: .*\nLabels: 0 NEGATIVE, 1 POSITIVE, the model's\. Texts are cut to 20 tokens\.\n$/,
  );
  assert.match((await cli([...base, "w5 w6", "--top-k", "2"])).out, /^NEGATIVE\t0\.\d{6}\tPOSITIVE\t0\.\d{6}\n$/);
  assert.match((await cli([...base, "w5 w6", "--threshold", "0.1", "--labels", "no,yes"])).out, /^yes\t0\.2/);
  const shown = await cli([...base, "w5 w6", `w40 w41 ${"w7 ".repeat(40)}`], { columns: 60 });
  assert.match(shown.out, /^NEGATIVE {2}0\.\d{3} {2}w5 w6\nPOSITIVE {2}0\.\d{3} {2}w40 w41 .*…\n$/);
  assert.ok(lines(shown.out).every((line) => line.length < 60));
  const several = lines((await cli([...base, "--multi-label", "--json", "--threshold", "0.01", "w5 w6"])).out).map(
    (line) => JSON.parse(line) as { labels: string[]; probabilities: Record<string, number> },
  );
  assert.deepEqual(several[0].labels, ["NEGATIVE", "POSITIVE"]);
  assert.ok(
    Math.abs(several[0].probabilities.NEGATIVE + several[0].probabilities.POSITIVE - 1) > 0.01,
    "each by its own sigmoid",
  );
});

test("predict refuses bad options before it loads the model, and bad lines with their number", async () => {
  const base = ["predict", "--model", model, "--adapter", tiny.adapter];
  await writeFile(join(folder, "odd.csv"), "text,id\nw5,1\nw6\n");
  await writeFile(join(folder, "semicolons.csv"), "text;label\nw5, w6;x\n");
  await writeFile(join(folder, "more.csv"), "id;text;kind, all\n1;w5, w6;x\n");
  const bare = await tinyModel(folder, "bare-bert");
  for (const [args, expected, input] of [
    [["predict", "w5"], /--model or --adapter is needed/],
    [["predict", "--model", bare, "w5"], /no trained head/],
    [[...base, "--file", join(folder, "none.txt")], /none\.txt cannot be read/],
    [[...base, "--file", csv, "w5"], /must be given as arguments or by --file; got both/],
    [[...base, "--text-column", "x"], /are for tables/],
    [[...base, "--threshold", "2", "--top-k", "3", "w5"], /--threshold must be a number from 0 to 1/],
    [[...base, "--top-k", "3", "w5"], /--top-k must be at most 2/],
    [
      [...base, "--file", csv, "--text-column", "review"],
      /data\.csv must have a column "review" \(--text-column\); got the columns "text", "label", "id"/,
    ],
    [
      [...base, "--file", join(folder, "odd.csv")],
      /odd\.csv, line 3: it must have 2 cells as the header row; it has 1\. .*--on-bad-entry report/,
    ],
    [
      [...base, "--input-format", "jsonl"],
      /standard input, line 2: it must be a JSON object; got no JSON/,
      ['{"text": "w5"}\nw5\n'],
    ],
    [base, /line 2 must be UTF-8 text/, [Buffer.from([0x77, 0x0a, 0xff, 0x0a])]],
    [
      [...base, "--file", join(folder, "semicolons.csv")],
      /header row is one column and holds ";": pass --delimiter ";"/,
    ],
    [[...base, "--file", join(folder, "more.csv")], /A column's name holds ";": pass --delimiter ";"/],
    [
      ["predict", "--model", model, "--labels", "a,b,c", "w5"],
      /--labels must name the labels of the model .*; its head has 2 labels, and --labels gives 3 labels\.\s/,
    ],
    [["predict", "--adapter", folder, "w5"], /--adapter: a folder that holds adapter_config\.json/],
  ] as [string[], RegExp, (string | Uint8Array)[]?][]) {
    const printed = await cli(args, input === undefined ? {} : { input });
    assert.equal(printed.code, 2, `${args.join(" ")}: ${printed.err}`);
    assert.match(printed.err, expected);
  }
});

test("predict reads tables as train does, and leaves out rows only when asked, each by its line", async () => {
  const base = ["predict", "--model", model, "--adapter", tiny.adapter, "--json"];
  const plain = json<PredictionJson>(await cli([...base, "w5 w6"]));
  const files = {
    "spaces.csv": "label, text\nx,w5 w6\n",
    "marks.csv": "\ufefftext;label\nw5 w6;x\n",
    "array.json": '[{"text": "w5 w6"}]',
    "returns.tsv": "text\tlabel\rw5 w6\tx\r",
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    const printed = await cli([
      ...base,
      "--file",
      join(folder, name),
      ...(name === "marks.csv" ? ["--delimiter", ";"] : []),
    ]);
    assert.equal(printed.code, 0, printed.err);
    assert.deepEqual(json<PredictionJson>(printed), plain, name);
  }
  assert.match(
    (await cli([...base, "--file", join(folder, "marks.csv")])).err,
    /holds \\";\\": pass --delimiter \\";\\"/,
  );
  await writeFile(join(folder, "quotes.tsv"), 'text\n"w5\nw6 "w7" w8\nw9\n');
  assert.match(
    (await cli([...base, "--file", join(folder, "quotes.tsv")])).err,
    /line 2: a quote opens a cell.*--no-quotes/,
  );
  assert.equal(lines((await cli([...base, "--file", join(folder, "quotes.tsv"), "--no-quotes"])).out).length, 3);

  await writeFile(join(folder, "some.csv"), "text,id\nw5 w6,1\nw5\nw7,2\n");
  const stopped = await cli([...base, "--file", join(folder, "some.csv")]);
  assert.deepEqual([stopped.code, lines(stopped.out).length], [2, 1], "what came before is out");
  const reported = lines(
    (await cli([...base, "--file", join(folder, "some.csv"), "--on-bad-entry", "report"])).out,
  ).map((line) => JSON.parse(line) as { index: number; label?: string; leftOut?: string });
  assert.deepEqual(
    reported.map(({ index, label, leftOut }) => [index, label !== undefined, leftOut !== undefined]),
    [
      [0, true, false],
      [1, false, true],
      [2, true, false],
    ],
  );
  const text = await cli([
    "predict",
    "--model",
    model,
    "--adapter",
    tiny.adapter,
    "--file",
    join(folder, "some.csv"),
    "--on-bad-entry",
    "report",
  ]);
  assert.match(text.err, /Left out: .*some\.csv, line 3: it must have 2 cells.*\n1 of 3 rows were left out\./);
});

test("a blank cell of a table is no text: its row is refused, or left out when asked", async () => {
  const base = ["predict", "--model", model, "--adapter", tiny.adapter, "--json"];
  const rows = ["w5 w6", "", "  ", "w7"];
  const files = {
    "blank.csv": `id,text\n${rows.map((text, i) => `${i},${text}`).join("\n")}\n`,
    "blank.jsonl": rows.map((text) => JSON.stringify({ text })).join("\n"),
    "blank.json": JSON.stringify(rows.map((text) => ({ text }))),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    const args = [...base, "--file", join(folder, name)];
    const refused = await cli(args);
    assert.deepEqual([refused.code, lines(refused.out).length], [2, 1], name);
    assert.match(refused.err, /: text is empty/);
    const reported = await cli([...args, "--on-bad-entry", "report"]);
    assert.equal(reported.code, 0, reported.err);
    assert.deepEqual(
      lines(reported.out).map((line) => "leftOut" in (JSON.parse(line) as object)),
      [false, true, true, false],
      name,
    );
  }
});

test("with --json, notices still go to standard error, and standard output is JSON alone", async () => {
  const args = ["predict", "--model", model, "--adapter", tiny.adapter, "w5 w6"];
  const [plain, asJson] = [await cli(args), await cli([...args, "--json"])];
  assert.equal(asJson.err, plain.err);
  assert.match(asJson.err, /^Model: .*\nDevice: .*\nAdapter: .*\nLabels: /);
  assert.equal(json<PredictionJson>(asJson).index, 0);
});
