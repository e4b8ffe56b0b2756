import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { Random } from "../../src/base/random";
import { readRecords } from "../../src/corpus/records/read-records";
import { inputFiles } from "../../src/jobs/prediction/plan/input-files";
import { planFile } from "../../src/jobs/prediction/plan/plan-file";
import { planShards, type PlannedShard } from "../../src/jobs/prediction/plan/plan-shards";
import { PredictionMeter } from "../../src/jobs/prediction/prediction-meter";
import type { PredictionChoices } from "../../src/jobs/prediction/prediction-settings";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-plan-"))));
after(() => rm(folder, { recursive: true, force: true }));

test("lines are divided at line ends: parts follow each other, and their counts are those of the lines", async () => {
  const random = new Random(1);
  for (let round = 0; round < 20; round++) {
    const lines = Array.from({ length: random.below(40) }, () => "x".repeat(random.below(30)));
    const text = lines.map((line) => `${line}\n`).join("") + (round % 2 === 0 ? "" : "last");
    const path = join(folder, "lines.jsonl");
    await writeFile(path, text);
    const { parts } = await planFile({ path, kind: "jsonl", name: "lines" }, { shardBytes: 50, shardRows: 1 });
    let [at, rows] = [0, 0];
    for (const { start = 0, end = 0, rowsBefore, records = 0, bytes } of parts) {
      assert.deepEqual([start, rowsBefore, bytes], [at, rows, end - start]);
      const part = text.slice(start, end);
      assert.equal(records, part.split("\n").length - (part.endsWith("\n") || part === "" ? 1 : 0));
      if (end < text.length) assert.ok(part.endsWith("\n") && part.length >= 50);
      [at, rows] = [end, rows + records];
    }
    assert.equal(at, text.length);
  }
});

test("row groups of Parquet are put together up to the size of a shard", async () => {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const data = Array.from({ length: 25 }, (_, i) => `t${i}`);
  const path = join(folder, "rows.parquet");
  const columnData = [{ name: "text", data, type: "STRING" as const }];
  await writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 4 })));
  const { parts } = await planFile({ path, kind: "parquet", name: "rows" }, { shardBytes: 1, shardRows: 10 });
  assert.deepEqual(
    parts.map(({ rowStart, rowEnd, records }) => [rowStart, rowEnd, records]),
    [
      [0, 12, 12],
      [12, 24, 12],
      [24, 25, 1],
    ],
  );
});

test("files are in the order of their names, each once, with names of their own", async () => {
  for (const name of ["b.csv", "a 1.jsonl.gz", "a.jsonl"]) await writeFile(join(folder, name), "");
  const all = inputFiles([join(folder, "*.{csv,jsonl.gz}"), join(folder, "b.csv")]);
  assert.deepEqual(
    all.map(({ kind, name }) => [kind, name]),
    [
      ["jsonl", "a-1"],
      ["csv", "b"],
    ],
  );
  assert.throws(() => inputFiles([join(folder, "*.xml")]), TsloraError);
  assert.ok((await readFile(join(folder, "a.jsonl"))).length === 0);
  assert.throws(() => inputFiles([join(folder, "none.csv")]), { code: "not-found", message: /does not exist/ });
  await mkdir(join(folder, "folder.csv"));
  assert.throws(() => inputFiles([join(folder, "folder.csv")]), { code: "bad-input", message: /it is a folder/ });
});

test("a file in the home folder is found by its tilde", async (t) => {
  const home = process.env.HOME;
  t.after(() => {
    if (home === undefined) delete process.env.HOME;
    else process.env.HOME = home;
  });
  process.env.HOME = folder;
  await writeFile(join(folder, "home.csv"), "");
  assert.deepEqual(
    inputFiles(["~/home.csv", "~/hom*.csv"]).map(({ path }) => path),
    [join(folder, "home.csv")],
  );
});

