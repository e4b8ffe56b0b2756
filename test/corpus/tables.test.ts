import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { DEFAULT_LIMITS, type Corpus } from "../../src/corpus/corpus";
import { loadCorpus } from "../../src/corpus/load-corpus";
import type { LoadCorpusOptions } from "../../src/corpus/load-options";
import { readFrame } from "../../src/corpus/read-frame";
import { cleanTexts } from "../../src/corpus/text/clean-text";
import { oneAgainstRest } from "../../src/corpus/text/one-against-rest";
import { TableReader, type TableItem } from "../../src/corpus/table/table-reader";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-tables-"));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly text: string;
    readonly delimiter: string;
    readonly quote: boolean;
    readonly rows: readonly (readonly string[])[];
    readonly pandas: boolean;
  }[];
}
const golden = JSON.parse(readFileSync(join(projectRoot(), "test", "corpus", "golden-tables.json"), "utf8")) as Golden;

/** Reads a table in pieces of some bytes. */
function read(
  bytes: Uint8Array,
  { delimiter = ",", quote = true, piece = bytes.length } = {},
): { header: readonly string[]; items: TableItem[] } {
  const reader = new TableReader("table", { kind: "csv", delimiter, quote }, DEFAULT_LIMITS);
  const items: TableItem[] = [];
  for (let from = 0; from < bytes.length; from += piece) items.push(...reader.push(bytes.subarray(from, from + piece)));
  items.push(...reader.end());
  return { header: reader.columns ?? [], items };
}

test("tables are read as by pandas.read_csv and Python's csv module, for any size of the pieces", () => {
  let torn = 0;
  for (const { name, text, delimiter, quote, rows, pandas } of golden.cases) {
    assert.ok(pandas, `${name}: the two references agree`);
    for (const piece of [1, 2, 7, 100_000]) {
      const { header, items } = read(Buffer.from(text), { delimiter, quote, piece });
      assert.deepEqual(header, rows[0], name);
      assert.equal(items.length, rows.length - 1, name);
      items.forEach((item, i) => {
        if (item.kind === "row") assert.deepEqual(header.map(item.row.get), rows[i + 1], `${name}, row ${i + 1}`);
        else {
          torn++; // refused: text follows the closing quote of a cell of more lines
          assert.match(item.problem.message, /a quote opens a cell/);
          assert.ok(
            rows[i + 1].some((cell) => cell.includes("\n")),
            name,
          );
        }
      });
    }
  }
  assert.ok(torn < golden.cases.length);
});

test("line numbers of rows are right after cells of several lines and after empty lines; text after a closing quote joins the cell", () => {
  const text = 'text,label\n\n"a\r\nb\rc\nd",1\r\n \n"",""\n"x""y" z"w,2\n"""e\nf"" g",3\n"h\ni"" "k,4\n';
  for (const piece of [1, 2, 7, 1000]) {
    const { items } = read(Buffer.from(text), { piece });
    const seen = items.map((item) =>
      item.kind === "row"
        ? [item.row.name, item.row.get("text")]
        : [item.problem.name, item.problem.message.slice(0, 46)],
    );
    assert.deepEqual(seen, [
      ["line 3", "a\r\nb\rc\nd"],
      ["line 8", ""],
      ["line 9", 'x"y z"w'],
      ["line 10", '"e\nf" g'],
      ["line 12", "a quote opens a cell that continues to line 13"],
    ]);
  }
});

test("the rows before an error are read", () => {
  const reader = new TableReader(
    "table",
    { kind: "csv", delimiter: ",", quote: true },
    { ...DEFAULT_LIMITS, maxRecordBytes: 10 },
  );
  const names: string[] = [];
  assert.throws(() => {
    for (const item of reader.push(Buffer.from(`text,label\na,b\n${"x".repeat(12)},c\nd,e\n`)))
      if (item.kind === "row") names.push(item.row.name);
  }, /at most 10 bytes in a row .*line 3/);
  assert.deepEqual(names, ["line 2"]);
});

