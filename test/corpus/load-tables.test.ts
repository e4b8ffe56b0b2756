import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { goodEntries, loadZip, put, refused } from "./corpus-folder";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora corpus "));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("CSV cells keep their quotes, commas and line ends, and IDs stay strings", async () => {
  const path = await put(folder, "own.csv", '\ufefftext,label,pmid\n"One, ""two""\nthree",1,007\n"  Four  ",0,8\n');
  const corpus = await loadCorpus(path);
  assert.deepEqual(readFrame(corpus.frame), {
    texts: ['One, "two"\nthree', "  Four  "],
    ID: ["007", "8"],
    label: [1, 0],
  });
  assert.equal(corpus.source.kind, "csv");
  const tsv = await loadCorpus(await put(folder, "own.tsv", "text\tlabel\na, b\t0\nc\t1\n"));
  assert.deepEqual(readFrame(tsv.frame), { texts: ["a, b", "c"], ID: ["1", "2"], label: [0, 1] });
  assert.match(tsv.notice, /no ID column/);
});

test("columns are named by options, and labels that are words are numbered in sorted order or by option", async () => {
  const path = await put(folder, "own.csv", "body,kind,key\nA,tumour,x\nB,benign,y\nC,tumour,z\n");
  const columns = { textColumn: "body", labelColumn: "kind", idColumn: "key" };
  const sorted = await loadCorpus(path, columns);
  assert.deepEqual(readFrame(sorted.frame), { texts: ["A", "B", "C"], ID: ["x", "y", "z"], label: [1, 0, 1] });
  assert.match(sorted.notice, /benign is 0, tumour is 1/);
  const mapped = await loadCorpus(path, { ...columns, labels: { tumour: 0, benign: 1 } });
  assert.deepEqual(readFrame(mapped.frame).label, [0, 1, 0]);
  const numbers = await loadCorpus(await put(folder, "numbers.csv", "text,label\na,10\nb,9\nc,-1\n"));
  assert.deepEqual(readFrame(numbers.frame).label, [2, 1, 0]);
  assert.match(numbers.notice, /-1 is 0, 9 is 1, 10 is 2/);
  await assert.rejects(
    loadCorpus(path, { ...columns, labels: { tumour: 0, other: 1 } }),
    refused("bad-input", /line 3: kind must be one of tumour, other/),
  );
});

test("an error for missing columns lists the columns of the file", async () => {
  const path = await put(folder, "own.csv", "body,kind\nA,1\nB,0\n");
  await assert.rejects(
    loadCorpus(path),
    refused("bad-input", /column "text" \(options\.textColumn\)/, /"body", "kind"/),
  );
  await assert.rejects(loadCorpus(path, { textColumn: "body" }), refused("bad-input", /column "label"/));
  await assert.rejects(
    loadCorpus(path, { textColumn: "body", labelColumn: "kind", idColumn: "PMID" }),
    refused("bad-input", /column "PMID" \(options\.idColumn\)/),
  );
  await assert.rejects(
    loadZip(folder, goodEntries, { textColumn: "body" }),
    refused("bad-option", /textColumn is for CSV and JSONL/),
  );
});

test("bad rows are named by their line", async () => {
  const path = await put(folder, "own.csv", 'text,label,ID\na,0,1\n"b\nb",1,2\n ,1,3\nd,1\ne,,5\nf,0,1\ng,1,1\n');
  await assert.rejects(
    loadCorpus(path, { idColumn: "ID" }),
    refused(
      "bad-input",
      /line 5: text is empty/,
      /line 6: it must have 3 cells.*it has 2/,
      /line 7: label must be a string or a whole number; got ""/,
      /line 8: the ID 1 is in more/,
    ),
  );
  const { report, frame } = await loadCorpus(
    await put(folder, "some.csv", "text,label,ID\na,0,1\nb,1,2\n,1,3\nd,1\n"),
    {
      onBadEntry: "report",
    },
  );
  assert.deepEqual([frame.shape[0], report.problems.map(({ name }) => name).sort()], [2, ["line 4", "line 5"]]);
  await assert.rejects(
    loadCorpus(await put(folder, "quote.csv", 'text,label\n"a,0\nb,1\n'), { onBadEntry: "report" }),
    refused("bad-input", /quote\.csv: the quote in line \d+ must be closed/i),
  );
  await assert.rejects(
    loadCorpus(await put(folder, "latin.csv", Buffer.from("text,label\nna\u00efve,0\nb,1\n", "latin1"))),
    refused("bad-input", /UTF-8/),
  );
  await assert.rejects(
    loadCorpus(await put(folder, "twice.csv", "text,text,label\na,b,0\n")),
    refused("bad-input", /"text" is there twice/),
  );
  await assert.rejects(loadCorpus(await put(folder, "empty.csv", "")), refused("bad-input", /header row/));
  await assert.rejects(
    loadCorpus(await put(folder, "one.csv", "text,label\na,0\nb,0\n")),
    refused("bad-input", /two classes or more/),
  );
});

test("JSON Lines are read, and a bad line is named by its number", async () => {
  const lines = [
    '{"text": "A \\"quoted\\"\\nline", "label": "yes", "id": 12}',
    "",
    '{"label": "no", "text": "\u4e2d\u6587", "id": "13"}',
  ];
  const corpus = await loadCorpus(await put(folder, "own.jsonl", `${lines.join("\n")}\n`));
  assert.deepEqual(readFrame(corpus.frame), {
    texts: ['A "quoted"\nline', "\u4e2d\u6587"],
    ID: ["12", "13"],
    label: [1, 0],
  });
  const broken = [
    ...lines,
    '{"text": "C", "label": "no"',
    "[1, 2]",
    '{"text": 5, "label": "no", "id": 14}',
    '{"text": "D", "id": 15}',
    '{"text": "E", "label": "no"}',
  ];
  const path = await put(folder, "broken.jsonl", broken.join("\n"));
  await assert.rejects(
    loadCorpus(path),
    refused(
      "bad-input",
      /5 of 7/,
      /line 4: it must be a JSON object; got no JSON/,
      /line 5: it must be a JSON object; got an array/,
      /line 6: text must be a string; got 5/,
      /line 7: label must be .*; got nothing/,
      /line 8: id must be .*; got nothing/,
    ),
  );
  assert.equal((await loadCorpus(path, { onBadEntry: "report" })).report.counts.leftOut, 5);
});
