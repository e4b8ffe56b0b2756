import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { Random } from "../../src/base/random";
import { inputFiles } from "../../src/jobs/prediction/plan/input-files";
import { planFile } from "../../src/jobs/prediction/plan/plan-file";
import type { PlannedShard } from "../../src/jobs/prediction/plan/plan-shards";
import { PredictionMeter } from "../../src/jobs/prediction/prediction-meter";

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
