import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { MixedPredictor } from "../../src/classifier/mixed-predictor";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { setPrecision } from "../../src/classifier/set-precision";
import { attribute, exportOnnx, loadClassifier, train } from "../../src/index";
import { int8Of, isInt8 } from "../../src/model/int8-weights";
import { sharedOps } from "../../src/ops/shared-ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { goldenFolder, ops, scramble, tinyClassifier } from "../lora/tiny";
import { expectedOf, fixtureDirectory, maxDifference, TINY_MODELS } from "../model/fixture";

const TEXTS = ["2 7 9 11 3", "2 5 3", "2 8 8 4 6 12 10 3", "2 13 3"];

/** The texts of a tiny model's fixture. */
function textsOf(kind: string): string[] {
  return expectedOf(kind).documents.map((ids) => ids.join(" "));
}

for (const kind of TINY_MODELS)
  test(`${kind} predicts in 8 bits: near the logits in 32, each text as if it were alone, with nothing left behind`, async () => {
    const before = ops.alive();
    const classifier = await tinyClassifier(kind);
    const texts = textsOf(kind);
    const full = await classifier.predictLogits(texts);
    const { weights, used } = await setPrecision(classifier, "int8");
    assert.equal(used, "int8");
    assert.ok(isInt8(classifier.model));
    const linears = classifier.model.modules.layers.flatMap((layer) => layer.linears);
    assert.equal(weights?.matrices, linears.length);
    const logits = await classifier.predictLogits(texts);
    const alive = ops.alive();
    assert.ok(maxDifference(logits, full) > 0);
    assert.ok(maxDifference(logits, full) < 0.1, `logits differ by ${maxDifference(logits, full)}`);
    for (const [i, text] of texts.entries())
      assert.deepEqual(await classifier.predictLogits([text]), logits.slice(2 * i, 2 * i + 2));
    assert.equal(ops.alive(), alive, "prediction keeps no weight in 32 bits");
    classifier.dispose();
    assert.equal(ops.alive(), before);
  });

test("weights in 8 bits take a quarter of the memory, and none is left in 32", async () => {
  const classifier = await tinyClassifier("bert");
  await classifier.predictLogits(TEXTS);
  const products = int8Of(classifier.model);
  assert.ok(products !== undefined);
  // a layer's size of a real model: nothing is lost to padding
  const { packed, channels } = products.quantize(ops.float(new Float32Array(384 * 1536), [384, 1536]));
  const bytes = packed.shape.reduce((a, b) => a * b, 1) + 4 * channels.shape.reduce((a, b) => a * b, 1);
  assert.ok(bytes <= 0.26 * 4 * 384 * 1536);
  ops.dispose(packed, channels);
  const linears = classifier.model.modules.layers.flatMap((layer) => layer.linears);
  const before = ops.alive();
  await setPrecision(classifier, "int8");
  // each weight was one tensor, in its own or its packed form, and is two now: whole numbers and scales
  assert.equal(ops.alive(), before + linears.length);
  // the model's weight is what its 8-bit numbers are, made again for each reading
  const alive = ops.alive();
  const [first, second] = [await linears[0].weight.read(), await linears[0].weight.read()];
  assert.deepEqual(first, second);
  assert.equal(ops.alive(), alive);
  classifier.dispose();
});

for (const name of ["roberta-all-linear", "distilbert-dora-rslora-bias"])
  test(`the adapter ${name} stays in 32 bits beside the weights: loaded before or after, switched and disabled`, async () => {
    const kind = name.split("-")[0];
    const texts = textsOf(kind);
    const [one, two] = [await tinyClassifier(kind), await tinyClassifier(kind)];
    const bare = await tinyClassifier(kind);
    await one.loadAdapter(goldenFolder(name));
    const full = await one.predictLogits(texts);
    await setPrecision(one, "int8");
    await setPrecision(two, "int8");
    await setPrecision(bare, "int8");
    await two.loadAdapter(goldenFolder(name));
    const found = await one.predictLogits(texts);
    assert.deepEqual(await two.predictLogits(texts), found);
    assert.ok(maxDifference(found, full) < 0.1);
    two.disableAdapter();
    assert.deepEqual(await two.predictLogits(texts), await bare.predictLogits(texts));
    two.enableAdapter();
    assert.deepEqual(await two.predictLogits(texts), found);
    two.unload();
    assert.deepEqual(await two.predictLogits(texts), await bare.predictLogits(texts));
    for (const classifier of [one, two, bare]) classifier.dispose();
  });

test("adapters share passes over weights in 8 bits, each as if it were alone", async () => {
  const texts = textsOf("roberta");
  const [alone, served] = [await tinyClassifier("roberta"), await tinyClassifier("roberta")];
  await setPrecision(served, "int8");
  await setPrecision(alone, "int8");
  await alone.loadAdapter(goldenFolder("roberta-all-linear"));
  const predictor = new MixedPredictor(served);
  await predictor.add("a", goldenFolder("roberta-all-linear"));
  const documents = served.encode(texts);
  const mixed = await predictor.predict([
    ...documents.map((document) => ({ document, adapter: "a" })),
    ...documents.map((document) => ({ document })),
  ]);
  const half = mixed.length / 2;
  assert.ok(maxDifference(mixed.subarray(0, half), await alone.predictLogits(texts)) < 1e-2);
  alone.disableAdapter();
  assert.ok(maxDifference(mixed.subarray(half), await alone.predictLogits(texts)) < 1e-2);
  for (const classifier of [alone, served]) classifier.dispose();
});

