import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { evaluateMultiLabel, type MultiLabelEvaluation } from "../../src/evaluation/evaluate-multi-label";
import { cli, tinyModel } from "./tiny";

let folder = "";
let model = "";
const path = (name: string): string => join(folder, name);
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-cli-multi-label-"));
  model = await tinyModel(folder);
  await writeFile(path("lists.jsonl"), ROWS.map((row) => JSON.stringify(row)).join("\n"));
  const columns = ROWS.map(({ text, labels }) => [text, ...NAMES.map((name) => Number(labels.includes(name)))].join());
  await writeFile(path("columns.csv"), `text,${NAMES.join()}\n${columns.join("\n")}\n`);
});
after(() => rm(folder, { recursive: true, force: true }));

const NAMES = ["red", "green", "blue"];
/** Texts with a word for each of their labels; an eighth has none. */
const ROWS = Array.from({ length: 48 }, (_, i) => {
  const labels = NAMES.filter((_name, k) => Math.floor(i / 2 ** k) % 2 === 1);
  return { text: [`w${40 + (i % 7)}`, ...labels.map((name) => `w${10 + 8 * NAMES.indexOf(name)}`)].join(" "), labels };
});
const LORA = [
  "--per-device-train-batch-size",
  "4",
  "--learning-rate",
  "0.02",
  "--r",
  "4",
  "--target-modules",
  "all-linear",
  "--num-train-epochs",
  "20",
];

const trainOn = (data: string, out: string, ...more: string[]): ReturnType<typeof cli> =>
  cli(["train", "--model", model, "--data", path(data), "-o", path(out), "--new-head", ...more]);

test("train learns from lists of labels and from columns of 0 and 1 alike, and reports as the library does", async () => {
  const lists = await trainOn("lists.jsonl", "lists", ...LORA, "--multi-label", "--labels", NAMES.join());
  assert.equal(lists.code, 0, lists.err);
  assert.match(lists.out, /A text may have several labels; 6 have none\./);
  assert.match(lists.out, /micro avg.*[^]*samples avg/);
  assert.match(lists.out, /Accuracy \(every label right\): after/);
  const columns = await trainOn("columns.csv", "columns", ...LORA, "--label-columns", NAMES.join());
  assert.equal(columns.code, 0, columns.err);
  const weights = (run: string): Promise<Buffer> => readFile(join(path(run), "adapter", "adapter_model.safetensors"));
  assert.deepEqual(await weights("lists"), await weights("columns"));
  const results = JSON.parse(await readFile(join(path("columns"), "results.json"), "utf8")) as {
    after: MultiLabelEvaluation;
  };
  assert.deepEqual(results.after.labels, NAMES);
  const log = (await readFile(join(path("columns"), "trainer_log.jsonl"), "utf8")).trimEnd().split("\n");
  const losses = log.flatMap((line) => (JSON.parse(line) as { loss?: number }).loss ?? []);
  const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length;
  const [first, last] = [mean(losses.slice(0, 7)), mean(losses.slice(-7))]; // an epoch each
  assert.ok(last < 0.9 * first, `${first} to ${last}`);
});

test("evaluate scores as evaluateMultiLabel does, at any threshold, and knows that the adapter has several labels", async () => {
  const classifier = await loadClassifier(model, {
    labels: NAMES,
    problemType: "multi_label_classification",
    newHead: true,
  });
  await classifier.loadAdapter(join(path("lists"), "adapter"));
  const data = ROWS.map(({ text, labels }) => ({ text, label: NAMES.map((name) => Number(labels.includes(name))) }));
  const wanted = await evaluateMultiLabel(classifier, data, { threshold: 0.3 });
  classifier.dispose();
  for (const name of ["lists.jsonl", "columns.csv"]) {
    const printed = await cli([
      ...["evaluate", "--adapter", join(path("lists"), "adapter"), "--data", path(name), "--threshold", "0.3"],
      ...["--json", "--predictions", "--average", "macro"],
    ]);
    assert.equal(printed.code, 0, printed.err);
    const { evaluation, average } = JSON.parse(printed.out) as {
      evaluation: MultiLabelEvaluation;
      average: { scores: { fscore: number } };
    };
    assert.deepEqual({ ...evaluation, elapsedSeconds: 0 }, { ...wanted, elapsedSeconds: 0 });
    assert.ok(Math.abs(average.scores.fscore - wanted.f1Macro) < 1e-12);
  }
  const text = await cli([
    ...["evaluate", "--adapter", join(path("lists"), "adapter"), "--data", path("columns.csv")],
    ...["--confidence", "0.9"],
  ]);
  assert.match(text.out, /Hamming loss +0\.\d{4} +90% interval 0\.\d{4} to 0\.\d{4}, wrong labels, of 144/);
  assert.match(text.out, /F1 macro +\d\.\d{3} +90% interval/);
  assert.match(text.out, /label +F1, 90% interval +area under ROC +average precision/);
});

