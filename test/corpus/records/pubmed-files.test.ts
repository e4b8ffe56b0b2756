import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";

import { Random } from "../../../src/base/random";
import { TsloraError } from "../../../src/base/tslora-error";
import { parsePubmedXml } from "../../../src/corpus/pubmed/parse-pubmed-xml";
import { parsePubmedRecord } from "../../../src/corpus/records/parse-pubmed-record";
import { PubmedFrames, type PubmedFrame } from "../../../src/corpus/records/pubmed-frames";
import { readRecords } from "../../../src/corpus/records/read-records";
import type { RecordItem } from "../../../src/corpus/records/text-record";
import { article, deletions, published, randomArticle } from "./published-xml";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-records-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer, name = "pubmed25n0001.xml"): Promise<RecordItem[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const items: RecordItem[] = [];
  for await (const item of readRecords(path)) items.push(item);
  return items;
}

test("a published file gives title and abstract with sections, markup and entities, and its deletions", async () => {
  const xml = published(
    [
      article(
        "11",
        '<AbstractText Label="AIMS &amp; SCOPE" NlmCategory="OBJECTIVE">To see <i>TP53</i>.</AbstractText>\n<AbstractText Label="METHODS"/><AbstractText Label="UNLABELLED">p &lt; 0.05, 10<sup>9</sup> &#x3b1;\n  cells.</AbstractText><CopyrightInformation>Of nobody.</CopyrightInformation>',
      ),
      article("12", ""),
      article(
        "13",
        '<AbstractText>With <mml:math xmlns:mml="m"><mml:mi>x</mml:mi></mml:math> and <![CDATA[a < b]]>.</AbstractText>',
        2,
      ),
      '<PubmedBookArticle><BookDocument><PMID Version="1">14</PMID><Book><BookTitle>A book</BookTitle></Book><Abstract><AbstractText>Of a chapter.</AbstractText></Abstract></BookDocument></PubmedBookArticle>',
      deletions("5", "6"),
    ].join("\n"),
  );
  const expected: RecordItem[] = [
    {
      kind: "record",
      record: {
        id: "11",
        version: 1,
        text: "<ID:11>\nTitle: Title of 11.\nAbstract: AIMS & SCOPE: To see TP53.\np < 0.05, 109 α cells.",
      },
    },
    { kind: "problem", problem: { kind: "no-text", place: "PMID 12", message: "it has no abstract" } },
    {
      kind: "record",
      record: { id: "13", version: 2, text: "<ID:13>\nTitle: Title of 13.\nAbstract: With x and a < b." },
    },
    { kind: "record", record: { id: "14", version: 1, text: "<ID:14>\nTitle: A book\nAbstract: Of a chapter." } },
    { kind: "deletion", pmid: "5", version: 1 },
    { kind: "deletion", pmid: "6", version: 1 },
  ];
  assert.deepEqual(await read(xml), expected);
  assert.deepEqual(await read(gzipSync(xml), "pubmed25n0001.xml.gz"), expected);
  const halves = [xml.slice(0, 900), xml.slice(900)].map((half) => gzipSync(half));
  assert.deepEqual(await read(Buffer.concat(halves), "members.xml.gz"), expected);
});

test("records have the text of parsePubmedXml, wherever the stream's pieces end", () => {
  const random = new Random(7);
  for (let round = 0; round < 40; round++) {
    const articles = Array.from({ length: 5 }, (_, i) => randomArticle(String(100 + i), random));
    const xml = published(articles.join(round % 2 === 0 ? "\n" : ""));
    const expected = parsePubmedXml(xml);
    const frames: PubmedFrame[] = [];
    const cutter = new PubmedFrames("test");
    const bytes = Buffer.from(xml);
    for (let at = 0; at < bytes.length;) {
      const size = 1 + (random.uint32() % 300);
      frames.push(...cutter.push(bytes.subarray(at, at + size)));
      at += size;
    }
    frames.push(...cutter.end());
    const records = frames.map((frame) => {
      const { version, ...record } = parsePubmedRecord(Buffer.from(frame.bytes, "latin1").toString("utf8"));
      assert.equal(version, 1);
      return record;
    });
    assert.deepEqual(records, expected, xml);
  }
});

