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
  const ids = await parquet({ id: ["x", null], text: ["one", "two"] }, 2);
  assert.deepEqual(kinds(await read("ids.parquet", ids)), ["x: one", "corrupt"]);
});
