import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { SweepView } from "../../src/cli/sweep/sweep-view";
import { readSweepFile } from "../../src/cli/sweep/sweep-file";
import { checkSpace } from "../../src/jobs/search/space/check-space";
import { Problems } from "../../src/base/problems";
import type { SweepEvent } from "../../src/jobs/search/sweep/sweep-event";
import { cli, tinyCsv, tinyModel } from "./tiny";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-sweep-cli-"));
  model = await tinyModel(folder);
  await tinyCsv(join(folder, "texts.csv"), 60);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Writes a sweep's file. */
async function sweepFile(name: string, space: string, more = ""): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const lines = [
    `name: ${name}`,
    `model: ${model}`,
    `data: ${join(folder, "texts.csv")}`,
    "idColumn: id",
    "training: { maxSteps: 4, evalSteps: 2 }",
    "metric: loss",
    "limits: { trials: 2 }",
    "winnerSeeds: 1",
    more,
    "space:",
    space,
  ];
  await writeFile(path, `${lines.filter((line) => line !== "").join("\n")}\n`);
  return path;
}

const RATE = "  learningRate: { type: float, low: 0.0001, high: 0.01, log: true }";

test("tslora sweep runs a file; it resumes with more trials, and prints events as JSON", async () => {
  const file = await sweepFile("plain", RATE);
  const out = join(folder, "out");
  const first = await cli(["sweep", file, "-o", out, "--workers", "1"]);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /2 trials, 1 at once; loss, minimize\./);
  assert.match(first.out, /trial 0: loss 0\.\d{3}, the best so far · learningRate/);
  assert.match(first.out, /Trial \d wins: learningRate/);
  assert.match(first.out, /results: .*sweep\.json/);
  assert.ok(existsSync(join(out, "adapter", "adapter_config.json")));
  const again = await cli(["sweep", file, "-o", out, "--workers", "1"]);
  assert.equal(again.code, 2);
  assert.match(again.err, /holds a sweep named plain already\. Resume it/);
  const more = await cli(["sweep", file, "-o", out, "--workers", "1", "--resume", "--trials", "3", "--json"]);
  assert.equal(more.code, 0, more.err);
  const events = more.out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as SweepEvent);
  const trials = events.flatMap((event) => (event.type === "trial" ? [event.number] : []));
  assert.deepEqual(trials, [2]);
  const end = events.at(-1);
  assert.ok(end?.type === "finished" && end.trials.length === 3);
});

test("a sweep of the head alone keeps the winner as a model's folder", async () => {
  const file = await sweepFile("head", RATE, "method: head");
  const out = join(folder, "head-out");
  const { code, out: printed, err } = await cli(["sweep", file, "-o", out, "--workers", "1"]);
  assert.equal(code, 0, err);
  assert.match(printed, /\nmodel: .*head-out.model\n/);
  assert.ok(existsSync(join(out, "model", "model.safetensors")));
  assert.ok(!existsSync(join(out, "adapter")));
});

test("errors name the file, the line and the key; nothing is written", async () => {
  const space = [
    "  learningRate: { type: float, low: 1, high: 0.1, log: true }",
    "  r:",
    "    type: int",
    "    low: 1.5",
    "    high: 4",
  ];
  const file = await sweepFile("wrong", space.join("\n"), "seeds: [1, 1]");
  const out = join(folder, "wrong-out");
  const { code, err } = await cli(["sweep", file, "-o", out]);
  assert.equal(code, 2);
  for (const part of [
    /wrong\.yaml, line 11: space\.learningRate\.low must be at most high; got 1 and 0\.1/,
    /wrong\.yaml, line 14: space\.r\.low must be a whole number; got 1\.5/,
    /wrong\.yaml, line 9: seeds must be different whole numbers/,
  ])
    assert.match(err, part);
  assert.ok(!existsSync(out));
  const unknown = await cli(["sweep", await sweepFile("unknown", RATE, "metrik: f1")]);
  assert.match(unknown.err, /unknown\.yaml, line 9: metrik is not an option here \(did you mean metric\?\)/);
  const rate = await cli([
    "sweep",
    await sweepFile("rate", "  learningRate: { type: float, low: -1, high: 1 }"),
    "-o",
    out,
  ]);
  assert.match(rate.err, /rate\.yaml, line 10: learningRate must be a number above 0; got -1/);
  const empty = join(folder, "empty.yaml");
  await writeFile(empty, "name: empty\n");
  assert.match((await cli(["sweep", empty])).err, /space must be given/);
});

test("the sample file is valid", async () => {
  const path = join(projectRoot(), "notebooks", "sweep.yaml");
  const { sweep, data } = await readSweepFile(path);
  const problems = new Problems("sweep.yaml");
  assert.ok(checkSpace(sweep.space, { problems }));
  assert.equal(data.data, "sample");
});

test("the view in a terminal of 80 columns: the best, what runs, what was pruned, the time left", () => {
  let printed = "";
  const out = Object.assign(Object.create(process.stdout) as NodeJS.WriteStream, {
    isTTY: true,
    columns: 80,
    write: (text: string) => ((printed += text), true),
  });
  const view = new SweepView({ out, err: out, color: false, live: true }, { json: false });
  view.show({
    type: "start",
    name: "s",
    journal: "j",
    metric: "f1",
    direction: "maximize",
    trials: 4,
    resumed: 0,
    workers: 2,
  });
  for (const number of [0, 1, 2])
    view.show({ type: "trial", number, settings: { r: 4, learningRate: 0.00123456 }, resumed: false });
  view.show({ type: "complete", number: 0, value: 0.75, seedValues: [0.75], best: true });
  view.show({ type: "pruned", number: 1, value: 0.5 });
  view.close();
  assert.match(printed, /trial 0: f1 0\.750, the best so far · r 4, learningRate 0\.00123/);
  const bars = printed.split(/[\r\n\p{Cc}]/u).filter((line) => line.includes("running"));
  assert.ok(bars.length > 0, printed);
  const last = bars.at(-1) ?? "";
  assert.match(last, /trial 3\/4 · best 0\.750 \(trial 0\) · 1 running · 1 pruned/);
});
