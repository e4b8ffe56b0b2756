import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { goodEntries, idsOf, loadZip, put, refused } from "./corpus-folder";
import { cancer, makeZip, other, replaceBytes, studyText, type ZipEntry } from "./zips";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora corpus "));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("an archive is read in the study's order, for any order of its entries", async () => {
  const entries = [other("203"), cancer("102"), other("201"), cancer("103"), cancer("101"), other("202")];
  for (const order of [entries, [...entries].reverse()]) {
    const corpus = await loadZip(folder, order);
    assert.deepEqual(idsOf(corpus), ["101", "102", "103", "201", "202", "203"]);
    assert.deepEqual(readFrame(corpus.frame).label, [1, 1, 1, 0, 0, 0]);
    assert.deepEqual(corpus.frame.columns, ["texts", "ID", "label"]);
    assert.equal(readFrame(corpus.frame).texts[1], studyText("102"));
    assert.deepEqual(corpus.report.counts, { read: 6, kept: 6, leftOut: 0, ignored: 0 });
    assert.match(
      corpus.notice,
      /^Data: 6 texts, 3 of label 0 \(Non-Cancer\), 3 of label 1 \(Cancer\), from .*Dataset\.zip, as requested\.$/,
    );
  }
});

test("a folder of the same shape gives the same corpus as the archive", async () => {
  for (const { name, content } of goodEntries) await put(folder, join("unpacked", name), content);
  await put(folder, join("unpacked", "Dataset", ".DS_Store"), "x");
  await put(folder, join("unpacked", "README.md"), "x");
  const zip = await loadZip(folder, goodEntries);
  for (const root of ["unpacked", join("unpacked", "Dataset")]) {
    const corpus = await loadCorpus(join(folder, root));
    assert.deepEqual(readFrame(corpus.frame), readFrame(zip.frame));
    assert.equal(corpus.source.kind, "folder");
  }
  assert.deepEqual((await loadCorpus(join(folder, "unpacked"))).report.ignored, ["Dataset/.DS_Store", "README.md"]);
});

test("abstracts of several lines, Windows line ends and a byte order mark are read as in Python", async () => {
  const text = "<ID:101>\nTitle: A title\n of two lines.\nAbstract: AIMS: First.\n\nMETHODS: Second.";
  const corpus = await loadZip(folder, [
    cancer("101", `\ufeff${text.replaceAll("\n", "\r\n")}`),
    ...goodEntries.slice(2),
  ]);
  assert.equal(readFrame(corpus.frame).texts[0], text);
});

const bad: readonly { what: string; entry: ZipEntry; kind: string; expected: RegExp }[] = [
  {
    what: "no abstract",
    entry: cancer("103", "<ID:103>\nTitle: T.\nAbstract:  \n"),
    kind: "no-abstract",
    expected: /no text after Abstract/,
  },
  {
    what: "no abstract line",
    entry: cancer("103", "<ID:103>\nTitle: T."),
    kind: "no-abstract",
    expected: /no text after Abstract/,
  },
  { what: "another format", entry: cancer("103", "Just words."), kind: "malformed", expected: /"Just words\."/ },
  { what: "an empty file", entry: cancer("103", ""), kind: "malformed", expected: /<ID:/ },
  {
    what: "an empty ID",
    entry: cancer("103", "<ID:>\nTitle: T.\nAbstract: A."),
    kind: "no-id",
    expected: /names no ID/,
  },
  { what: "another file's ID", entry: cancer("103", studyText("104")), kind: "id-mismatch", expected: /says 104/ },
  {
    what: "no UTF-8",
    entry: cancer("103", Buffer.from(studyText("103", "na\u00efve"), "latin1")),
    kind: "not-utf8",
    expected: /UTF-8/,
  },
  {
    what: "a PMID twice",
    entry: { name: "Again/Cancer/101.txt", content: studyText("101") },
    kind: "duplicate-id",
    expected: /101 is already used/,
  },
  {
    what: "no class folder",
    entry: { name: "Dataset/cancer/103.txt", content: studyText("103") },
    kind: "unknown-class",
    expected: /Cancer or Non-Cancer/,
  },
  {
    what: "a symbolic link",
    entry: { ...cancer("103", "../../etc/passwd"), mode: 0o120777 },
    kind: "link",
    expected: /symbolic link/,
  },
];