async function load(name: string, content: string | Uint8Array, options?: LoadCorpusOptions): Promise<Corpus> {
  const path = join(folder, name);
  await writeFile(path, content);
  return loadCorpus(path, options);
}

async function refusal(name: string, content: string | Uint8Array, options?: LoadCorpusOptions): Promise<string> {
  let message = "";
  await assert.rejects(load(name, content, options), (error: unknown) => {
    assert.ok(error instanceof TsloraError, String(error));
    assert.equal(error.code, "bad-input");
    message = error.message;
    return true;
  });
  assert.ok(message.length < 4000, `${message.length} characters`);
  return message;
}

test("headers are taken with spaces, quotes, a byte order mark and any case of the usual names", async () => {
  for (const header of [
    "label, text",
    ' label ,"text"',
    'label, "text"',
    "\ufefflabel,text",
    "Label,TEXT",
    "LABEL,Texts",
  ]) {
    const { frame } = await load("header.csv", `${header}\npos,Fine\nneg,Poor\n`);
    assert.deepEqual(
      [readFrame(frame).texts, readFrame(frame).label],
      [
        ["Fine", "Poor"],
        [1, 0],
      ],
      header,
    );
  }
  const exact = await load("both.csv", "TEXT,text,label\na,b,0\nc,d,1\n");
  assert.deepEqual(readFrame(exact.frame).texts, ["b", "d"]);
  assert.equal(
    (await load("index.csv", ",text,label,\n0,a,x,\n1,b,y,\n")).frame.shape[0],
    2,
    "columns without a name do not matter",
  );
});

test("an encoding is detected by its byte order mark, or refused by name", async () => {
  const text = "text,label\nna\u00efve \u4e2d \ud83d\ude00,x\nb,y\n";
  const expected = ["na\u00efve \u4e2d \ud83d\ude00", "b"];
  const wide = Buffer.from(`\ufeff${text}`, "utf16le");
  for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), wide, Buffer.from(wide).swap16()]) {
    assert.deepEqual(readFrame((await load("text.csv", bytes)).frame).texts, expected);
    const pieces = read(bytes, { piece: 3 });
    assert.deepEqual(
      pieces.items.map((item) => (item.kind === "row" ? item.row.get("text") : "")),
      expected,
    );
  }
  assert.match(
    await refusal("wide.csv", Buffer.from(text, "utf16le")),
    /header row holds NUL characters.*byte order mark.*iconv/,
  );
  assert.match(await refusal("cut.csv", wide.subarray(0, wide.length - 1)), /UTF-16 and holds bytes that are not/);
  const latin = Buffer.from("text,label\nna\u00efve,x\nb,y\nc,x\n", "latin1");
  assert.match(
    await refusal("latin.csv", latin),
    /1 of 3 entries.*\n- line 2: the bytes in "text" are not UTF-8.*iconv/,
  );
  assert.deepEqual(readFrame((await load("latin.csv", latin, { onBadEntry: "report" })).frame).texts, ["b", "c"]);
  assert.match(await refusal("header.csv", Buffer.from("t\u00e9xt,label\na,x\n", "latin1")), /header row/);
  assert.match(await refusal("nul.csv", "text,label\na\u0000,x\nb,y\n"), /line 2: "text" holds a NUL character/);
  for (const [start, pattern] of [
    ["\u001f\u008b\u0008", /gzip/],
    ["PK\u0003\u0004", /zip archive.*CSV/],
    ["PAR1", /Parquet/],
    ["\u00ff\u00fe\u0000\u0000", /UTF-32/],
  ] as const) {
    assert.match(await refusal("other.csv", Buffer.from(`${start} and more`, "latin1")), pattern);
  }
});

