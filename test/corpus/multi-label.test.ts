import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { DataFrame } from "danfojs-node";

import { loadCorpus } from "../../src/corpus/load-corpus";
import type { LoadCorpusOptions } from "../../src/corpus/load-options";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";
import { cleanTexts } from "../../src/corpus/text/clean-text";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-multi-label-"))));
after(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};
const jsonl = (name: string, rows: readonly object[]): Promise<string> =>
  file(name, rows.map((row) => JSON.stringify(row)).join("\n"));
const flags = (frame: DataFrame, names: readonly string[]): number[][] =>
  names.map((name) => [...(frame.column(name).values as number[])]);

const LISTS = [
  { text: "one", labels: ["b", "a"] },
  { text: "two", labels: [] },
  { text: "three", labels: ["c"] },
  { text: "four", labels: ["a"] },
];
const FLAGS = [
  [1, 0, 0, 1],
  [1, 0, 0, 0],
  [0, 0, 1, 0],
];

test("lists of labels in JSON and columns of 0 and 1 give the same frame, with a column for each label", async () => {
  const lists = await loadCorpus(await jsonl("lists.jsonl", LISTS), { multiLabel: true });
  assert.deepEqual(lists.frame.columns, ["texts", "ID", "a", "b", "c"]);
  assert.equal(lists.problemType, "multi_label_classification");
  assert.deepEqual(flags(lists.frame, ["a", "b", "c"]), FLAGS);
  assert.match(
    lists.notice,
    /4 texts, 2 of label 0 \(a\), 1 of label 1 \(b\), 1 of label 2 \(c\).*A text may have several labels; 1 has none\./,
  );
  const csv = await file("columns.csv", "text,a,b,c\none,1,1,0\ntwo,0,0.0,False\nthree,0,0,True\nfour,1.0,0,0\n");
  const columns = await loadCorpus(csv, { labelColumns: ["a", "b", "c"] });
  assert.deepEqual(flags(columns.frame, ["a", "b", "c"]), FLAGS);
  const byLabels = await loadCorpus(csv, { multiLabel: true, labels: ["c", "a", "b"] });
  assert.deepEqual(byLabels.frame.columns, ["texts", "ID", "c", "a", "b"]);
  assert.deepEqual(flags(byLabels.frame, ["a", "b", "c"]), FLAGS);
  const json = await loadCorpus(await file("lists.json", JSON.stringify(LISTS)), { multiLabel: true });
  assert.deepEqual(flags(json.frame, ["a", "b", "c"]), FLAGS);
  const [part] = trainTestSplit(columns.frame, { trainSize: 2, randomState: 3 });
  const at = part.index.map(Number);
  assert.deepEqual(
    flags(part, ["a", "b", "c"]),
    FLAGS.map((column) => at.map((row) => column[row])),
  );
});

test("given labels set the order, and may be written as numbers; texts for evaluation may lack a label", async () => {
  const options = { multiLabel: true, labels: ["c", "b", "a", "d"], allowMissingClasses: true };
  const names = await loadCorpus(await jsonl("names.jsonl", LISTS), options);
  assert.deepEqual(names.frame.columns.slice(2), ["c", "b", "a", "d"]);
  assert.deepEqual(flags(names.frame, ["a", "b", "c", "d"]), [...FLAGS, [0, 0, 0, 0]]);
  const numbered = LISTS.map(({ text, labels }) => ({
    text,
    labels: labels.map((name) => options.labels.indexOf(name)),
  }));
  const numbers = await loadCorpus(await jsonl("numbers.jsonl", numbered), options);
  assert.deepEqual(flags(numbers.frame, ["a", "b", "c", "d"]), [...FLAGS, [0, 0, 0, 0]]);
  await assert.rejects(
    loadCorpus(await jsonl("names.jsonl", LISTS), { ...options, allowMissingClasses: false }),
    /two labels or more, each of at least one text; got .*0 of d/,
  );
});

test("a number means the label of that number, in any order of the names and also if these are numbers", async () => {
  const rows = [
    { text: "one", labels: [0] },
    { text: "two", labels: [1] },
    { text: "three", labels: [1, 0] },
  ];
  const expected = [
    [1, 0, 1],
    [0, 1, 1],
  ];
  const path = await jsonl("numbered.jsonl", rows);
  for (const labels of [{ Toxic: 1, Clean: 0 }, { Clean: 0, Toxic: 1 }, ["Clean", "Toxic"]]) {
    const { frame } = await loadCorpus(path, { multiLabel: true, labels });
    assert.deepEqual(frame.columns, ["texts", "ID", "Clean", "Toxic"]);
    assert.deepEqual(flags(frame, ["Clean", "Toxic"]), expected);
  }
  const { frame } = await loadCorpus(path, { multiLabel: true, labels: ["10", "2"] });
  for (const one of [frame, cleanTexts(frame)]) {
    assert.deepEqual(one.columns, ["texts", "ID", "10", "2"]);
    assert.deepEqual(one.dtypes, ["string", "string", "int32", "int32"]);
    assert.deepEqual(flags(one, ["10", "2"]), expected);
  }
});