test("a fault in one record is reported with its PMID, and does not reach the next", async () => {
  const faults: readonly [fault: string | Buffer, place: string, message: RegExp][] = [
    [article("2").replace("</ArticleTitle>", "</Title>"), "PMID 2", /well-formed/],
    [article("2").replace("</PubmedArticle>", ""), "PMID 2", /PubmedArticle must end with <\/PubmedArticle>/],
    [article("2").replace("<PubmedArticle>", ""), "PMID 2", /other text/],
    [article("2").replace(/<PMID.*?<\/PMID>/, ""), "the record behind PMID 1", /PMID/],
    [article("2").replace("Text of 2", "Text \u0001"), "PMID 2", /well-formed/],
    [Buffer.from(article("2").replace("Text of 2", "Text \u00ff"), "latin1"), "PMID 2", /UTF-8/],
  ];
  for (const [fault, place, message] of faults) {
    const [start, end] = published(`${article("1")}@${article("3")}`).split("@");
    const items = await read(Buffer.concat([start, fault, end].map((part) => Buffer.from(part))));
    assert.deepEqual(
      items.flatMap((item) => (item.kind === "record" ? [item.record.id] : [])),
      ["1", "3"],
    );
    const problems = items.flatMap((item) => (item.kind === "problem" ? [item.problem] : []));
    assert.ok(problems.length >= 1, String(fault));
    assert.equal(problems[0].kind, "corrupt");
    assert.equal(problems[0].place, place);
    assert.match(problems[0].message, message);
  }
});

test("a file that is cut off, is not gzip or not PubMed's is an error, after the records before", async () => {
  const xml = published(`${article("1")}\n${article("2")}`);
  const long = published(Array.from({ length: 400 }, (_, i) => article(String(i + 1))).join("\n"));
  const packed = gzipSync(long);
  const bad = Buffer.from(packed);
  bad.fill(0x55, bad.length >> 1, (bad.length >> 1) + 50);
  const broken: readonly [name: string, content: string | Buffer, message: RegExp][] = [
    ["cut.xml", xml.slice(0, -30), /cut off/],
    ["short.xml.gz", packed.subarray(0, packed.length - 200), /must be whole; unpacking it failed/],
    ["bad.xml.gz", bad, /must be whole; unpacking it failed/],
    ["page.xml", "<!doctype html><html><body>Error 500</body></html>", /must be a PubmedArticleSet/],
    ["empty.xml", "", /must be a PubmedArticleSet/],
    ["words.xml", "x".repeat(3000), /must be a PubmedArticleSet/],
  ];
  for (const [name, content, message] of broken)
    await assert.rejects(
      read(content, name),
      (error) => error instanceof TsloraError && error.code === "bad-input" && message.test(error.message),
      name,
    );
  await assert.rejects(read(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2]), "a.xml.zst"), TsloraError);
});

test("memory does not grow with the number of records", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const [before, after] = published("@")
    .split("@")
    .map((part) => Buffer.from(part));
  const piece = Buffer.from(
    Array.from({ length: 50 }, (_, i) => article(String(i + 1), "word ".repeat(200))).join("\n"),
  );
  const frames = new PubmedFrames("test");
  let records = 0;
  const push = (bytes: Buffer): void => {
    for (const frame of frames.push(bytes)) if (parsePubmedRecord(frame.bytes).abstract !== "") records++;
  };
  const heap = (pieces: number): number => {
    for (let i = 0; i < pieces; i++) push(piece);
    collect();
    return process.memoryUsage().heapUsed;
  };
  push(before);
  const early = heap(20);
  const late = heap(180);
  push(after);
  assert.deepEqual([...frames.end()], []);
  assert.equal(records, 10_000);
  assert.ok(late - early < 2e6, `the heap grew by ${late - early} bytes`);
});