test("quotes within unquoted cells are text, GLUE's files are read without quoting, and a quote that is not closed is refused by its line", async () => {
  const screen = await load("screen.tsv", 'text\tlabel\nThe 27" screen was cracked\tneg\nFine\tpos\n');
  assert.equal(readFrame(screen.frame).texts[0], 'The 27" screen was cracked');
  const glue = 'label\ttext\n0\t"An open quote\n1\tsays "hi"\n0\tnothing\n1\t"closed" here\n';
  const plain = await load("glue.tsv", glue, { quote: false });
  assert.deepEqual(readFrame(plain.frame).texts, ['"An open quote', 'says "hi"', "nothing", '"closed" here']);
  assert.match(
    await refusal("glue.tsv", glue),
    /line 2: a quote opens a cell that continues to line 3, where text follows.*quote: false/,
  );
  const reported = await load("glue.tsv", glue, { onBadEntry: "report" });
  assert.deepEqual(
    [readFrame(reported.frame).texts, reported.report.problems.map(({ name }) => name)],
    [["nothing", "closed here"], ["line 2"]],
  );
  assert.match(
    await refusal("open.tsv", 'text\tlabel\na\t0\n"b\t1\nc\t0\n'),
    /the quote in line 3 must be closed; it is not closed by the end of the file.*quote: false/,
  );
});

test("another delimiter is suggested where the header row shows one", async () => {
  assert.match(
    await refusal("semicolon.csv", "text;label\na;0\nb;1\n"),
    /got the column "text;label"\..*holds ";": pass delimiter: ";"/,
  );
  assert.match(await refusal("tabs.csv", "text\tlabel\na\t0\n"), /pass delimiter: "\\t"/);
  assert.match(await refusal("commas.tsv", "text,label\na,0\n"), /pass delimiter: ","/);
  assert.doesNotMatch(await refusal("two.csv", "body;x,kind\na,0\n"), /delimiter/);
  for (const delimiter of ["\t", "\\t", "tab"])
    assert.equal((await load("tabs.csv", "text\tlabel\na\t0\nb\t1\n", { delimiter })).frame.shape[0], 2);
  assert.equal((await load("long.csv", 'text::label\na:b::0\n"c::d"::1\n', { delimiter: "::" })).frame.shape[0], 2);
  assert.match(await refusal("case.csv", "Body,label\na,0\n", { textColumn: "body" }), /Is it textColumn: "Body"\?/);
});

test("a column of IDs is used by default where it names the rows, and reported", async () => {
  const repeated = "id,text,label\n7,a,x\n7,b,y\n8,c,x\n";
  const numbered = await load("ids.csv", repeated);
  assert.deepEqual(readFrame(numbered.frame).ID, ["1", "2", "3"]);
  assert.match(numbered.notice, /column id repeats values \("7"\).*numbered from 1/);
  assert.match(await refusal("ids.csv", repeated, { idColumn: "id" }), /the ID 7 is in more than one class/);
  const twice = await load("twice.csv", "id,text,label,id\n7,a,x,1\n8,b,y,2\n");
  assert.deepEqual(readFrame(twice.frame).ID, ["1", "2"]);
  assert.match(twice.notice, /A column of IDs is there twice, so the rows are numbered from 1/);
  assert.doesNotMatch(twice.notice, /no ID column/);
  const unique = await load("unique.csv", "id,text,label\n7,a,x\n9,b,y\n");
  assert.deepEqual(readFrame(unique.frame).ID, ["7", "9"]);
  assert.match(unique.notice, /IDs are taken from the column id/);
  const none = await load("unique.csv", "id,text,label\n7,a,x\n9,b,y\n", { idColumn: "none" });
  assert.deepEqual(readFrame(none.frame).ID, ["1", "2"]);
});

test("rows that cannot be used count, so that the others keep their numbers; IDs that were rounded are refused", async () => {
  const report = { onBadEntry: "report" } as const;
  const csv = await load("gap.csv", "text,label\na,x\nb\n,y\nd,y\n", report);
  assert.deepEqual(readFrame(csv.frame).ID, ["1", "4"]);
  const lines = ['{"text":"a","label":"x"}', "", "{", '{"text":"d","label":"y"}'];
  const jsonl = await load("gap.jsonl", lines.join("\n"), report);
  assert.deepEqual(readFrame(jsonl.frame).ID, ["1", "4"]);
  const json = await load("gap.json", '[{"text":"a","label":"x"},5,{"text":"c","label":"y"}]', report);
  assert.deepEqual(readFrame(json.frame).ID, ["1", "3"]);
  const large = '{"id":9007199254740993,"text":"a","label":"x"}\n{"id":7,"text":"b","label":"y"}\n';
  assert.match(
    await refusal("large.jsonl", large),
    /line 1: id must be a string or a whole number; got 9007199254740992, .* was rounded/,
  );
});

