import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { article, published } from "../corpus/records/published-xml";
import { linesOf } from "../jobs/bulk-files";
import { json, lines } from "./library-commands";
import { cli, tinyModel, tinyTexts } from "./tiny";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-bulk-cli-"));
  model = await tinyModel(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

test("predict --input writes predictions, reports progress as JSON lines, and says what is left out", async () => {
  const records = [
    article("1", "w5 w6"),
    article("2", ""),
    article("3", "w7").replace("</ArticleTitle>", ""),
    article("4", "w8"),
  ];
  await writeFile(join(folder, "pubmed25n0001.xml.gz"), gzipSync(published(records.join("\n"))));
  const [input, output] = [join(folder, "*.xml.gz"), join(folder, "out")];
  const args = ["predict", "--model", model, "--input", input, "--output", output, "--workers", "1"];
  const printed = await cli([...args, "--json"]);
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.err, /^Device: /, "notices are not lost");
  const events = lines(printed.out).map(
    (line) => JSON.parse(line) as { type: string; texts?: number; corrupt?: number; folders?: string[] },
  );
  assert.equal(events[0].type, "planning");
  assert.ok(events.some(({ type }) => type === "progress"));
  const done = events.at(-1);
  assert.equal(done?.type, "done");
  assert.deepEqual([done?.texts, done?.corrupt], [2, 1]);
  const predicted = await linesOf(done?.folders?.[0] ?? "");
  assert.deepEqual(
    predicted.map(({ pmid }) => pmid),
    ["1", "4"],
  );
  assert.match(await readFile(join(output, "results", "pubmed25n0001", "problems.jsonl"), "utf8"), /"PMID 3"/);
  const again = await cli(args, { columns: 80 });
  assert.equal(again.code, 0, again.err);
  for (const words of [/Predictions +2 in/, /Without text +1 record/, /Corrupt +1 record/])
    assert.match(again.out, words);
  for (const line of `${again.out}\n${again.err}`.split(/[\r\n]/))
    assert.ok(line.replace(/\p{Cc}\[[^a-zA-Z]*[a-zA-Z]/gu, "").length <= 80, line);
});

test("predict --input refuses what does not fit, before it writes", async () => {
  const output = join(folder, "refused");
  const unfit = ["--top-k", "2", "--on-bad-entry", "refuse"];
  const printed = await cli(["predict", "--model", model, "--output", output, ...unfit, "a text"]);
  assert.equal(printed.code, 2);
  for (const words of [
    /--input is needed/,
    /no texts as arguments/,
    /--top-k is not for --input/,
    /--on-bad-entry refuse is not for --input/,
  ])
    assert.match(printed.err, words);
  const none = await cli(["predict", "--model", model, "--input", join(folder, "none*.xml"), "-o", output]);
  assert.equal(none.code, 2);
  assert.match(none.err, /No file matches/);
  assert.ok(!existsSync(output));
});

test("calibrate --cascade writes the screen beside the weights, with the bound of the loss", async () => {
  const rows = tinyTexts(400).map(({ text, label }, i) => `${text} x${i % 9},${label}`);
  const csv = join(folder, "labelled.csv");
  await writeFile(csv, `text,label\n${rows.join("\n")}\n`);
  const args = ["calibrate", "--model", model, "--labels", "neg,pos", "--data", csv, "--cascade", csv];
  const found = ["--threshold", "0"]; // the encoder, which is not trained, then finds every text
  args.push(...found);
  const printed = await cli([...args, "--max-recall-loss", "0.02", "--json"]);
  assert.equal(printed.code, 0, printed.err);
  const { files, notices, positive, encoderThreshold, recall } = json<{
    files: string[];
    notices: string[];
    positive: string;
    encoderThreshold: number;
    recall: { counts: string; lossBound: number; positives: number };
  }>(printed);
  assert.deepEqual(files, [join(model, "cascade.json")]);
  assert.ok(notices.some((text) => text.startsWith("Data: ")));
  assert.equal(positive, "pos");
  assert.deepEqual([recall.counts, encoderThreshold, recall.positives], ["found", 0, 200]);
  assert.ok(recall.lossBound <= 0.02);
  const shown = await cli([...args, "--max-recall-loss", "0.02"], { columns: 80 });
  assert.match(shown.out, /Loss of recall +at most 1\.\d\d %/);
  const folds = await cli([
    ...["calibrate", "--model", model, "--labels", "neg,pos", "--data", join(folder, "labelled.csv")],
    ...["--cascade", `${folder}/./labelled.csv`, "--max-recall-loss", "0.02", "--json", ...found],
  ]);
  assert.equal(json<{ recall: { measuredOn: string } }>(folds).recall.measuredOn, "folds", "both paths are one file");
  const few = await cli([...args, "--max-recall-loss", "0.001"]);
  assert.equal(few.code, 2);
  assert.match(few.err, /2995 positive texts that the encoder finds are needed/);
  const shared = join(folder, "shared.csv");
  await writeFile(shared, `text,label\n${rows.slice(0, 3).join("\n")}\nanother text,pos\n`);
  const twice = await cli(["calibrate", "--model", model, "--labels", "neg,pos", "--data", shared, "--cascade", csv]);
  assert.equal(twice.code, 2);
  assert.match(twice.err, /no text of validation may be a training text; got 3, first in row 0/);
  const alone = await cli(["calibrate", "--model", model, "--labels", "neg,pos", "--data", csv, ...found]);
  assert.equal(alone.code, 2);
  assert.match(alone.err, /--threshold is for --cascade alone/);
  const other = await cli([
    ...["predict", "--model", model, "--labels", "neg,pos", "--input", csv, "--cascade", "-o", join(folder, "other")],
  ]);
  assert.equal(other.code, 2);
  assert.match(other.err, /--threshold must be 0, as when the cascade was fitted; got none/);
  assert.ok(!existsSync(join(folder, "other")));
});
