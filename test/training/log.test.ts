import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { crc32c } from "../../src/training/log/crc32c";
import { readTrainingLog } from "../../src/training/log/read-training-log";
import { classifier, eventsOf, runToEnd } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-log-"))));
after(() => rm(folder, { recursive: true, force: true }));

test("the log has one JSON object per line with transformers' names, and is read as the events of the run", async () => {
  const c = await classifier();
  c.addAdapter({ r: 2 });
  const outputDir = join(folder, "run");
  const events = await runToEnd(c, { maxSteps: 5, evalSteps: 2, outputDir });
  const lines = (await readFile(join(outputDir, "trainer_log.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(Object.keys(lines[0]), [
    "step",
    "epoch",
    "loss",
    "grad_norm",
    "learning_rate",
    "tokens",
    "tokens_per_second",
    "memory",
  ]);
  assert.deepEqual(
    lines.map((line) => [line.step, "eval_loss" in line]),
    [
      [1, false],
      [2, false],
      [2, true],
      [3, false],
      [4, false],
      [4, true],
      [5, false],
      [5, true],
    ],
  );
  for (const name of [
    "eval_accuracy",
    "eval_f1",
    "eval_precision",
    "eval_recall",
    "eval_f1_macro",
    "eval_balanced_accuracy",
    "eval_matthews_correlation",
  ])
    assert.equal(typeof lines[2][name], "number", name);
  const notices = events.filter(({ type }) => type === "step" || type === "evaluation");
  assert.deepEqual(await readTrainingLog(outputDir), notices);
  await assert.rejects(readTrainingLog(folder), /does not hold a training log/);
  c.dispose();
});

test("CRC-32C is that of RFC 3720, B.4", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test("TensorBoard's files are complete records, and are written only on request", async () => {
  const c = await classifier();
  c.addAdapter({ r: 2 });
  const outputDir = join(folder, "tensorboard");
  const events = await runToEnd(c, { maxSteps: 3, evalSteps: 3, outputDir, reportTo: "tensorboard" });
  const [name] = await readdir(join(outputDir, "runs"));
  const bytes = await readFile(join(outputDir, "runs", name));
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const record = bytes.subarray(at + 12, at + 12 + length);
    const unmask = (masked: number): number =>
      ((rotated) => ((rotated >>> 17) | (rotated << 15)) >>> 0)((masked - 0xa282ead8) >>> 0);
    assert.equal(unmask(bytes.readUInt32LE(at + 8)), crc32c(bytes.subarray(at, at + 8)));
    assert.equal(unmask(bytes.readUInt32LE(at + 12 + length)), crc32c(record));
    records.push(record);
    at += 16 + length;
  }
  assert.equal(records.length, 1 + 3 + 1, "the version, three steps, one evaluation");
  assert.ok(records[0].includes("brain.Event:2"));
  const value = Buffer.alloc(4);
  value.writeFloatLE(eventsOf("step", events)[0].loss);
  assert.ok(records[1].includes("train/loss") && records[1].includes(value));
  assert.ok(records[4].includes("eval/accuracy"));
  assert.deepEqual((await readdir(join(folder, "run"))).includes("runs"), false);
  c.dispose();
});
