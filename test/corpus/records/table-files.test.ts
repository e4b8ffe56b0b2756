import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { TsloraError } from "../../../src/base/tslora-error";
import { readRecords, recordKind, type ReadRecordsOptions } from "../../../src/corpus/records/read-records";
import type { RecordItem } from "../../../src/corpus/records/text-record";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-tables-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function read(
  name: string,
  content: string | Uint8Array,
  options: ReadRecordsOptions = {},
): Promise<RecordItem[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const items: RecordItem[] = [];
  for await (const item of readRecords(path, options)) items.push(item);
  return items;
}

/** Each item in short: ID and text, or place and kind of the problem. */
const short = (items: readonly RecordItem[]): string[] =>
  items.map((item) =>
    item.kind === "record"
      ? `${item.record.id}: ${item.record.text}`
      : item.kind === "problem"
        ? `${item.problem.place} ${item.problem.kind}`
        : item.kind,
  );

async function parquet(
  columns: Readonly<Record<string, readonly unknown[]>>,
  rowGroupSize: number,
): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = Object.entries(columns).map(([name, data]) => ({
    name,
    data: [...data],
    type: typeof data[0] === "number" ? ("INT32" as const) : ("STRING" as const),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

test("JSON Lines, CSV, TSV and Parquet give the same records, packed or not", async () => {
  const [ids, texts] = [
    ["a", "b", "c"],
    ["one", 'two, "2"', "three"],
  ];
  const lines = texts.map((text, i) => JSON.stringify({ id: ids[i], text })).join("\n");
  const expected = ids.map((id, i) => `${id}: ${texts[i]}`);
  const csv = `id,text\na,one\nb,"two, ""2"""\nc,three\n`;
  const files: readonly [string, string | Uint8Array][] = [
    ["x.jsonl", lines],
    ["x.jsonl.gz", gzipSync(lines)],
    ["x.csv", csv],
    ["x.csv.gz", gzipSync(csv)],
    ["x.tsv", `id\ttext\na\tone\nb\t"two, ""2"""\nc\tthree\n`],
    ["x.parquet", await parquet({ id: ids, text: texts }, 2)],
  ];
  for (const [name, content] of files) assert.deepEqual(short(await read(name, content)), expected, name);
});

test("without a column of IDs rows are numbered; named columns and pairs are read", async () => {
  assert.deepEqual(short(await read("n.csv", "text,x\none,1\ntwo,2\n")), ["1: one", "2: two"]);
  assert.deepEqual(short(await read("n.parquet", await parquet({ text: ["one", "two"] }, 1))), ["1: one", "2: two"]);
  const pairs = await read("p.jsonl", '{"q":"one","a":"two","n":7}\n', {
    textColumn: "q",
    textPair: "a",
    idColumn: "n",
  });
  assert.deepEqual(pairs, [{ kind: "record", record: { id: "7", text: "one", textPair: "two" } }]);
});

test("a corrupt row is reported with its place, and the others are read", async () => {
  const lines = ['{"id":1,"text":"one"}', '{"id":2,"text":', '{"id":3,"text":4}', '{"id":5,"text":"five"}'];
  assert.deepEqual(short(await read("c.jsonl", lines.join("\n"))), [
    "1: one",
    "line 2 corrupt",
    "line 3 corrupt",
    "5: five",
  ]);
  assert.deepEqual(short(await read("c.csv", "id,text\n1,one\n2\n3,three\n")), [
    "1: one",
    "line 3 corrupt",
    "3: three",
  ]);
  const latin = Buffer.from('{"id":1,"text":"caf\u00e9"}\n{"id":2,"text":"two"}\n', "latin1");
  assert.deepEqual(short(await read("l.jsonl", latin)), ["line 1 corrupt", "2: two"]);
  const columns = { id: [1, 2, 3], text: ["one", null, "three"] };
  assert.deepEqual(short(await read("c.parquet", await parquet(columns, 10))), ["1: one", "row 2 no-text", "3: three"]);
});

test("ranges of bytes and rows give their rows, with the file's numbers", async () => {
  const lines = ['{"text":"one"}\n', '{"text":"two"}\n', '{"text":3}\n', '{"text":"four"}\n'];
  const [start, end] = [1, 3].map((count) => lines.slice(0, count).join("").length);
  const rest = await read("r.jsonl", lines.join(""), { start, end, rowsBefore: 1 });
  assert.deepEqual(short(rest), ["2: two", "line 3 corrupt"]);
  const text = Array.from({ length: 10 }, (_, i) => `t${i}`);
  for (const rowGroupSize of [3, 10]) {
    const bytes = await parquet({ text }, rowGroupSize);
    const rows = await read("r.parquet", bytes, { rowStart: 2, rowEnd: 8 });
    assert.deepEqual(
      short(rows),
      text.slice(2, 8).map((one, i) => `${i + 3}: ${one}`),
    );
  }
});

test("rows have the numbers of their lines in JSON Lines with blank lines, wherever a range begins", async () => {
  const lines = ['{"text":"one"}\n', "\n", '{"text":"three"}\n', " \n", '{"text":"five"}\n'];
  assert.deepEqual(short(await read("blank.jsonl", lines.join(""))), ["1: one", "3: three", "5: five"]);
  const start = lines.slice(0, 2).join("").length;
  const rest = await read("blank.jsonl", lines.join(""), { start, rowsBefore: 2 });
  assert.deepEqual(short(rest), ["3: three", "5: five"]);
});

test("a number that was rounded is no ID, since other numbers become the same one", async () => {
  const lines = ['{"id":9007199254740993,"text":"a"}', '{"id":"9007199254740993","text":"b"}', '{"id":1.5,"text":"c"}'];
  const items = await read("ids.jsonl", lines.join("\n"));
  assert.deepEqual(short(items), ["line 1 corrupt", "9007199254740993: b", "1.5: c"]);
  assert.ok(items[0].kind === "problem");
  assert.match(items[0].problem.message, /id must be a name or a number; got 9007199254740992, .* was rounded/);
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const text = { name: "text", data: ["a", "b"], type: "STRING" as const };
  const large = [9007199254740993n, 9007199254740994n];
  for (const [id, expected] of [
    [{ name: "id", data: large, type: "INT64" as const }, ["9007199254740993: a", "9007199254740994: b"]],
    [{ name: "id", data: [1, 2 ** 53], type: "DOUBLE" as const }, ["1: a", "row 2 corrupt"]],
    [{ name: "id", data: [NaN, 2], type: "DOUBLE" as const }, ["row 1 corrupt", "2: b"]],
  ] as const) {
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ ...id, data: [...id.data] }, text] }));
    assert.deepEqual(short(await read("ids.parquet", bytes)), expected);
  }
});

