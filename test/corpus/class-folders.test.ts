import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { goodEntries, loadZip, put, refused } from "./corpus-folder";
import { makeZip } from "./zips";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora corpus "));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("any sub-folders are classes, of any number, and their files are texts", async () => {
  const texts = {
    "reviews/good/b.txt": "Fine.",
    "reviews/bad/a.txt": "Poor.\nVery.",
    "reviews/so-so/c.txt": "Well.",
    "reviews/good/a.txt": "Great.",
  };
  for (const [name, content] of Object.entries(texts)) await put(folder, name, content);
  const expected = {
    texts: ["Poor.\nVery.", "Great.", "Fine.", "Well."],
    ID: ["bad/a", "good/a", "good/b", "so-so/c"],
    label: [0, 1, 1, 2],
  };
  const zip = await put(
    folder,
    "reviews.zip",
    await makeZip(Object.entries(texts).map(([name, content]) => ({ name, content }))),
  );
  for (const source of [join(folder, "reviews"), zip]) {
    const corpus = await loadCorpus(source);
    assert.deepEqual(readFrame(corpus.frame), expected);
    assert.equal(corpus.format, "plain");
    assert.deepEqual(corpus.report.classes, [
      { label: 0, name: "bad", count: 1 },
      { label: 1, name: "good", count: 2 },
      { label: 2, name: "so-so", count: 1 },
    ]);
    assert.match(corpus.notice, /bad is 0, good is 1, so-so is 2/);
  }
  const ordered = await loadCorpus(zip, { labels: ["good", "so-so", "bad"] });
  assert.deepEqual(readFrame(ordered.frame), {
    texts: ["Great.", "Fine.", "Well.", "Poor.\nVery."],
    ID: ["good/a", "good/b", "so-so/c", "bad/a"],
    label: [0, 0, 1, 2],
  });
  await assert.rejects(
    loadCorpus(zip, { labels: ["good", "bad"] }),
    refused("bad-input", /so-so\/c\.txt: it must be in a class folder: "good", "bad"/),
  );
  await assert.rejects(
    loadCorpus(zip, { labels: ["good", "good"] }),
    refused("bad-option", /labels must be two names or more, each once/),
  );
});

test("folders within folders are refused unless the class folders are named", async () => {
  for (const name of ["train/pos/1.txt", "train/neg/2.txt", "test/pos/3.txt", "test/neg/4.txt"])
    await put(folder, join("imdb", name), `Text of ${name}.`);
  await assert.rejects(
    loadCorpus(join(folder, "imdb")),
    refused("bad-input", /folders within folders \("test\/neg", "test\/pos", "train\/neg", "train\/pos"\)/, /labels/),
  );
  assert.deepEqual(readFrame((await loadCorpus(join(folder, "imdb", "train"))).frame).ID, ["neg/2", "pos/1"]);
  const both = await loadCorpus(join(folder, "imdb"), { labels: { neg: 0, pos: 1 } });
  assert.deepEqual(readFrame(both.frame).ID, ["test/neg/4", "train/neg/2", "test/pos/3", "train/pos/1"]);
});

test("bad files of class folders are named: empty, not UTF-8, with NUL, outside the classes", async () => {
  const content: Record<string, string | Buffer> = {
    "a/1.txt": "One",
    "b/2.txt": "Two",
    "b/3.txt": " \n",
    "b/4.txt": Buffer.from("na\u00efve", "latin1"),
    "b/5.txt": Buffer.from("wide", "utf16le"),
    "6.txt": "Root",
  };
  for (const [name, bytes] of Object.entries(content)) await put(folder, join("set", name), bytes);
  const { report, frame } = await loadCorpus(join(folder, "set"), { onBadEntry: "report" });
  assert.deepEqual(readFrame(frame).ID, ["a/1", "b/2"]);
  assert.deepEqual(
    report.problems.map(({ kind, name }) => [kind, name]),
    [
      ["unknown-class", "6.txt"],
      ["empty-text", "b/3.txt"],
      ["not-utf8", "b/4.txt"],
      ["malformed", "b/5.txt"],
    ],
  );
});

test("texts to evaluate on may lack classes, but there must be at least one text", async () => {
  const one = await put(folder, "one/reviews.csv", "text,label\na,pos\nb,pos\n");
  const corpus = await loadCorpus(one, { allowMissingClasses: true });
  assert.deepEqual(corpus.report.classes, [{ label: 0, name: "pos", count: 2 }]);
  const mapped = await loadCorpus(one, { allowMissingClasses: true, labels: ["neg", "pos"] });
  assert.deepEqual(
    [readFrame(mapped.frame).label, mapped.report.classes.map(({ count }) => count)],
    [
      [1, 1],
      [0, 2],
    ],
  );
  await assert.rejects(
    loadCorpus(await put(folder, "none.csv", "text,label\n"), { allowMissingClasses: true }),
    refused("bad-input", /at least one text/),
  );
  await put(folder, "texts/pos/1.txt", "Fine.");
  assert.deepEqual((await loadCorpus(join(folder, "texts"), { allowMissingClasses: true })).report.classes, [
    { label: 0, name: "pos", count: 1 },
  ]);
  assert.equal((await loadZip(folder, goodEntries.slice(0, 2), { allowMissingClasses: true })).frame.shape[0], 2);
});
