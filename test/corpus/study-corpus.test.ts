import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { cleanText, cleanTexts } from "../../src/corpus/text/clean-text";
import { describeCorpus } from "../../src/corpus/describe-corpus";
import { findLeaks } from "../../src/corpus/split/find-leaks";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { readPmids } from "../../src/corpus/pubmed/read-pmids";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";
import { findStudyArchive } from "./study-archive";

const root = projectRoot();
const studySha256 = "6ec3157dd8deb91cb9c622ae795f633e26fe617143bb965c01032143c4722fd5";
const archive = findStudyArchive();
const isStudys =
  archive.path !== undefined && createHash("sha256").update(readFileSync(archive.path)).digest("hex") === studySha256;
const study = isStudys ? archive.path : undefined;
const skip = isStudys ? false : archive.skip || "TSLORA_DATA names another archive than the study's";
const pmidFile = join(root, "data", "pmids.csv");

test("data/pmids.csv holds the study's 1,000 PMIDs in its order, and splits as the study's notebook shows", async () => {
  const pmids = await readPmids(pmidFile);
  assert.deepEqual(
    [
      pmids.length,
      pmids.slice(0, 500).every(({ label }) => label === 1),
      pmids.slice(500).every(({ label }) => label === 0),
    ],
    [1000, true, true],
  );
  for (const half of [pmids.slice(0, 500), pmids.slice(500)])
    assert.deepEqual(
      half.map(({ pmid }) => pmid),
      half.map(({ pmid }) => pmid).sort(),
    );
});

test("the study's archive: 600, 200, 200, with 292, 99 and 109 positives", { skip }, async () => {
  const { frame, report, source } = await loadCorpus(study);
  assert.ok(source.kind === "zip" && source.sha256 === studySha256);
  assert.deepEqual(report.counts, { read: 1000, kept: 1000, leftOut: 0, ignored: 0 });
  const { ID, label } = readFrame(frame);
  assert.deepEqual(
    await readPmids(pmidFile),
    ID.map((pmid, row) => ({ pmid, label: label[row] })),
  );

  const [train, rest] = trainTestSplit(frame, { trainSize: 0.6, randomState: 42 });
  const [tested, validation] = trainTestSplit(rest, { testSize: 0.5, randomState: 42 });
  const counts = [train, tested, validation].map((part) => describeCorpus(part).labels.map(({ count }) => count));
  assert.deepEqual(counts, [
    [308, 292],
    [101, 99],
    [91, 109],
  ]);
  for (const [a, b] of [
    [train, tested],
    [train, validation],
    [tested, validation],
  ])
    assert.deepEqual(findLeaks(a, b), { byId: [], byText: [] });
});

test("the study's texts have their published lengths, and cleaning removes all that it should", { skip }, async () => {
  const { frame } = await loadCorpus(study);
  const { words, sameText } = describeCorpus(frame);
  assert.deepEqual([Math.round(words.mean), Math.round(words.p95), words.max, sameText], [234, 366, 843, []]);
  const cleaned = readFrame(cleanTexts(frame)).texts;
  assert.ok(cleaned.every((text) => !/<ID:|^Title:|\bet al\.|\bvs\.|[,;@#$%^&*()]|\s\s|\n/.test(text)));
  assert.ok(cleaned.every((text) => cleanText(text) === text && text.length > 100));
});

const sampleSkip = existsSync(join(root, "data", "sample.jsonl")) ? false : "data/sample.jsonl is not there";
test(
  "the embedded sample has some 200 distinct texts, about 100 of each label, and a banner",
  { skip: sampleSkip },
  async () => {
    const { frame, banner, source, report } = await loadCorpus("sample");
    const { labels, sameText, count } = describeCorpus(frame);
    assert.ok(count >= 180 && count <= 260 && labels.every((label) => label.share > 0.45), JSON.stringify(labels));
    assert.deepEqual([sameText, report.problems, source.kind], [[], [], "sample"]);
    assert.match(banner ?? "", /say nothing about cancer/);
    assert.ok(readFrame(frame).ID.every((ID) => /^S\d{4}$/.test(ID)));
  },
);