test("a cell of Parquet whose bytes are not UTF-8 is corrupt, and is not read with replacement characters", async () => {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const data = [Buffer.from("caf\u00e9", "latin1"), Buffer.from("caf\u00e9")].map((bytes) => Uint8Array.from(bytes));
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "text", data, type: "BYTE_ARRAY" }] }));
  const items = await read("latin.parquet", bytes);
  assert.deepEqual(short(items), ["row 1 corrupt", "2: caf\u00e9"]);
  assert.ok(items[0].kind === "problem");
  assert.match(items[0].problem.message, /the bytes in "text" are not UTF-8/);
});

test("files that are not whole, lack a column or have another ending are errors", async () => {
  const whole = await parquet({ text: ["one", "two"] }, 1);
  const bad: readonly [string, string | Uint8Array, RegExp][] = [
    ["cut.parquet", whole.subarray(0, whole.length - 9), /whole Parquet file/],
    ["text.parquet", "no parquet at all", /whole Parquet file/],
    ["middle.parquet", Uint8Array.from(whole, (byte, i) => (i > 8 && i < 30 ? 0xff : byte)), /whole Parquet file/],
    ["columns.parquet", await parquet({ other: ["one"] }, 1), /must have a column "text"/],
    ["columns.csv", "a,b\n1,2\n", /must have a column "text"/],
    ["cut.csv.gz", gzipSync("text\n" + "word ".repeat(1000)).subarray(0, 20), /must be whole/],
    ["empty.csv", "", /header row/],
  ];
  for (const [name, content, message] of bad)
    await assert.rejects(
      read(name, content),
      (error) => error instanceof TsloraError && error.code === "bad-input" && message.test(error.message),
      name,
    );
  assert.throws(() => recordKind("abstracts.txt"), TsloraError);
  await assert.rejects(async () => {
    for await (const item of readRecords(join(folder, "missing.jsonl"))) assert.fail(item.kind);
  }, TsloraError);
});

