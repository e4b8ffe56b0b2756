import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { evaluate } from "../../src/evaluation/evaluate";
import { loadOnnxClassifier } from "../../src/export/onnx-classifier";
import { quantizationCost } from "../../src/export/quantization-cost";
import { comparisonLines, costWarning } from "../../src/cli/export/export-lines";
import { cli, tinyCsv, tinyModel, tinyTexts, type Printed } from "./tiny";

let folder = "";
let model = "";
let csv = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-cli-export-"));
  model = await tinyModel(folder);
  csv = await tinyCsv(join(folder, "data.csv"));
});
after(() => rm(folder, { recursive: true, force: true }));

const LABELS = ["--labels", "neg,pos"];
const exportTo = (out: string, ...more: string[]): Promise<Printed> =>
  cli(["export", "--model", model, "--adapter", join(model, "adapter"), ...LABELS, "-o", join(folder, out), ...more]);

interface Exported {
  readonly directory: string;
  readonly files: readonly { path: string; bytes: number }[];
  readonly labels: readonly string[];
  readonly models: readonly { weights: string; bytes: number; textsPerSecond: number; accuracy: number }[];
  readonly cost: { readonly change: number; readonly changeInterval: { low: number; high: number } };
}

test("export writes the folder and lists its files", async () => {
  const { code, out } = await exportTo("plain", "--format", "onnx");
  assert.equal(code, 0);
  for (const name of ["onnx/model.onnx", "tokenizer.json", "tokenizer_config.json", "config.json"])
    assert.match(out, new RegExp(`^${name.replace(".", "\\.")} +[0-9.]+ k?B$`, "m"));
  const config = JSON.parse(await readFile(join(folder, "plain", "config.json"), "utf8")) as { id2label: unknown };
  assert.deepEqual(config.id2label, { 0: "neg", 1: "pos" });
});

test("export compares 8-bit weights with the full ones on the data", async () => {
  const { code, out, err } = await exportTo("int8", "--quantize", "int8", "--data", csv, "--json");
  assert.equal(code, 0, err);
  const { files, models, cost, labels } = JSON.parse(out) as Exported;
  assert.deepEqual(labels, ["neg", "pos"]);
  const data = tinyTexts(40).map(({ text, label }) => ({ text, label: Number(label === "pos") }));
  const evaluations = [];
  for (const [i, weights] of (["float32", "int8"] as const).entries()) {
    const evaluation = await evaluate(await loadOnnxClassifier(join(folder, "int8"), { weights }), data);
    evaluations.push(evaluation);
    assert.equal(models[i].weights, weights);
    assert.equal(models[i].accuracy, evaluation.accuracy);
    assert.equal(models[i].bytes, files[i].bytes);
    assert.ok(models[i].textsPerSecond > 0);
  }
  const { change, changeInterval } = quantizationCost(evaluations[0], evaluations[1]);
  assert.deepEqual([cost.change, cost.changeInterval], [change, changeInterval]);

  const printed = await exportTo("text", "--quantize", "int8", "--data", csv);
  assert.equal(printed.code, 0);
  assert.match(
    printed.out,
    /^model +size +texts\/s +accuracy +95% interval\nonnx\/model\.onnx .*\nonnx\/model_quantized\.onnx /m,
  );
  assert.match(
    printed.out,
    /^Accuracy with 8-bit weights: [+-][0-9.]+ points on 40 texts, 95% interval .* \(paired bootstrap\); McNemar's p /m,
  );
});

test("the output names a difference of predictions, and the warning its size", () => {
  const interval = { low: -0.0312, high: 0.0004, confidence: 0.95, method: "bootstrap" } as const;
  const mcnemar = { onlyBefore: 5, onlyAfter: 1, pValue: 0.21875 };
  const cost = {
    n: 250,
    full: 0.9,
    quantized: 0.884,
    change: -0.016,
    changeInterval: interval,
    mcnemar,
    isCostly: true,
  };
  const models = (["float32", "int8"] as const).map((weights, i) => ({
    weights,
    path: `onnx/${i === 0 ? "model" : "model_quantized"}.onnx`,
    bytes: i === 0 ? 90_900_000 : 23_600_000,
    textsPerSecond: i === 0 ? 61.23 : 119.97,
    accuracy: i === 0 ? 0.9 : 0.884,
  }));
  assert.deepEqual(comparisonLines({ models, tokens: 128, n: 250, cost }), [
    "model                         size  texts/s  accuracy  95% interval",
    "onnx/model.onnx            90.9 MB     61.2     0.900",
    "onnx/model_quantized.onnx  23.6 MB    120.0     0.884",
    "Speed: 8 texts of 128 tokens at a time in onnxruntime, on the processor.",
    "Accuracy with 8-bit weights: -1.6 points on 250 texts, 95% interval -3.1 to +0.0 (paired bootstrap); McNemar's p 0.219.",
  ]);
  assert.match(costWarning(cost), /^Warning: 8-bit weights cost 1\.6 points of accuracy on these 250 texts\./);
});

test("bad input is one clear error, and nothing is written", async () => {
  const refused = async (printed: Promise<Printed>, code: number, message: RegExp): Promise<void> => {
    const { code: found, err } = await printed;
    assert.match(err, message);
    assert.equal(found, code);
  };
  await refused(exportTo("bad", "--format", "tflite"), 2, /--format must be onnx; got tflite|tflite/);
  await refused(exportTo("bad", "--quantize", "int4"), 2, /int4/);
  await refused(cli(["export", "--model", model]), 2, /--output is needed/);
  await refused(exportTo("bad", "--data", join(folder, "none.csv")), 2, /none\.csv/);
  await refused(cli(["export", "--model", model, "-o", model, "--overwrite-output-dir"]), 2, /the model is read from/);
  const adapter = join(model, "adapter");
  await refused(cli(["export", "--adapter", adapter, "-o", adapter]), 2, /the model is read from/);
  await assert.rejects(stat(join(folder, "bad")), { code: "ENOENT" });

  const taken = join(folder, "taken");
  await rm(taken, { recursive: true, force: true });
  assert.equal((await exportTo("taken")).code, 0);
  await writeFile(join(taken, "notes.txt"), "mine");
  await refused(exportTo("taken"), 2, /holds files already .*Give another folder, or --overwrite-output-dir/);
  assert.equal((await exportTo("taken", "--overwrite-output-dir")).code, 0);
  assert.equal(await readFile(join(taken, "notes.txt"), "utf8"), "mine");
});
