import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { fromBinary } from "@bufbuild/protobuf";

import { TsloraError } from "../../src/base/tslora-error";
import { loadClassifier } from "../../src/classifier/load-classifier";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { exportOnnx, type ExportOnnxOptions } from "../../src/export/export-onnx";
import { loadOnnxClassifier } from "../../src/export/onnx-classifier";
import { ModelProtoSchema, TensorProto_DataLocation } from "../../src/export/onnx/schema/onnx_pb";
import { predict } from "../../src/evaluation/predict";
import { sharedOps } from "../../src/ops/shared-ops";
import { tinyModel, tinyTexts } from "../cli/tiny";
import { maxDifference } from "../model/fixture";

let root = "";
let source = "";
let output = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "tslora-export-"));
  source = await tinyModel(root);
});
after(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => (output = join(await mkdtemp(join(root, "case-")), "exported")));
afterEach(() => assert.equal(sharedOps().alive(), 0, "tensors are left behind"));

const LABELS = ["no ‘label’", 'say "yes"\n'];
const texts = tinyTexts(12).map(({ text }) => text);

/** A tiny classifier with an adapter that changes its logits. */
async function open({ adapter = true }: { adapter?: boolean } = {}): Promise<SequenceClassifier> {
  const classifier = await loadClassifier(source, { labels: LABELS });
  if (adapter) await classifier.loadAdapter(join(source, "adapter"));
  return classifier;
}

const exported = async (options: ExportOnnxOptions = {}): Promise<void> => {
  const classifier = await open();
  try {
    await exportOnnx(classifier, output, options);
  } finally {
    classifier.dispose();
  }
};
const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();
const refuses = (promise: Promise<unknown>, code: string, message: RegExp): Promise<void> =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof TsloraError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

test("the adapter is merged into the exported model, and the classifier stays as it was", async () => {
  const classifier = await open();
  const own = await classifier.predictLogits(texts);
  classifier.disableAdapter();
  const without = await classifier.predictLogits(texts);
  classifier.enableAdapter();
  const { files, inputs } = await exportOnnx(classifier, output);
  assert.deepEqual(inputs, ["input_ids", "attention_mask", "token_type_ids"]);
  assert.deepEqual(
    files.map(({ path }) => path),
    [join("onnx", "model.onnx"), "tokenizer.json", "tokenizer_config.json", "vocab.txt", "config.json"],
  );
  for (const { path, bytes } of files) assert.equal((await stat(join(output, path))).size, bytes);
  assert.equal(classifier.adapterState, "active");
  assert.deepEqual(await classifier.predictLogits(texts), own);
  const onnx = await loadOnnxClassifier(output);
  assert.deepEqual(onnx.labels, LABELS);
  const found = await onnx.predictLogits(texts, { maxTokensPerPass: 30 });
  assert.ok(maxDifference(found, own) < 1e-5);
  assert.ok(maxDifference(found, without) > 1e-3, "the adapter changes nothing");
  classifier.dispose();
});

test("a disabled adapter is left out, and a merged one is in the exported model", async () => {
  const classifier = await open();
  classifier.disableAdapter();
  const without = await classifier.predictLogits(texts);
  await exportOnnx(classifier, output);
  assert.ok(maxDifference(await (await loadOnnxClassifier(output)).predictLogits(texts), without) < 1e-5);
  classifier.enableAdapter();
  await classifier.mergeAdapter();
  const merged = await classifier.predictLogits(texts);
  await exportOnnx(classifier, output, { overwriteOutputDir: true });
  assert.ok(maxDifference(await (await loadOnnxClassifier(output)).predictLogits(texts), merged) < 1e-5);
  assert.equal(classifier.adapterState, "merged");
  classifier.dispose();
});

test("transformers.js reads the folder: labels, probabilities, full and 8-bit weights", async () => {
  const classifier = await open();
  await exportOnnx(classifier, output, { quantize: "int8" });
  const own = await predict(classifier, texts);
  const { env, pipeline } = await import("@xenova/transformers");
  Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(output) });
  const classify = await pipeline("text-classification", "exported", { quantized: false });
  const found = (await classify(texts, { topk: 2 })) as unknown as { label: string; score: number }[][];
  found.forEach((scores, i) => {
    assert.deepEqual(
      scores.map(({ label }) => label),
      own[i].scores.map(({ label }) => label),
    );
    scores.forEach(({ score }, rank) => assert.ok(Math.abs(score - own[i].scores[rank].score) < 1e-5, texts[i]));
  });
  const quick = await pipeline("text-classification", "exported", { quantized: true });
  const quantized = (await quick(texts, { topk: 2 })) as unknown as { label: string; score: number }[][];
  assert.ok(quantized.every((scores) => scores.every(({ label }) => LABELS.includes(label))));
  assert.ok(quantized.every((scores) => Math.abs(scores[0].score + scores[1].score - 1) < 1e-6));
  classifier.dispose();
});