test("train stratifies texts with several labels, and compares with a baseline of one regression for each label", async () => {
  const args = ["--label-columns", NAMES.join(), "--stratify", "--baseline", "--max-steps", "2", "--r", "4"];
  const run = await trainOn("columns.csv", "stratified", ...args);
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /Parts: \d+ texts to train on, \d+ for validation, \d+ to test on, stratified/);
  assert.match(run.out, /Accuracy \(every label right\): .*TF-IDF with logistic regression \d\.\d{3}/);
  const { after, validation, baseline } = JSON.parse(
    await readFile(join(path("stratified"), "results.json"), "utf8"),
  ) as Record<"after" | "validation" | "baseline", MultiLabelEvaluation>;
  const supports = [after, validation].map(({ perLabel }) => perLabel.map(({ support }) => support));
  assert.deepEqual(supports, [
    [5, 5, 5],
    [5, 5, 5],
  ]); // a fifth of 24 each
  assert.deepEqual([baseline.n, baseline.labels], [after.n, NAMES]);
  assert.ok(baseline.f1Micro > 0.9, String(baseline.f1Micro)); // each label has its word
});

test("predict prints every label of a text; a fully trained model needs no flag either", async () => {
  const full = await trainOn(
    "columns.csv",
    "full",
    "--label-columns",
    NAMES.join(),
    "--method",
    "full",
    "--max-steps",
    "2",
  );
  assert.equal(full.code, 0, full.err);
  for (const from of [
    ["--adapter", join(path("lists"), "adapter")],
    ["--model", join(path("full"), "model")],
  ]) {
    const printed = await cli(["predict", ...from, "--json", "w40 w10 w26", "w41"]);
    assert.equal(printed.code, 0, printed.err);
    const [both, none] = printed.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { labels: string[] });
    assert.ok(Array.isArray(both.labels) && Array.isArray(none.labels), printed.out);
  }
});

test("a file of training's options repeats a run with several labels to the bit", async () => {
  const again = await cli(["train", "--config", join(path("columns"), "training_args.json"), "-o", path("again")]);
  assert.equal(again.code, 0, again.err);
  const weights = (run: string): Promise<Buffer> => readFile(join(path(run), "adapter", "adapter_model.safetensors"));
  assert.deepEqual(await weights("again"), await weights("columns"));
});

test("wrong values and options that need one label per text are refused before anything is written", async () => {
  await writeFile(path("wrong.csv"), "text,a,b\nw5,1,0\nw6,0,maybe\n");
  await writeFile(path("wrong.jsonl"), '{"text": "w5", "labels": ["a"]}\n{"text": "w6", "labels": "b"}\n');
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const printed = await cli([...args, "-o", path("nothing")]);
    assert.notEqual(printed.code, 0, printed.out);
    assert.match(printed.err.replace(/\s+/g, " "), message);
    assert.equal(existsSync(path("nothing")), false);
  };
  const train = (data: string): string[] => ["train", "--model", model, "--data", path(data)];
  await refused([...train("wrong.csv"), "--label-columns", "a,b"], /line 3: b must be 0 or 1; got "maybe"/);
  await refused(
    [...train("wrong.jsonl"), "--multi-label"],
    /line 2: labels must be a list of labels; got "b"\. In CSV give --label-columns/,
  );
  await refused(train("lists.jsonl"), /must have a column "label".*pass --multi-label/);
  const scored = await cli([
    ...["evaluate", "--adapter", join(path("lists"), "adapter"), "--data", path("lists.jsonl")],
    ...["--average", "binary"],
  ]);
  assert.match(scored.err.replace(/\s+/g, " "), /--average binary is for two labels/);
});