test("given labels that are numbers are also read as pandas writes them, unless a label has that name", async () => {
  const csv = "text,label\na,1.0\nb,0.0\nc,1\n";
  const given = await load("given.csv", csv, { labels: ["0", "1"] });
  assert.deepEqual(readFrame(given.frame).label, [1, 0, 1]);
  const exact = await load("exact.csv", csv, { labels: ["0.0", "1.0", "1"] });
  assert.deepEqual(readFrame(exact.frame).label, [1, 0, 2]);
  assert.match(await refusal("other.csv", "text,label\na,2.0\nb,0\n", { labels: ["0", "1"] }), /got 2\.0/);
});

test("labels: numbers by value, booleans, missing ones, and notices if some look alike or there are too many", async () => {
  const floats = await load("floats.csv", "text,label\na,1.0\nb,0.0\nc,1\n");
  assert.deepEqual(
    [readFrame(floats.frame).label, floats.report.classes.map(({ name }) => name)],
    [
      [1, 0, 1],
      ["0", "1"],
    ],
  );
  const mixed = await load(
    "mixed.jsonl",
    '{"text":"a","label":1}\n{"text":"b","label":"0"}\n{"text":"c","label":"1"}\n',
  );
  assert.deepEqual(readFrame(mixed.frame).label, [1, 0, 1]);
  const truth = await load("truth.jsonl", '{"text":"a","label":true}\n{"text":"b","label":false}\n');
  assert.deepEqual(readFrame(truth.frame).label, [1, 0]);
  const spaced = await load("spaced.csv", "text,label\na,pos\nb,pos \nc,neg\n");
  assert.deepEqual(readFrame(spaced.frame).label, [1, 1, 0]);
  assert.match(spaced.notice, /White space around 1 of the labels was removed/);
  const cased = await load("cased.csv", "text,label\na,pos\nb,Pos\nc,neg\n");
  assert.equal(cased.report.classes.length, 3);
  assert.match(cased.notice, /The labels "pos", "Pos" are different classes/);
  const many = await load(
    "many.csv",
    `text,label\n${Array.from({ length: 3000 }, (_, i) => `t${i},u${i}`).join("\n")}\n`,
  );
  assert.match(many.notice, /3000 classes for 3000 texts: is label the column of labels\?/);
  assert.ok(many.notice.length < 1500);
  assert.match(
    await refusal("missing.csv", "text,label\na,\nb,x\nc,y\n"),
    /line 2: label must be a string or a whole number; got ""/,
  );
  const odd = await load("odd.csv", "text,label\na,__proto__\nb,constructor\n");
  assert.deepEqual(
    odd.report.classes.map(({ name }) => name),
    ["__proto__", "constructor"],
  );
});

test("JSON is read as lines or as an array, and one instead of the other is reported", async () => {
  const objects = [
    { text: "a", label: "x" },
    { text: "b", label: "y" },
  ];
  assert.match(
    await refusal("array.jsonl", JSON.stringify(objects)),
    /line 1 begins a JSON array\. Name the file \.json.*jq/,
  );
  assert.match(
    await refusal("pretty.jsonl", `\n${JSON.stringify(objects, undefined, 2)}`),
    /line 2 begins a JSON array/,
  );
  const array = await load("array.json", `\ufeff${JSON.stringify(objects, undefined, 2)}`);
  assert.deepEqual([readFrame(array.frame).texts, array.source.kind], [["a", "b"], "json"]);
  assert.match(await refusal("object.json", '{"data": []}'), /one object with the keys "data"/);
  assert.match(await refusal("lines.json", objects.map((one) => JSON.stringify(one)).join("\n")), /no JSON.*\.jsonl/);
  assert.match(await refusal("empty.json", ""), /an empty file/);
  assert.match(
    await refusal("texts.jsonl", '"a"\n"b"\n'),
    /no row can be used; line 1: it must be a JSON object; got a string/,
  );
  assert.match(await refusal("none.json", "[]"), /there must be at least one row with a text and a label; got none/);
  assert.match(await refusal("keyless.json", "[{}]"), /at least one row .* got objects without keys/);
  assert.match(
    await refusal("numbers.json", '[{"text":"a","label":"x"}, 5]'),
    /entry 2: it must be a JSON object; got a number/,
  );
  assert.equal((await load("returns.jsonl", objects.map((one) => JSON.stringify(one)).join("\r"))).frame.shape[0], 2);
});