for (const { what, entry, kind, expected } of bad) {
  test(`a bad entry is an error for the archive, or is left out and named: ${what}`, async () => {
    await assert.rejects(
      loadZip(folder, [...goodEntries, entry]),
      refused("bad-input", /1 of 5 entries/, expected, /onBadEntry: "report"/),
    );
    const { report, frame, notice } = await loadZip(folder, [...goodEntries, entry], { onBadEntry: "report" });
    assert.equal(frame.shape[0], 4);
    assert.deepEqual(report.counts, { read: 5, kept: 4, leftOut: 1, ignored: 0 });
    assert.deepEqual(
      report.problems.map((problem) => problem.kind),
      [kind],
    );
    assert.ok([entry.name, "Dataset/Cancer/101.txt"].includes(report.problems[0].name));
    assert.match(notice, /1 of 5 entries were left out/);
  });
}

test("both texts of a PMID in both classes are left out, since neither label is certain", async () => {
  const entries = [...goodEntries, cancer("300"), other("300")];
  await assert.rejects(
    loadZip(folder, entries),
    refused("bad-input", /Cancer\/300\.txt.*more than one class/, /Non-Cancer\/300\.txt/),
  );
  const { report, frame } = await loadZip(folder, entries, { onBadEntry: "report" });
  assert.equal(frame.shape[0], 4);
  assert.deepEqual(
    report.problems.map(({ kind, name }) => [kind, name]),
    [
      ["id-in-two-classes", "Dataset/Cancer/300.txt"],
      ["id-in-two-classes", "Dataset/Non-Cancer/300.txt"],
    ],
  );
});

test("all bad entries are reported at once, the first by name and all in the details", async () => {
  const entries = Array.from({ length: 30 }, (_, i) => cancer(String(500 + i), "nothing"));
  await assert.rejects(loadZip(folder, [...goodEntries, ...entries]), (error: unknown) => {
    assert.ok(error instanceof TsloraError);
    assert.match(error.message, /30 of 34 entries/);
    assert.match(error.message, /and 10 more/);
    assert.equal((error.details.problems as unknown[]).length, 30);
    return true;
  });
});

test("files that are not texts are ignored, and named", async () => {
  const { report, frame } = await loadZip(folder, [
    ...goodEntries,
    { name: "Dataset/Cancer/", content: "" },
    { name: "__MACOSX/Dataset/Cancer/._101.txt", content: "x" },
    { name: "Dataset/Cancer/.DS_Store", content: "x" },
    { name: "Dataset/notes.md", content: "x" },
  ]);
  assert.equal(frame.shape[0], 4);
  assert.deepEqual([...report.ignored].sort(), [
    "Dataset/Cancer/.DS_Store",
    "Dataset/notes.md",
    "__MACOSX/Dataset/Cancer/._101.txt",
  ]);
});

test("an empty class is refused, also if it is empty because bad entries were left out", async () => {
  await assert.rejects(loadZip(folder, goodEntries.slice(0, 2)), refused("bad-input", /0 of Non-Cancer, 2 of Cancer/));
  await assert.rejects(
    loadZip(folder, [...goodEntries.slice(0, 2), other("201", "nothing")], { onBadEntry: "report" }),
    refused("bad-input", /0 of Non-Cancer/, /201\.txt/),
  );
  await mkdir(join(folder, "empty"));
  await assert.rejects(loadCorpus(join(folder, "empty")), refused("bad-input", /0 of Non-Cancer, 0 of Cancer/));
  await assert.rejects(loadZip(folder, []), refused("bad-input", /0 of Non-Cancer, 0 of Cancer/));
});