test("weights above the limit go to a second file, which onnxruntime reads", async () => {
  const classifier = await open();
  const own = await classifier.predictLogits(texts);
  await exportOnnx(classifier, output, { mostBytes: 4096 });
  assert.deepEqual(await namesIn(join(output, "onnx")), ["model.onnx", "model.onnx_data"]);
  const { graph } = fromBinary(ModelProtoSchema, await readFile(join(output, "onnx", "model.onnx")));
  const external = graph?.initializer.filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL);
  assert.ok(external !== undefined && external.length > 0);
  for (const { name, rawData, externalData } of external) {
    const { location, offset } = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
    assert.deepEqual([rawData.length, location, Number(offset) % 4096], [0, "model.onnx_data", 0], name);
  }
  assert.ok(maxDifference(await (await loadOnnxClassifier(output)).predictLogits(texts), own) < 1e-5);
  // a smaller export over it: no weights of the earlier one are left
  await exportOnnx(classifier, output, { overwriteOutputDir: true });
  assert.deepEqual(await namesIn(join(output, "onnx")), ["model.onnx"]);
  classifier.dispose();
});

test("an export over another one removes its 8-bit model, and keeps other files", async () => {
  await exported({ quantize: "int8" });
  await writeFile(join(output, "notes.txt"), "mine");
  await refuses(exported(), "bad-option", /holds files already .*overwriteOutputDir: true/);
  await exported({ overwriteOutputDir: true });
  const names = await namesIn(output);
  assert.ok(names.includes("notes.txt") && !names.includes(join("onnx", "model_quantized.onnx")), names.join());
});

test("bad options write nothing", async () => {
  await refuses(
    exported({ quantize: "int4" as "int8" }),
    "bad-option",
    /quantize must be "int8", "int8-weights" or left out; got "int4"/,
  );
  await refuses(exported({ overwriteOutputDir: true, quantize: true as never }), "bad-option", /got true/);
  const classifier = await open();
  await refuses(exportOnnx(classifier, source, { overwriteOutputDir: true }), "bad-option", /the model is read from/);
  const file = join(root, "file");
  await writeFile(file, "");
  await refuses(exportOnnx(classifier, file), "bad-option", /must be a folder/);
  classifier.dispose();
  await assert.rejects(stat(output), { code: "ENOENT" });
});

test("a model or an adapter that cannot be exported leaves nothing", async () => {
  const bare = await loadClassifier(await tinyModel(root, "bare-bert"), { labels: LABELS });
  await refuses(exportOnnx(bare, output), "bad-input", /newly initialized and are not trained/);
  bare.dispose();
  await assert.rejects(stat(output), { code: "ENOENT" });

  const classifier = await open();
  const [first] = classifier.trainableParameters();
  const { ops } = classifier.model;
  first.assign(ops.escape(() => ops.float(new Float32Array(first.shape[0] * first.shape[1]).fill(NaN), first.shape)));
  await refuses(exportOnnx(classifier, output), "bad-input", /changes them by NaN/);
  assert.equal(classifier.adapterState, "active");
  classifier.dispose();
  await assert.rejects(stat(output), { code: "ENOENT" });
});

test("a weight that is not finite is named, in every precision, and nothing is written", async () => {
  const parts = ["word_embeddings.weight", "attention.self.query.weight", "output.LayerNorm.bias", "classifier.bias"];
  for (const [i, quantize] of ([undefined, "int8", "int8-weights", "int8"] as const).entries()) {
    const classifier = await open({ adapter: false });
    const { ops } = classifier.model;
    const weight = classifier.model.parameters().find(({ name }) => name.endsWith(parts[i]));
    assert.ok(weight !== undefined, parts[i]);
    const numbers = Float32Array.from(await weight.read());
    numbers[numbers.length - 1] = i % 2 === 0 ? NaN : -Infinity;
    weight.assign(ops.escape(() => ops.float(numbers, weight.shape)));
    const named = new RegExp(`must be finite numbers; ${weight.name.replaceAll(".", "\\.")} holds (NaN|-Infinity)`);
    await refuses(exportOnnx(classifier, output, { quantize }), "bad-input", named);
    classifier.dispose();
    await assert.rejects(stat(output), { code: "ENOENT" });
  }
});

test("a failure while files are written leaves the folder as it was, and what a killed export left is removed", async () => {
  const copy = join(dirname(output), "model");
  await cp(source, copy, { recursive: true });
  const classifier = await loadClassifier(copy, { labels: LABELS });
  await mkdir(join(output, ".export.0123456789ab.incomplete"), { recursive: true });
  await writeFile(join(output, ".export.0123456789ab.incomplete", "model.onnx"), "torn");
  await rm(join(copy, "config.json")); // read last
  await assert.rejects(exportOnnx(classifier, output));
  assert.deepEqual(await namesIn(output), []);
  await cp(join(source, "config.json"), join(copy, "config.json"));
  await exportOnnx(classifier, output);
  assert.ok((await namesIn(output)).includes("config.json"));
  classifier.dispose();
});

test("an exported folder that lacks a model, or holds a torn one, is refused", async () => {
  await exported();
  await refuses(loadOnnxClassifier(output, { weights: "int8" }), "not-found", /model_quantized\.onnx is not there/);
  const path = join(output, "onnx", "model.onnx");
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, whole.length / 2));
  await refuses(loadOnnxClassifier(output), "bad-input", /model\.onnx cannot be read/);
});