test("each shard has a name of its own, also where files are called as parts or copies of others", async () => {
  const place = join(folder, "names");
  for (const sub of ["x", "y"]) await mkdir(join(place, sub), { recursive: true });
  const names = ["x/a.jsonl", "y/a.jsonl", "x/a-file2.jsonl", "x/A.jsonl", "x/big.jsonl", "x/big-part0001.jsonl"];
  for (const name of names)
    await writeFile(join(place, name), '{"text":"w5"}\n'.repeat(name === "x/big.jsonl" ? 3 : 1));
  const files = inputFiles(names.map((name) => join(place, name)));
  const choices: PredictionChoices = {
    ...{ model: "m", labels: ["a", "b"], calibrated: false, modelHash: "0".repeat(64) },
    ...{ chunkRecords: 1, outputFormat: "jsonl" },
  };
  const shards = await planShards({ files, output: join(place, "out"), choices, shardBytes: 20, shardRows: 1 });
  const jobs = shards.map(({ document }) => document.name);
  assert.equal(jobs.length, 7);
  assert.equal(new Set(jobs.map((job) => job.toLowerCase())).size, 7, jobs.join(" "));
});

test("JSON Lines in UTF-16 are one shard, whose records are read", async () => {
  const path = join(folder, "wide.jsonl");
  const row = (i: number): string => JSON.stringify({ id: `i${i}`, text: `w5 \u0a0a \u010a ${i}` });
  const text = Array.from({ length: 9 }, (_, i) => `${row(i)}\n`);
  await writeFile(path, Buffer.from(`\ufeff${text.join("")}`, "utf16le"));
  const { parts } = await planFile({ path, kind: "jsonl", name: "wide" }, { shardBytes: 50, shardRows: 1 });
  assert.deepEqual(
    parts.map(({ start, end }) => [start, end]),
    [[undefined, undefined]],
  );
  const ids: string[] = [];
  for await (const item of readRecords(path)) if (item.kind === "record") ids.push(item.record.id);
  assert.deepEqual(
    ids,
    text.map((_, i) => `i${i}`),
  );
});

test("progress adds up all shards; rates leave out what earlier runs did", () => {
  let now = 0;
  const shard = (name: string, records: number | undefined, bytes: number): PlannedShard => ({
    document: { format: 1, type: "predict-shard", name, settings: {}, seed: 1, inputs: [] },
    records,
    bytes,
  });
  const meter = new PredictionMeter(
    [shard("a", 100, 1000), shard("b", undefined, 500), shard("c", 10, 100)],
    () => now,
  );
  meter.start("a");
  meter.report("a", { done: 40 }); // of an earlier run
  now = 1000;
  meter.report("a", { done: 60, corrupt: 2 });
  const early = meter.progress();
  assert.deepEqual([early.records, early.total, early.recordsPerSecond, early.corrupt], [60, undefined, 20, 2]);
  assert.equal(early.secondsLeft, undefined);
  now = 3000;
  meter.end("a", { records: 100, corrupt: 2, reused: false });
  meter.end("c", { records: 10, corrupt: 0, reused: true });
  const late = meter.progress();
  assert.equal(late.records, 110);
  assert.equal(late.total, 110 + 50); // b by its bytes
  assert.equal(late.recordsPerSecond, 20);
  assert.equal(late.secondsLeft, 2.5);
  meter.end("b", undefined);
  assert.deepEqual(meter.progress().shards, { done: 2, failed: 1, running: 0, of: 3 });
  assert.equal(meter.progress().total, 110);
});

test("a lost worker that goes back to its checkpoint gives no rate below 0 and no time left", () => {
  let now = 0;
  const document = { format: 1, type: "predict-shard", name: "a", settings: {}, seed: 1, inputs: [] } as const;
  const meter = new PredictionMeter([{ document, records: 100, bytes: 1000 }], () => now);
  meter.start("a");
  meter.report("a", { done: 0 });
  meter.report("a", { done: 50 });
  now = 1000;
  assert.equal(meter.progress().recordsPerSecond, 50);
  now = 40_000; // the samples before are forgotten
  meter.progress();
  meter.report("a", { done: 20 });
  now = 41_000;
  const back = meter.progress();
  assert.deepEqual([back.records, back.recordsPerSecond, back.secondsLeft], [20, 0, undefined]);
});
