import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { forgetHosts } from "../../src/base/http";
import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import type { Corpus } from "../../src/corpus/corpus";
import { loadCorpus } from "../../src/corpus/load-corpus";
import type { LoadCorpusOptions } from "../../src/corpus/load-options";
import { readFrame } from "../../src/corpus/read-frame";
import { startEutils } from "./eutils-server";
import { cancer, makeZip, other, replaceBytes, studyText, type ZipEntry } from "./zips";

process.env.NO_PROXY = "127.0.0.1";
delete process.env.TSLORA_DATA;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora corpus "));
});
afterEach(async () => {
  delete process.env.TSLORA_DATA;
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

const loadZip = async (entries: readonly ZipEntry[], options?: LoadCorpusOptions): Promise<Corpus> =>
  loadCorpus(await put("Dataset.zip", await makeZip(entries)), options);
const idsOf = (corpus: Corpus): string[] => readFrame(corpus.frame).ID;

function refused(code: TsloraErrorCode, ...parts: RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TsloraError, String(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.match(error.message, part);
    return true;
  };
}

const good = [cancer("102"), cancer("101"), other("201"), other("202")];

test("an archive is read in the study's order, whatever its own", async () => {
  const entries = [other("203"), cancer("102"), other("201"), cancer("103"), cancer("101"), other("202")];
  for (const order of [entries, [...entries].reverse()]) {
    const corpus = await loadZip(order);
    assert.deepEqual(idsOf(corpus), ["101", "102", "103", "201", "202", "203"]);
    assert.deepEqual(readFrame(corpus.frame).label, [1, 1, 1, 0, 0, 0]);
    assert.deepEqual(corpus.frame.columns, ["texts", "ID", "label"]);
    assert.equal(readFrame(corpus.frame).texts[1], studyText("102"));
    assert.deepEqual(corpus.report.counts, { read: 6, kept: 6, leftOut: 0, ignored: 0 });
    assert.match(
      corpus.notice,
      /^Data: 6 texts, 3 of label 0 \(Non-Cancer\), 3 of label 1 \(Cancer\), from .*Dataset\.zip, as asked for\.$/,
    );
  }
});

test("a folder of the same shape gives the same corpus as the archive", async () => {
  for (const { name, content } of good) await put(join("unpacked", name), content);
  await put(join("unpacked", "Dataset", ".DS_Store"), "x");
  await put(join("unpacked", "README.md"), "x");
  const zip = await loadZip(good);
  for (const root of ["unpacked", join("unpacked", "Dataset")]) {
    const corpus = await loadCorpus(join(folder, root));
    assert.deepEqual(readFrame(corpus.frame), readFrame(zip.frame));
    assert.equal(corpus.source.kind, "folder");
  }
  assert.deepEqual((await loadCorpus(join(folder, "unpacked"))).report.ignored, ["Dataset/.DS_Store", "README.md"]);
});

test("abstracts of more lines, line ends of Windows and a byte order mark are read as Python reads them", async () => {
  const text = "<ID:101>\nTitle: A title\n of two lines.\nAbstract: AIMS: First.\n\nMETHODS: Second.";
  const corpus = await loadZip([cancer("101", `\ufeff${text.replaceAll("\n", "\r\n")}`), ...good.slice(2)]);
  assert.equal(readFrame(corpus.frame).texts[0], text);
});

const bad: readonly { what: string; entry: ZipEntry; kind: string; says: RegExp }[] = [
  {
    what: "no abstract",
    entry: cancer("103", "<ID:103>\nTitle: T.\nAbstract:  \n"),
    kind: "no-abstract",
    says: /no text after Abstract/,
  },
  {
    what: "no abstract line",
    entry: cancer("103", "<ID:103>\nTitle: T."),
    kind: "no-abstract",
    says: /no text after Abstract/,
  },
  { what: "another format", entry: cancer("103", "Just words."), kind: "malformed", says: /"Just words\."/ },
  { what: "an empty file", entry: cancer("103", ""), kind: "malformed", says: /<ID:/ },
  { what: "an empty ID", entry: cancer("103", "<ID:>\nTitle: T.\nAbstract: A."), kind: "no-id", says: /names no ID/ },
  { what: "another file's ID", entry: cancer("103", studyText("104")), kind: "id-mismatch", says: /says 104/ },
  {
    what: "no UTF-8",
    entry: cancer("103", Buffer.from(studyText("103", "na\u00efve"), "latin1")),
    kind: "not-utf8",
    says: /UTF-8/,
  },
  {
    what: "a PMID twice",
    entry: { name: "Again/Cancer/101.txt", content: studyText("101") },
    kind: "duplicate-id",
    says: /101 is already used/,
  },
  {
    what: "no class folder",
    entry: { name: "Dataset/cancer/103.txt", content: studyText("103") },
    kind: "unknown-class",
    says: /Cancer or Non-Cancer/,
  },
  {
    what: "a symbolic link",
    entry: { ...cancer("103", "../../etc/passwd"), mode: 0o120777 },
    kind: "link",
    says: /symbolic link/,
  },
];

for (const { what, entry, kind, says } of bad) {
  test(`a bad entry refuses the whole, or is left out and named: ${what}`, async () => {
    await assert.rejects(
      loadZip([...good, entry]),
      refused("bad-input", /1 of 5 entries/, says, /onBadEntry: "report"/),
    );
    const { report, frame, notice } = await loadZip([...good, entry], { onBadEntry: "report" });
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

test("of a PMID in both classes neither stays, for neither label is sure", async () => {
  const entries = [...good, cancer("300"), other("300")];
  await assert.rejects(
    loadZip(entries),
    refused("bad-input", /Cancer\/300\.txt.*more than one class/, /Non-Cancer\/300\.txt/),
  );
  const { report, frame } = await loadZip(entries, { onBadEntry: "report" });
  assert.equal(frame.shape[0], 4);
  assert.deepEqual(
    report.problems.map(({ kind, name }) => [kind, name]),
    [
      ["id-in-two-classes", "Dataset/Cancer/300.txt"],
      ["id-in-two-classes", "Dataset/Non-Cancer/300.txt"],
    ],
  );
});

test("all bad entries are told at once, the first by name and all in the details", async () => {
  const entries = Array.from({ length: 30 }, (_, i) => cancer(String(500 + i), "nothing"));
  await assert.rejects(loadZip([...good, ...entries]), (error: unknown) => {
    assert.ok(error instanceof TsloraError);
    assert.match(error.message, /30 of 34 entries/);
    assert.match(error.message, /and 10 more/);
    assert.equal((error.details.problems as unknown[]).length, 30);
    return true;
  });
});

test("files that are no texts are ignored, and named", async () => {
  const { report, frame } = await loadZip([
    ...good,
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

test("an empty class is refused, also where bad entries make it so", async () => {
  await assert.rejects(loadZip(good.slice(0, 2)), refused("bad-input", /0 of Non-Cancer, 2 of Cancer/));
  await assert.rejects(
    loadZip([...good.slice(0, 2), other("201", "nothing")], { onBadEntry: "report" }),
    refused("bad-input", /0 of Non-Cancer/, /201\.txt/),
  );
  await mkdir(join(folder, "empty"));
  await assert.rejects(loadCorpus(join(folder, "empty")), refused("bad-input", /0 of Non-Cancer, 0 of Cancer/));
  await assert.rejects(loadZip([]), refused("bad-input", /0 of Non-Cancer, 0 of Cancer/));
});

test("names that leave the folder refuse the archive, whatever onBadEntry says", async () => {
  const zip = await makeZip([...good, { name: "aa/aaaa/Cancer/103.txt", content: studyText("103") }]);
  for (const name of [
    "../../x/Cancer/103.txt",
    "/a/aaaa/Cancer/103.txt",
    "C:/aaaa/Cancer/103.txt",
    "..\\aaaa/Cancer/103.txt",
  ]) {
    const path = await put("hostile.zip", replaceBytes(zip, "aa/aaaa/Cancer/103.txt", name));
    await assert.rejects(
      loadCorpus(path, { onBadEntry: "report" }),
      refused("bad-input", /refused/, new RegExp(name.replaceAll("\\", "/").replaceAll(".", "\\."))),
    );
  }
});

test("archives that unpack to more than the limits are refused while they inflate", async () => {
  const bomb = [...good, cancer("103", studyText("103", "0".repeat(5_000_000)))];
  await assert.rejects(
    loadZip(bomb, { limits: { maxUnpackedBytes: 1_000_000 } }),
    refused("bad-input", /at most 1000000 bytes/, /103\.txt/),
  );
  const lying = await makeZip(bomb); // the sizes that the archive names are made small; what inflates is as large as before
  const size = Buffer.alloc(4);
  size.writeUInt32LE(Buffer.byteLength(studyText("103", "0".repeat(5_000_000))));
  const small = Buffer.alloc(4);
  small.writeUInt32LE(100);
  const path = await put("lying.zip", replaceBytes(lying, size.toString("latin1"), small.toString("latin1")));
  await assert.rejects(loadCorpus(path), refused("bad-input", /103\.txt cannot be unpacked/));
  await assert.rejects(
    loadZip(good, { limits: { maxEntries: 3 } }),
    refused("bad-input", /at most 3 entries.*it has 4/),
  );
  await assert.rejects(loadZip(good, { limits: { maxUnpackedBytes: 10 } }), refused("bad-input", /at most 10 bytes/));
});

test("damaged archives are refused, by name", async () => {
  const zip = await makeZip(good.map((entry) => ({ ...entry, compress: false })));
  await assert.rejects(
    loadCorpus(await put("cut.zip", zip.subarray(0, zip.length - 30))),
    refused("bad-input", /cut\.zip/),
  );
  await assert.rejects(
    loadCorpus(await put("text.zip", "no archive at all")),
    refused("bad-input", /it must be a zip archive/),
  );
  await assert.rejects(
    loadCorpus(await put("flipped.zip", replaceBytes(zip, "found of 102", "fOund of 102"))),
    refused("bad-input", /102\.txt is damaged/),
  );
  const deflated = await makeZip(good);
  const at = deflated.indexOf("Dataset/Cancer/102.txt") + "Dataset/Cancer/102.txt".length + 25;
  deflated.fill(0xff, at, at + 10);
  await assert.rejects(loadCorpus(await put("bits.zip", deflated)), refused("bad-input", /102\.txt/));
});

test("links in a folder are not followed", async () => {
  for (const { name, content } of good) await put(join("set", name), content);
  await put("outside.txt", studyText("103"));
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
  const corpus = await loadZip(entries, { labels: { ham: 0, spam: 1 } });
  assert.deepEqual(
    [idsOf(corpus), readFrame(corpus.frame).label],
    [
      ["2", "1"],
      [0, 1],
    ],
  );
  await assert.rejects(loadZip(entries, { labels: { ham: 0, spam: 2 } }), refused("bad-option", /labels/));
});

test("CSV cells keep their quotes, commas and line ends, and IDs stay strings", async () => {
  const path = await put("own.csv", '\ufefftext,label,pmid\n"One, ""two""\nthree",1,007\n"  Four  ",0,8\n');
  const corpus = await loadCorpus(path);
  assert.deepEqual(readFrame(corpus.frame), {
    texts: ['One, "two"\nthree', "  Four  "],
    ID: ["007", "8"],
    label: [1, 0],
  });
  assert.equal(corpus.source.kind, "csv");
  const tsv = await loadCorpus(await put("own.tsv", "text\tlabel\na, b\t0\nc\t1\n"));
  assert.deepEqual(readFrame(tsv.frame), { texts: ["a, b", "c"], ID: ["1", "2"], label: [0, 1] });
  assert.match(tsv.notice, /no ID column/);
});

test("columns are named by options, and labels that are words are numbered in sorted order or by option", async () => {
  const path = await put("own.csv", "body,kind,key\nA,tumour,x\nB,benign,y\nC,tumour,z\n");
  const columns = { textColumn: "body", labelColumn: "kind", idColumn: "key" };
  const sorted = await loadCorpus(path, columns);
  assert.deepEqual(readFrame(sorted.frame), { texts: ["A", "B", "C"], ID: ["x", "y", "z"], label: [1, 0, 1] });
  assert.match(sorted.notice, /benign is 0, tumour is 1/);
  const mapped = await loadCorpus(path, { ...columns, labels: { tumour: 0, benign: 1 } });
  assert.deepEqual(readFrame(mapped.frame).label, [0, 1, 0]);
  const numbers = await loadCorpus(await put("numbers.csv", "text,label\na,10\nb,9\nc,-1\n"));
  assert.deepEqual(readFrame(numbers.frame).label, [2, 1, 0]);
  assert.match(numbers.notice, /-1 is 0, 9 is 1, 10 is 2/);
  await assert.rejects(
    loadCorpus(path, { ...columns, labels: { tumour: 0, other: 1 } }),
    refused("bad-input", /line 3: kind must be one of tumour, other/),
  );
});

test("missing columns are told with those that are there", async () => {
  const path = await put("own.csv", "body,kind\nA,1\nB,0\n");
  await assert.rejects(
    loadCorpus(path),
    refused("bad-input", /column "text" \(options\.textColumn\)/, /"body", "kind"/),
  );
  await assert.rejects(loadCorpus(path, { textColumn: "body" }), refused("bad-input", /column "label"/));
  await assert.rejects(
    loadCorpus(path, { textColumn: "body", labelColumn: "kind", idColumn: "PMID" }),
    refused("bad-input", /column "PMID" \(options\.idColumn\)/),
  );
  await assert.rejects(loadZip(good, { textColumn: "body" }), refused("bad-option", /textColumn is for CSV and JSONL/));
});

test("bad rows are named by their line", async () => {
  const path = await put("own.csv", 'text,label,ID\na,0,1\n"b\nb",1,2\n ,1,3\nd,1\ne,,5\nf,0,1\ng,1,1\n');
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
  const { report, frame } = await loadCorpus(await put("some.csv", "text,label,ID\na,0,1\nb,1,2\n,1,3\nd,1\n"), {
    onBadEntry: "report",
  });
  assert.deepEqual([frame.shape[0], report.problems.map(({ name }) => name).sort()], [2, ["line 4", "line 5"]]);
  await assert.rejects(
    loadCorpus(await put("quote.csv", 'text,label\n"a,0\nb,1\n'), { onBadEntry: "report" }),
    refused("bad-input", /quote\.csv: the quote in line \d+ must be closed/i),
  );
  await assert.rejects(
    loadCorpus(await put("latin.csv", Buffer.from("text,label\nna\u00efve,0\nb,1\n", "latin1"))),
    refused("bad-input", /UTF-8/),
  );
  await assert.rejects(
    loadCorpus(await put("twice.csv", "text,text,label\na,b,0\n")),
    refused("bad-input", /"text" is there twice/),
  );
  await assert.rejects(loadCorpus(await put("empty.csv", "")), refused("bad-input", /header row/));
  await assert.rejects(
    loadCorpus(await put("one.csv", "text,label\na,0\nb,0\n")),
    refused("bad-input", /two classes or more/),
  );
});

test("JSON Lines are read, and a bad line is named by its number", async () => {
  const lines = [
    '{"text": "A \\"quoted\\"\\nline", "label": "yes", "id": 12}',
    "",
    '{"label": "no", "text": "\u4e2d\u6587", "id": "13"}',
  ];
  const corpus = await loadCorpus(await put("own.jsonl", `${lines.join("\n")}\n`));
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
  const path = await put("broken.jsonl", broken.join("\n"));
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

test("what is asked for by name is found or is an error", async () => {
  await assert.rejects(loadCorpus("no/such/Dataset.zip"), refused("not-found", /no\/such\/Dataset\.zip/, /"sample"/));
  await assert.rejects(loadCorpus(await put("data.xlsx", "x")), refused("unsupported", /\.zip, \.csv/));
  await assert.rejects(loadCorpus("sample", { dataDir: folder }), refused("not-found", /sample\.jsonl/));
  await assert.rejects(loadCorpus("pubmed", { dataDir: folder, cacheDir: folder }), refused("not-found", /pmids\.csv/));
  process.env.TSLORA_DATA = join(folder, "gone.zip");
  await assert.rejects(loadCorpus(), refused("not-found", /gone\.zip/));
});

const sample = ["S0002", "S0001", "S0004", "S0003"]
  .map((ID, i) => JSON.stringify({ ID, label: i % 2, title: `On ${ID}`, abstract: "Written for a test." }))
  .join("\n");

test("auto takes TSLORA_DATA, then data/Dataset.zip, then PubMed, then the sample, and says why", async () => {
  const dataDir = join(folder, "data");
  const server = await startEutils(
    new Map([
      ["1", { title: "One.", abstract: "<AbstractText>A</AbstractText>" }],
      ["2", { title: "Two.", abstract: "<AbstractText>B</AbstractText>" }],
    ]),
  );
  const options = {
    dataDir,
    cacheDir: join(folder, "cache"),
    pubmed: { baseUrl: server.baseUrl, requestsPerSecond: 1000 },
  };
  await put("data/sample.jsonl", sample);
  await put("data/pmids.csv", "pmid,label\n1,1\n2,0\n");
  await server.close();
  const last = await loadCorpus("auto", options);
  assert.equal(last.source.kind, "sample");
  assert.match(last.notice, /the embedded sample/);
  assert.match(
    last.notice,
    /there is no .*Dataset\.zip, and PubMed cannot be asked: .*cannot be reached .*needed\.( |$)/,
  );
  assert.match(last.banner ?? "", /say nothing about cancer/);
  assert.deepEqual(idsOf(last), ["S0001", "S0003", "S0002", "S0004"]);
  assert.match(readFrame(last.frame).texts[0], /^<ID:S0001>\nTitle: On S0001\nAbstract: Written/);
  assert.equal((await loadCorpus("sample", options)).source.kind, "sample");

  forgetHosts();
  const up = await startEutils(
    new Map([
      ["1", { title: "One.", abstract: "<AbstractText>A</AbstractText>" }],
      ["2", { title: "Two.", abstract: "<AbstractText>B</AbstractText>" }],
    ]),
  );
  const fetched = await loadCorpus("auto", { ...options, pubmed: { ...options.pubmed, baseUrl: up.baseUrl } });
  await up.close();
  assert.deepEqual([fetched.source.kind, fetched.banner], ["pubmed", undefined]);

  await put("data/Dataset.zip", await makeZip(good));
  const own = await loadCorpus("auto", options);
  assert.deepEqual([own.source.kind, idsOf(own).length], ["zip", 4]);

  process.env.TSLORA_DATA = await put("named.csv", "text,label\na,0\nb,1\n");
  const named = await loadCorpus("auto", options);
  assert.deepEqual([named.source.kind, idsOf(named).length], ["csv", 2]);
  assert.match(named.notice, /since TSLORA_DATA names it/);
});

test("an archive that cannot be used is an error also under auto, never passed over", async () => {
  await put("data/Dataset.zip", "spoilt");
  await put("data/sample.jsonl", sample);
  await assert.rejects(
    loadCorpus("auto", { dataDir: join(folder, "data") }),
    refused("bad-input", /it must be a zip archive/),
  );
});

test("options that cannot be met are all named", async () => {
  const options = {
    onBadEntry: "ignore",
    limits: { maxEntries: 0, maxUnpackedBytes: Number.NaN },
    delimiter: "",
  } as unknown as LoadCorpusOptions;
  await assert.rejects(
    loadCorpus("sample", options),
    refused("bad-option", /onBadEntry.*"ignore"/, /limits\.maxEntries/, /limits\.maxUnpackedBytes.*NaN/, /delimiter/),
  );
});

test("any sub-folders are classes, of any number, and their files are texts", async () => {
  const texts = {
    "reviews/good/b.txt": "Fine.",
    "reviews/bad/a.txt": "Poor.\nVery.",
    "reviews/so-so/c.txt": "Well.",
    "reviews/good/a.txt": "Great.",
  };
  for (const [name, content] of Object.entries(texts)) await put(name, content);
  const expected = {
    texts: ["Poor.\nVery.", "Great.", "Fine.", "Well."],
    ID: ["bad/a", "good/a", "good/b", "so-so/c"],
    label: [0, 1, 1, 2],
  };
  const zip = await put(
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
    await put(join("imdb", name), `Text of ${name}.`);
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
  for (const [name, bytes] of Object.entries(content)) await put(join("set", name), bytes);
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

test("texts to evaluate on may lack classes, but not be none", async () => {
  const one = await put("one/reviews.csv", "text,label\na,pos\nb,pos\n");
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
    loadCorpus(await put("none.csv", "text,label\n"), { allowMissingClasses: true }),
    refused("bad-input", /at least one text/),
  );
  await put("texts/pos/1.txt", "Fine.");
  assert.deepEqual((await loadCorpus(join(folder, "texts"), { allowMissingClasses: true })).report.classes, [
    { label: 0, name: "pos", count: 1 },
  ]);
  assert.equal((await loadZip(good.slice(0, 2), { allowMissingClasses: true })).frame.shape[0], 2);
});
