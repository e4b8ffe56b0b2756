import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { rateLines } from "../../src/cli/train/rate-lines";
import type { LearningRateTest } from "../../src/training/range-test/learning-rate-test";
import { cli, tinyCsv, tinyModel } from "./tiny";

let folder = "";
let args: (out: string, ...more: string[]) => string[] = () => [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-rate-"));
  const [model, csv] = [await tinyModel(folder), await tinyCsv(join(folder, "data.csv"))];
  const size = ["--per-device-train-batch-size", "8", "--target-modules", "all-linear"];
  args = (out, ...more) => ["train", "--model", model, "--data", csv, "-o", join(folder, out), ...size, ...more];
});
after(() => rm(folder, { recursive: true, force: true }));

test("train --find-learning-rate prints a table of 80 columns, writes figure and numbers, trains nothing, and training may use the folder", async () => {
  const printed = await cli(args("rates", "--find-learning-rate", "--max-steps", "60"));
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /\n +rate +loss +smoothed\n/);
  assert.match(printed.out, /<- suggested\n/);
  assert.match(
    printed.out,
    /Suggested learning rate: (\S+)\.\nNothing was trained\. Train with --learning-rate \1\.\n/,
  );
  const table = printed.out.slice(printed.out.indexOf("\n    ")).split("\nfigure:")[0];
  for (const line of table.split("\n")) assert.ok(line.length <= 80, line);
  assert.deepEqual((await readdir(join(folder, "rates"))).sort(), ["learning_rate.json", "learning_rate.svg"]);
  const results = JSON.parse(await readFile(join(folder, "rates", "learning_rate.json"), "utf8")) as {
    suggestion: { kind: string; learningRate: number };
    points: { learningRate: number; loss: number; smoothedLoss: number }[];
    steps: number;
  };
  assert.equal(results.suggestion.kind, "found");
  assert.equal(results.points.length, results.steps);
  assert.ok(results.points.every((point) => Object.values(point).every(Number.isFinite)));
  assert.match(await readFile(join(folder, "rates", "learning_rate.svg"), "utf8"), /^<svg[\s\S]*suggested/);
  const again = await cli(args("rates", "--find-learning-rate", "--max-steps", "60", "--json"));
  const last = JSON.parse(again.out.trimEnd().split("\n").at(-1) ?? "") as { type: string; suggestion: object };
  assert.deepEqual([last.type, last.suggestion], ["learning-rate", results.suggestion]);
  const rate = String(results.suggestion.learningRate);
  const trained = await cli(args("rates", "--learning-rate", rate, "--max-steps", "2"));
  assert.equal(trained.code, 0, trained.err);
});

test("options that a range test cannot use are refused before anything is written", async () => {
  const printed = await cli(
    args(
      "never",
      "--find-learning-rate",
      "--baseline",
      "--evaluate-before",
      "--resume-from",
      "last",
      "--max-steps",
      "5",
    ),
  );
  assert.equal(printed.code, 2);
  for (const flag of ["--baseline", "--evaluate-before", "--resume-from"])
    assert.match(printed.err, new RegExp(`${flag}: only for training; --find-learning-rate does not train`));
  assert.match(printed.err, /--max-steps must be at least 10 with --find-learning-rate; got 5/);
  assert.ok(!(await readdir(folder)).includes("never"));
});

test("the table has at most 20 rows, includes the suggested rate, and omits diverged steps", () => {
  const points = Array.from({ length: 90 }, (_, i) => ({
    step: i + 1,
    learningRate: 10 ** (i / 15 - 6),
    loss: 0.7,
    smoothedLoss: i < 80 ? 0.7 - 0.005 * i : 10 * i,
  }));
  const { learningRate, smoothedLoss } = points[46];
  const result: LearningRateTest = {
    type: "end",
    steps: 90,
    points,
    suggestion: { kind: "found", step: 47, learningRate, smoothedLoss },
    message: "",
    elapsedSeconds: 1,
    stopped: false,
    reason: "diverged",
  };
  const printed = rateLines(result, { out: process.stdout, err: process.stderr, color: false, live: false });
  assert.equal(printed.length, 21);
  assert.equal(printed.filter((line) => line.endsWith("  <- suggested")).length, 1);
  assert.ok(printed.every((line) => line.length < 80));
  assert.match(printed[20], /█>$/);
  assert.doesNotMatch(printed[1], />/);
});
