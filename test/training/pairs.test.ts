import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { toFrame } from "../../src/corpus/to-frame";
import { evaluateBaseline } from "../../src/evaluation/baseline/evaluate-baseline";
import { evaluate } from "../../src/evaluation/evaluate";
import { predict } from "../../src/evaluation/predict";
import type { TrainOptions } from "../../src/training/options/train-options";
import { tinyModel } from "../cli/tiny";
import { eventsOf, hashOfWeights, runToEnd } from "./tiny";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-pairs-"));
  model = await tinyModel(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Pairs that are alike (1) or not (0): neither text alone determines the label. */
function pairs(count: number): { text: string; textPair: string; label: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [i % 2, Math.floor(i / 2) % 2];
    const words = (kind: number): string => `w${5 + 20 * kind} w${6 + 20 * kind + (i % 3)}`;
    return { text: words(first), textPair: words(second), label: Number(first === second) };
  });
}

const data = pairs(48);
const COMMON: Partial<TrainOptions> = { train: data, validation: pairs(12), maxSteps: 6, evalSteps: 3 };
const single = data.map(({ text, label }) => ({ text, label }));

async function withAdapter(): Promise<SequenceClassifier> {
  const classifier = await loadClassifier(model, { seed: 1 });
  classifier.addAdapter({ r: 4, loraDropout: 0 });
  return classifier;
}

test("a classifier learns from pairs, from a list and from a frame, where neither text alone suffices", async () => {
  const fromList = await loadClassifier(model, { seed: 1 });
  fromList.trainAllWeights();
  await runToEnd(fromList, { learningRate: 0.003, numTrainEpochs: 30, train: data, validation: undefined });
  const { accuracy } = await evaluate(fromList, data);
  assert.ok(accuracy > 0.75, `${accuracy}: either text alone allows half`);
  const frame = toFrame(
    data.map(({ text, textPair, label }, i) => ({ texts: text, text_pair: textPair, ID: `${i}`, label })),
  );
  assert.equal((await evaluate(fromList, frame)).accuracy, accuracy);
  const [one, two] = [await withAdapter(), await withAdapter()];
  await runToEnd(one, { ...COMMON, train: data });
  await runToEnd(two, { ...COMMON, train: frame });
  assert.equal(await hashOfWeights(one), await hashOfWeights(two));
  for (const each of [fromList, one, two]) each.dispose();
});

test("a saved adapter or model records that it takes pairs, and refuses single texts", async () => {
  const classifier = await withAdapter();
  assert.equal(classifier.takesPairs, false);
  await runToEnd(classifier, COMMON);
  assert.equal(classifier.takesPairs, true);
  const refused = /was trained on pairs of texts.*index 1 has none.*\[text, textPair\]/;
  await assert.rejects(predict(classifier, [["w5", "w6"], "w5"]), refused);
  const [expected] = await predict(classifier, [["w5", "w6"]]);
  const places = { adapter: join(folder, "adapter"), merged: join(folder, "merged") };
  await classifier.saveAdapter(places.adapter);
  classifier.disableAdapter();
  assert.equal(classifier.takesPairs, false, "the base was not trained on pairs");
  classifier.takesPairs = true;
  assert.equal(classifier.takesPairs, true, "it is set for the weights in use, here the base's");
  classifier.takesPairs = false;
  classifier.enableAdapter();
  await classifier.mergeAndUnload();
  assert.equal(classifier.takesPairs, true);
  await classifier.saveModel(places.merged);
  classifier.dispose();
  assert.equal(
    (JSON.parse(await readFile(join(places.merged, "config.json"), "utf8")) as { text_pair: boolean }).text_pair,
    true,
  );

  const again = await loadClassifier(model, { seed: 1 });
  await again.loadAdapter(places.adapter);
  assert.equal(again.takesPairs, true);
  assert.deepEqual((await predict(again, [["w5", "w6"]]))[0], expected);
  again.dispose();
  const whole = await loadClassifier(places.merged);
  await assert.rejects(predict(whole, "w5"), /trained on pairs of texts/);
  whole.trainAllWeights();
  await runToEnd(whole, { maxSteps: 1, train: single, validation: undefined });
  assert.equal(whole.takesPairs, false, "it was trained on single texts since");
  await whole.saveModel(places.merged.concat("-single"));
  assert.doesNotMatch(await readFile(join(folder, "merged-single", "config.json"), "utf8"), /text_pair/);
  whole.dispose();
});

test("a stopped run on pairs resumes to the same weights; with other second texts it is refused", async () => {
  const whole = await withAdapter();
  await runToEnd(whole, COMMON);
  const outputDir = join(folder, "stopped");
  const first = await withAdapter();
  await runToEnd(first, { ...COMMON, outputDir, saveSteps: 3 });
  first.dispose();
  const other = await withAdapter();
  const swapped = data.map(({ text, textPair, label }) => ({ text: textPair, textPair: text, label }));
  const resumeFrom = join(outputDir, "checkpoint-3");
  await assert.rejects(
    runToEnd(other, { ...COMMON, train: swapped, outputDir, saveSteps: 3, resumeFrom }),
    /the training examples' texts or labels are others/,
  );
  other.dispose();
  const resumed = await withAdapter();
  const events = await runToEnd(resumed, { ...COMMON, outputDir, saveSteps: 3, resumeFrom });
  assert.equal(eventsOf("resume", events).length, 1);
  assert.equal(await hashOfWeights(resumed), await hashOfWeights(whole));
  for (const each of [whole, resumed]) each.dispose();
});

test("if only some rows or only some parts are pairs, training is refused before it starts", async () => {
  const classifier = await withAdapter();
  const mixed = [...data.slice(0, 3), ...single.slice(3, 6)];
  await assert.rejects(runToEnd(classifier, { train: mixed }), /row 0 has one, but row 3 has none/);
  await assert.rejects(
    runToEnd(classifier, { train: data, validation: single }),
    /validation examples must be pairs of texts.*got single texts/,
  );
  assert.equal(classifier.takesPairs, false);
  const wrong = [["w5", 7]] as unknown as [string, string][];
  await assert.rejects(
    predict(classifier, wrong),
    /texts must hold strings, or pairs of strings; \["w5",\s?7\] is at index 0/,
  );
  classifier.dispose();
});

test("token types beyond the model's are refused", async () => {
  const classifier = await loadClassifier(model, { seed: 1 });
  Object.assign(classifier.model.config, { typeVocabSize: 1 });
  await assert.rejects(
    predict(classifier, [["w5", "w6"]]),
    /the type 1.*embeddings for the types 0 to 0 \(type_vocab_size\)/,
  );
  classifier.dispose();
});

test("the baseline reads both texts of a pair", async () => {
  const tell = data.map(({ text, label }, i) => ({ text, textPair: label === 1 ? `yes ${i}` : `no ${i}`, label }));
  const { accuracy } = await evaluateBaseline(tell, tell);
  assert.equal(accuracy, 1);
});