test("a blank or null cell is no text, in every format; a null ID is corrupt", async () => {
  const texts = ["one", "", " \t", "four"];
  const expected = ["1: one", "no-text", "no-text", "4: four"];
  const kinds = (items: readonly RecordItem[]): string[] => short(items).map((item) => item.replace(/^\w+ \d /, ""));
  const numbered = texts.map((text, i) => ({ id: i + 1, text }));
  const jsonl = numbered.map((row) => JSON.stringify(row)).join("\n");
  assert.deepEqual(kinds(await read("b.jsonl", jsonl)), expected);
  const csv = `id,text\n${numbered.map(({ id, text }) => `${id},${text}\n`).join("")}`;
  assert.deepEqual(kinds(await read("b.csv", csv)), expected);
  assert.deepEqual(kinds(await read("b.parquet", await parquet({ id: [1, 2, 3, 4], text: texts }, 2))), expected);
  assert.deepEqual(kinds(await read("null.jsonl", '{"text":null}\n{"text":"two"}\n')), ["no-text", "2: two"]);
  const pairs = await parquet({ q: ["a", "b"], a: ["c", " "] }, 2);
  assert.deepEqual(kinds(await read("pairs.parquet", pairs, { textColumn: "q", textPair: "a" })), ["1: a", "no-text"]);
  const wrong = ['{"text":7}', '{"text":null}', '{"other":1}', '{"text":" "}'];
  const problems = (await read("wrong.jsonl", wrong.join("\n"))).map((item) =>
    item.kind === "problem" ? [item.problem.kind, item.problem.message] : [],
  );
  assert.deepEqual(problems, [
    ["corrupt", "text must be a string; got 7"],
    ["no-text", "text must be a string; got null"],
    ["corrupt", "text must be a string; got nothing"],
    ["no-text", "text is empty"],
  ]);
  const ids = await parquet({ id: ["x", null], text: ["one", "two"] }, 2);
  assert.deepEqual(kinds(await read("ids.parquet", ids)), ["x: one", "corrupt"]);
});

test("all ranges of JSON Lines take the columns of the file's first object", async () => {
  const lines = [
    '{"id":"a","text":"one","note":"x"}\n',
    '{"text":"two"}\n',
    "[3]\n",
    '{"note":"no text"}\n',
    '{"id":"e","text":"five"}\n',
  ];
  const whole = short(await read("ranges.jsonl", lines.join("")));
  assert.deepEqual(whole, ["a: one", "line 2 corrupt", "line 3 corrupt", "line 4 corrupt", "e: five"]);
  for (let rowsBefore = 1; rowsBefore < lines.length; rowsBefore++) {
    const start = lines.slice(0, rowsBefore).join("").length;
    const rest = short(await read("ranges.jsonl", lines.join(""), { start, rowsBefore }));
    assert.deepEqual(rest, whole.slice(rowsBefore), `from line ${rowsBefore + 1}`);
  }
});
