import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { describeData, expectAllLabels, numberLabels } from "../../src/corpus/describe-data";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { oneAgainstRest } from "../../src/corpus/text/one-against-rest";
import { readFrame } from "../../src/corpus/read-frame";

const folder = mkdtempSync(join(tmpdir(), "tslora-describe-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const STUDY = /cancer|pmid|abstract|published notebook/i;
const REMARKS = [
  "title",
  "read",
  "split",
  "clean",
  "load",
  "train",
  "evaluate",
  "push",
  "next",
  "table",
  "steps",
  "rare",
] as const;

function csv(name: string, rows: readonly (readonly string[])[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n"));
  return path;
}

const PMIDS = readFileSync(join(projectRoot(), "data", "pmids.csv"), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","));

test("the study's data are recognised by their PMIDs and labels, in any file", async () => {
  const all = csv("anything.csv", [
    ["id", "text", "label"],
    ...PMIDS.map(([pmid, label]) => [pmid, `text ${pmid}`, label]),
  ]);
  const study = await describeData(await loadCorpus(all));
  assert.deepEqual(
    [study.about, study.labels, study.classNames, study.idName],
    ["study", ["NEGATIVE", "POSITIVE"], ["Non-Cancer", "Cancer"], "PMID"],
  );
  assert.equal(study.stratify(readStudy()), undefined, "the study's split is not stratified");
  assert.match(study.remark("evaluate"), /first test text/);

  const withdrawn = csv("most.csv", [
    ["id", "text", "label"],
    ...PMIDS.slice(5, 990).map(([pmid, label]) => [pmid, `text ${pmid}`, label]),
  ]);
  assert.equal((await describeData(await loadCorpus(withdrawn))).about, "study");
  const half = csv("half.csv", [
    ["id", "text", "label"],
    ...PMIDS.filter((_, i) => i % 2 === 0).map(([pmid, label]) => [pmid, `text ${pmid}`, label]),
  ]);
  assert.equal((await describeData(await loadCorpus(half))).about, "data");
  const turned = csv("turned.csv", [
    ["id", "text", "label"],
    ...PMIDS.map(([pmid, label]) => [pmid, `text ${pmid}`, String(1 - Number(label))]),
  ]);
  assert.equal((await describeData(await loadCorpus(turned))).about, "data");

  function readStudy(): Parameters<typeof study.stratify>[0] {
    return undefined as never; // not looked at
  }
});

test("other data have their own names, and the study is not mentioned", async () => {
  const names = ["not good, at all", "sehr gut \u{1f44d}", "3"];
  const path = csv("Dataset.zip.csv", [
    ["text", "label"],
    ...Array.from({ length: 30 }, (_, i) => [`text ${i}`, names[i % 3]]),
  ]);
  const corpus = await loadCorpus(path);
  const data = await describeData(corpus);
  assert.equal(data.about, "data");
  assert.deepEqual([...data.labels].sort(), [...names].sort());
  assert.deepEqual(data.classNames, data.labels);
  assert.equal(data.stratify(corpus.frame)?.length, 30);
  for (const text of [data.banner.title, data.slug, data.idName, ...REMARKS.map((step) => data.remark(step))])
    assert.doesNotMatch(text, STUDY);
  assert.match(data.slug, /^[\w.-]+$/);
  assert.deepEqual(readFrame(data.clean(corpus.frame)).texts, readFrame(corpus.frame).texts);
});

test("the sample is not the study: no claim about cancer", async () => {
  const sample = await describeData(await loadCorpus("sample"));
  assert.deepEqual(
    [sample.about, sample.labels, sample.classNames],
    ["sample", ["NEGATIVE", "POSITIVE"], ["NEGATIVE", "POSITIVE"]],
  );
  assert.equal(sample.banner.level, "warning");
  assert.deepEqual(
    REMARKS.map((step) => sample.remark(step)),
    REMARKS.map(() => ""),
  );
});

test("a folder's classes, labels in a given order, few texts", async () => {
  for (const [name, count] of [
    ["love it", 3],
    ["hate it", 6],
  ] as const) {
    mkdirSync(join(folder, "reviews", name), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(join(folder, "reviews", name, `${name[0]}${i}.txt`), `${name}, ${i}`);
  }
  const labels = numberLabels(["love it", "hate it"]);
  const data = await describeData(await loadCorpus(join(folder, "reviews"), { labels }));
  assert.deepEqual([data.about, data.labels, data.slug], ["data", ["love it", "hate it"], "reviews"]);
  const corpus = await loadCorpus(join(folder, "reviews"), { labels });
  assert.equal(data.stratify(corpus.frame), undefined, "three texts cannot be in three parts");
  assert.equal(numberLabels([]), undefined);
  assert.throws(() => expectAllLabels(corpus.frame.iloc({ rows: [0, 1] }), data.labels), /none of "hate it"/);
});

test("one class against the rest: the second of two, the rarest of more, or the one that is named", async () => {
  const rows = Array.from({ length: 12 }, (_, i) => [`text ${i}`, i < 2 ? "rare" : i < 6 ? "some" : "often"]);
  const { frame } = await loadCorpus(csv("three.csv", [["text", "label"], ...rows]));
  const labels = ["often", "rare", "some"];
  const rare = oneAgainstRest(frame, { labels });
  assert.deepEqual(rare.labels, ["not rare", "rare"]);
  assert.deepEqual(
    readFrame(rare.frame).label,
    rows.map(([, name]) => Number(name === "rare")),
  );
  assert.deepEqual(oneAgainstRest(frame, { labels, positive: "some" }).labels, ["not some", "some"]);
  assert.throws(
    () => oneAgainstRest(frame, { labels, positive: "none" }),
    /positive must be one of "often", "rare", "some", or "auto"; got "none"/,
  );

  const two = await loadCorpus(
    csv("two.csv", [
      ["text", "label"],
      ["a", "bad"],
      ["b", "good"],
      ["c", "bad"],
    ]),
  );
  assert.equal(oneAgainstRest(two.frame, { labels: ["bad", "good"] }).frame, two.frame);
  const turned = oneAgainstRest(two.frame, { labels: ["bad", "good"], positive: "bad" });
  assert.deepEqual(
    [turned.labels, readFrame(turned.frame).label],
    [
      ["good", "bad"],
      [1, 0, 1],
    ],
  );
});