test("an archive with names that leave the folder is refused, for any value of onBadEntry", async () => {
  const zip = await makeZip([...goodEntries, { name: "aa/aaaa/Cancer/103.txt", content: studyText("103") }]);
  for (const name of [
    "../../x/Cancer/103.txt",
    "/a/aaaa/Cancer/103.txt",
    "C:/aaaa/Cancer/103.txt",
    "..\\aaaa/Cancer/103.txt",
  ]) {
    const path = await put(folder, "hostile.zip", replaceBytes(zip, "aa/aaaa/Cancer/103.txt", name));
    await assert.rejects(
      loadCorpus(path, { onBadEntry: "report" }),
      refused("bad-input", /refused/, new RegExp(name.replaceAll("\\", "/").replaceAll(".", "\\."))),
    );
  }
});

test("archives that unpack to more than the limits are refused during unpacking", async () => {
  const bomb = [...goodEntries, cancer("103", studyText("103", "0".repeat(5_000_000)))];
  await assert.rejects(
    loadZip(folder, bomb, { limits: { maxUnpackedBytes: 1_000_000 } }),
    refused("bad-input", /at most 1000000 bytes/, /103\.txt/),
  );
  // The sizes that the archive names are made small; what inflates is as large as before.
  const lying = await makeZip(bomb);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(Buffer.byteLength(studyText("103", "0".repeat(5_000_000))));
  const small = Buffer.alloc(4);
  small.writeUInt32LE(100);
  const path = await put(folder, "lying.zip", replaceBytes(lying, size.toString("latin1"), small.toString("latin1")));
  await assert.rejects(loadCorpus(path), refused("bad-input", /103\.txt cannot be unpacked/));
  await assert.rejects(
    loadZip(folder, goodEntries, { limits: { maxEntries: 3 } }),
    refused("bad-input", /at most 3 entries.*it has 4/),
  );
  await assert.rejects(
    loadZip(folder, goodEntries, { limits: { maxUnpackedBytes: 10 } }),
    refused("bad-input", /at most 10 bytes/),
  );
});

test("damaged archives are refused, with the file's name", async () => {
  const zip = await makeZip(goodEntries.map((entry) => ({ ...entry, compress: false })));
  await assert.rejects(
    loadCorpus(await put(folder, "cut.zip", zip.subarray(0, zip.length - 30))),
    refused("bad-input", /cut\.zip/),
  );
  await assert.rejects(
    loadCorpus(await put(folder, "text.zip", "no archive at all")),
    refused("bad-input", /it must be a zip archive/),
  );
  await assert.rejects(
    loadCorpus(await put(folder, "flipped.zip", replaceBytes(zip, "found of 102", "fOund of 102"))),
    refused("bad-input", /102\.txt is damaged/),
  );
  const deflated = await makeZip(goodEntries);
  const at = deflated.indexOf("Dataset/Cancer/102.txt") + "Dataset/Cancer/102.txt".length + 25;
  deflated.fill(0xff, at, at + 10);
  await assert.rejects(loadCorpus(await put(folder, "bits.zip", deflated)), refused("bad-input", /102\.txt/));
});

test("links in a folder are not followed", async () => {
  for (const { name, content } of goodEntries) await put(folder, join("set", name), content);
  await put(folder, "outside.txt", studyText("103"));
  await symlink(join(folder, "outside.txt"), join(folder, "set", "Dataset", "Cancer", "103.txt"));
  await assert.rejects(loadCorpus(join(folder, "set")), refused("bad-input", /103\.txt: a symbolic link/));
  const { report } = await loadCorpus(join(folder, "set"), { onBadEntry: "report" });
  assert.deepEqual(
    report.problems.map(({ kind }) => kind),
    ["link"],
  );
  await assert.rejects(
    loadCorpus(join(folder, "set"), { limits: { maxEntries: 2 } }),
    refused("bad-input", /at most 2 files/),
  );
});

test("other class folders are named by options.labels", async () => {
  const entries = [
    { name: "d/spam/1.txt", content: studyText("1") },
    { name: "d/ham/2.txt", content: studyText("2") },
  ];
  const corpus = await loadZip(folder, entries, { labels: { ham: 0, spam: 1 } });
  assert.deepEqual(
    [idsOf(corpus), readFrame(corpus.frame).label],
    [
      ["2", "1"],
      [0, 1],
    ],
  );
  await assert.rejects(loadZip(folder, entries, { labels: { ham: 0, spam: 2 } }), refused("bad-option", /labels/));
});