test("wrong values are refused with line and column", async () => {
  const refused = async (rows: readonly object[], message: RegExp, options: LoadCorpusOptions = {}): Promise<void> =>
    assert.rejects(loadCorpus(await jsonl("wrong.jsonl", rows), { multiLabel: true, ...options }), message);
  await refused(
    [...LISTS, { text: "x", labels: "a" }],
    /line 5: labels must be a list of labels; got "a"\. In CSV give labelColumns/,
  );
  await refused([...LISTS, { text: "x" }], /line 5: labels must be a list of labels; got nothing/);
  await refused(
    [...LISTS, { text: "x", labels: ["a", null] }],
    /line 5: labels must be a list of strings or whole numbers; got null in it/,
  );
  await refused(
    [...LISTS, { text: "x", labels: ["a", " a"] }],
    /line 5: labels must list a label once; got "?a"? twice/,
  );
  await refused(
    [...LISTS, { text: "x", labels: ["z"] }],
    /line 5: labels must be one of a, b, c \(options.labels\); got z/,
    {
      labels: ["a", "b", "c"],
    },
  );
  await refused([...LISTS, { text: "x", labels: ["ID"] }], /no label may be named texts, text_pair, ID.*got "?ID"?/);
  await refused(LISTS, /labels must be a string or a whole number; got \["b",\s?"a"\]\. Pass multiLabel: true/, {
    multiLabel: false,
    labelColumn: "labels",
  });
  await assert.rejects(
    loadCorpus(await jsonl("wrong.jsonl", LISTS)),
    /must have a column "label".*"labels" holds a list of labels for each text, pass multiLabel: true/,
  );
  const csv = await file("wrong.csv", "text,a,b\none,1,0\ntwo,2,0\nthree,,1\nfour,0,yes\n");
  await assert.rejects(
    loadCorpus(csv, { labelColumns: ["a", "b"] }),
    /line 3: a must be 0 or 1; got "2"\n- line 4: a must be 0 or 1; got ""\n- line 5: b must be 0 or 1; got "yes"/,
  );
  const { report, frame } = await loadCorpus(await file("some.csv", "text,a,b\none,1,0\ntwo,2,0\nthree,0,1\n"), {
    labelColumns: ["a", "b"],
    onBadEntry: "report",
  });
  assert.deepEqual([report.problems.map(({ kind }) => kind), frame.shape[0]], [["bad-labels"], 2]);
  await assert.rejects(
    loadCorpus(csv, { labelColumns: ["a", "z"] }),
    /must have a column "?z"? \(options.labelColumns\)/,
  );
  await assert.rejects(
    loadCorpus(csv, { labelColumns: ["a", "b"], labels: ["a", "c"] }),
    /labelColumns must be the labels .*a.*c.* in any order; got .*a.*b/,
  );
  await assert.rejects(loadCorpus(csv, { labelColumns: ["a"] }), /labelColumns must be two names or more, each once/);
  await assert.rejects(loadCorpus(csv, { labelColumns: ["a", "b"], labelColumn: "a" }), /give one of them/);
  await assert.rejects(
    loadCorpus(csv, { labelColumns: ["a", "b"], multiLabel: false }),
    /multiLabel must be true with labelColumns/,
  );
  await assert.rejects(
    loadCorpus("sample", { multiLabel: true }),
    /multiLabel is for CSV and JSONL files; got it for "sample"/,
  );
});

test("rows of the same ID count as one text if their labels are the same; otherwise they are left out", async () => {
  const rows = [
    { id: "1", text: "a", labels: ["x", "y"] },
    { id: "1", text: "a", labels: ["y", "x"] },
    { id: "2", text: "b", labels: ["x"] },
    { id: "2", text: "b", labels: ["x", "y"] },
  ];
  const { report } = await loadCorpus(await jsonl("ids.jsonl", rows), {
    multiLabel: true,
    idColumn: "id",
    onBadEntry: "report",
  });
  assert.deepEqual(
    report.problems.map(({ kind }) => kind),
    ["duplicate-id", "id-in-two-classes", "id-in-two-classes"],
  );
});