test("what needs weights in 32 bits is refused with what to do, and writes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-int8-"));
  const classifier = await tinyClassifier("bert");
  await setPrecision(classifier, "int8");
  classifier.addAdapter({ r: 2 });
  const because = (call: string): RegExp =>
    new RegExp(
      `^TsloraError: ${call}: the weights must be 32-bit floats; they are rounded to 8 bits, for prediction alone. Load the classifier with precision "float32".$`,
    );
  const rows = TEXTS.map((text, i) => ({ text, label: i % 2 }));
  const training = train(classifier, { train: rows, validation: rows, outputDir: join(folder, "out") });
  await assert.rejects(training.next(), because("train"));
  await assert.rejects(classifier.mergeAdapter({ allowUntrained: true }), because("mergeAdapter"));
  await assert.rejects(classifier.mergeAndUnload({ allowUntrained: true }), because("mergeAndUnload"));
  await assert.rejects(exportOnnx(classifier, join(folder, "onnx")), /must be 32-bit floats/);
  await assert.rejects(attribute(classifier, TEXTS[0]), because("attribute"));
  classifier.unload();
  await assert.rejects(classifier.saveModel(join(folder, "model")), because("saveModel"));
  await assert.rejects(setPrecision(classifier, "float32"), because("setPrecision"));
  assert.deepEqual(await readdir(folder), []);
  classifier.dispose();
  await rm(folder, { recursive: true });
});

test("options that cannot be are refused", async () => {
  const classifier = await tinyClassifier("bert");
  await assert.rejects(
    setPrecision(classifier, "fp8" as "int8"),
    /setPrecision: precision must be "float32", "bf16" or "int8"; got "fp8"/,
  );
  await assert.rejects(
    setPrecision(classifier, "int8", { check: { texts: TEXTS, labels: [1] } }),
    /check must have at least one text, and a label for each or none; got 4 texts and 1 labels/,
  );
  classifier.addAdapter({ r: 2 });
  await classifier.mergeAdapter({ allowUntrained: true });
  await assert.rejects(
    setPrecision(classifier, "int8"),
    /adapter "default" is merged .* mergeAndUnload .* unmergeAdapter/,
  );
  assert.ok(!isInt8(classifier.model));
  classifier.dispose();
  const tensorflow = await tinyClassifier("bert", tensorflowOps());
  await assert.rejects(
    setPrecision(tensorflow, "int8"),
    /precision "int8" needs the kernels of the processor; .*float32/,
  );
  tensorflow.dispose();
  const tokenizer = { maxLength: 20, encode: () => [] };
  const loading = { tokenizer, labels: ["a", "b"] };
  await assert.rejects(
    loadClassifier(fixtureDirectory("bert"), {
      ...loading,
      precision: "int4" as "int8",
      precisionCheck: { texts: [] },
    }),
    /precision must be "float32", "bf16" or "int8"; got "int4"[^]*precisionCheck is for precision "int8"/,
  );
});

test("weights that are not finite are refused by name, and the classifier stays as it was", async () => {
  for (const broken of [NaN, Infinity, -Infinity]) {
    const classifier = await tinyClassifier("bert");
    const before = await classifier.predictLogits(TEXTS);
    const { weight } = classifier.model.modules.layers[1].linears[2];
    const values = Float32Array.from(await weight.read());
    const good = ops.float(values.slice(), weight.shape);
    values[3] = broken;
    weight.assign(ops.float(values, weight.shape));
    const alive = ops.alive();
    await assert.rejects(
      setPrecision(classifier, "int8"),
      new RegExp(`Weights must be finite numbers to be rounded to 8 bits; "${weight.name}" holds NaN or Infinity`),
    );
    assert.ok(!isInt8(classifier.model));
    assert.equal(ops.alive(), alive);
    weight.assign(good);
    assert.deepEqual(await classifier.predictLogits(TEXTS), before);
    classifier.dispose();
  }
});

test("a check set is predicted before and after, and the notice says how many texts there were", async () => {
  const classifier = await tinyClassifier("bert");
  await scramble(classifier.model.headParameters());
  const before = await classifier.predictLogits(TEXTS);
  const labels = TEXTS.map((_, i) => Number(before[2 * i + 1] > before[2 * i]));
  const { check, notice } = await setPrecision(classifier, "int8", { check: { texts: TEXTS, labels } });
  const after = await classifier.predictLogits(TEXTS);
  assert.equal(check?.largestDifference, maxDifference(before, after));
  const right = labels.filter((label, i) => label === Number(after[2 * i + 1] > after[2 * i])).length;
  assert.deepEqual(check, {
    texts: 4,
    changed: 4 - right,
    largestDifference: check.largestDifference,
    accuracy: { float32: 1, int8: right / 4 },
  });
  assert.match(notice, /On 4 check texts: accuracy [01]\.\d{4}, in float32 1\.0000; \d predicted labels? changed/);
  assert.deepEqual(await setPrecision(classifier, "int8"), { requested: "int8", used: "int8", notice: "" });
  classifier.dispose();
});

test("bf16 is not used, and there is a notice", async () => {
  const classifier = await tinyClassifier("bert");
  const before = await classifier.predictLogits(TEXTS);
  const report = await setPrecision(classifier, "bf16");
  assert.equal(report.used, "float32");
  assert.match(report.notice, /bf16 brings nothing to prediction and is not used.*computed in float32\./);
  assert.deepEqual(await classifier.predictLogits(TEXTS), before);
  assert.ok(classifier instanceof SequenceClassifier && classifier.model.ops === sharedOps());
  classifier.dispose();
});