test("tables with too many rows, columns or bytes are refused at once, with the limit's name", async () => {
  const long = "x".repeat(20 * 1024 * 1024);
  assert.match(
    await refusal("long.csv", `text,label\n${long},a\n`),
    /bytes in a row \(limits\.maxRecordBytes\); the row in line 2 has more/,
  );
  assert.match(
    await refusal("open.csv", `text,label\na,b\n"${"x,y\n".repeat(5 * 1024 * 1024)}`),
    /the quote in line 3 must be closed; it is not closed within .*quote: false/,
  );
  assert.match(
    await refusal("open.csv", `text,label\na,b\n"${long}`),
    /line 3 has more\. If a quote in it is not closed.*quote: false/,
  );
  assert.match(
    await refusal("lines.csv", `text,label\n"a\r\nb",c\n"d\r\n",${long}\n`),
    /in a row .*line 4 has more/,
    "lines of Windows in cells are one each",
  );
  assert.match(
    await refusal("long.jsonl", `{"text":"${long}"}\n`),
    /bytes in a line \(limits\.maxRecordBytes\); line 1 has more/,
  );
  const columns = Array.from({ length: 200_000 }, (_, i) => `c${i}`).join(",");
  assert.match(await refusal("wide.csv", `${columns}\n${columns}\n`), /at most 16,384 columns \(limits\.maxColumns\)/);
  assert.match(
    await refusal("other.csv", "text,label\n" + "a,b\n".repeat(10), { limits: { maxUnpackedBytes: 20 } }),
    /at most 20 bytes/,
  );
});

test("a column of groups is read as strings and kept; a row without a group cannot be used", async () => {
  const csv = "text,label,author\none,b,7\ntwo,a,x\nthree,b,7\n";
  const path = join(folder, "groups.csv");
  await writeFile(path, csv);
  const { frame } = await loadCorpus(path, { groupColumn: "author" });
  assert.deepEqual(
    [frame.columns, frame.column("group").values],
    [
      ["texts", "ID", "group", "label"],
      ["7", "x", "7"],
    ],
  );
  const cleaned = cleanTexts(oneAgainstRest(frame, { labels: ["a", "b"], positive: "a" }).frame);
  assert.deepEqual(
    [cleaned.column("group").values, readFrame(cleaned).label],
    [
      ["7", "x", "7"],
      [0, 1, 0],
    ],
  );

  await writeFile(path, `${csv}four,a,\n`);
  await assert.rejects(loadCorpus(path, { groupColumn: "author" }), /author must be a string or a whole number/);
  await assert.rejects(loadCorpus(path, { groupColumn: "Author" }), /Is it groupColumn: "author"\?/);
  await assert.rejects(loadCorpus("sample", { groupColumn: "author" }), /groupColumn is for CSV and JSONL files/);
  await writeFile(path, "text,group,x,author\none,1,0,7\ntwo,0,1,x\n");
  const labelColumns = ["group", "x"];
  assert.deepEqual((await loadCorpus(path, { labelColumns })).frame.columns, ["texts", "ID", "group", "x"]);
  await assert.rejects(loadCorpus(path, { labelColumns, groupColumn: "author" }), /no label may be named .*group/);
});
