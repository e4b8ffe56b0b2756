import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { logCountRatios, scaleColumns } from "../../src/evaluation/baseline/log-count-ratios";
import { LogisticRegression } from "../../src/evaluation/baseline/logistic-regression";
import { sparseMatrix } from "../../src/evaluation/baseline/sparse-matrix";
import { TfidfVectorizer } from "../../src/evaluation/baseline/tfidf-vectorizer";
import { shareRead } from "../../src/evaluation/cascade/cascade";
import { fitCascade } from "../../src/evaluation/cascade/fit-cascade";
import { loadCascade, saveCascade } from "../../src/evaluation/cascade/stored-cascade";
import { SCREEN_TERMS, TextScreen } from "../../src/evaluation/cascade/text-screen";
import { binomialUpperBound } from "../../src/evaluation/conformal/binomial";

/** Texts of two classes that share most of their words. */
function labelled(count: number, seed: number): { text: string; label: number }[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const label = i % 3 === 0 ? 1 : 0;
    const words = Array.from(
      { length: 12 },
      () => `w${(random.uint32() % 40) + (label === 1 && random.uint32() % 3 === 0 ? 20 : 0)}`,
    );
    return { text: words.join(" "), label };
  });
}

test("log-count ratios are those of naive Bayes on the columns that a row has", () => {
  const x = sparseMatrix(
    [
      [
        [0, 0.5],
        [1, 2],
      ],
      [[0, 3]],
      [
        [1, 1],
        [2, 0.1],
      ],
    ],
    3,
  );
  // positive rows 0 and 1: counts plus one 3, 2, 1 of 6; the other row: 1, 2, 2 of 5
  const expected = [3 / 6 / (1 / 5), 2 / 6 / (2 / 5), 1 / 6 / (2 / 5)].map(Math.log);
  const ratios = logCountRatios(x, [1, 1, 0]);
  expected.forEach((value, column) => assert.ok(Math.abs(ratios[column] - value) < 1e-15));
  assert.deepEqual([...scaleColumns(x, Float64Array.of(2, 3, 5)).data], [1, 6, 6, 3, 0.5]);
});

test("the screen's score is that of the TF-IDF rows, the log-count ratios and the logistic regression", () => {
  const train = labelled(300, 1);
  const cascade = fitCascade(train, { validation: labelled(2000, 2), maxRecallLoss: 0.05 });
  const vectorizer = new TfidfVectorizer(SCREEN_TERMS).fit(train.map(({ text }) => text));
  const rows = vectorizer.transform(train.map(({ text }) => text));
  const flags = train.map(({ label }) => label);
  const ratios = logCountRatios(rows, flags);
  const model = new LogisticRegression({ C: 10 }).fit(scaleColumns(rows, ratios), flags);
  const others = [...labelled(50, 3).map(({ text }) => text), "", "unknown words"];
  const expected = model.logits(scaleColumns(vectorizer.transform(others), ratios)).map(([, score]) => score);
  const screen = new TextScreen(cascade);
  others.forEach((text, i) => assert.ok(Math.abs(screen.score(text) - expected[i]) < 1e-9));
  const [first, second] = screen.probabilities(0.7);
  assert.ok(Math.abs(first + second - 1) < 1e-12 && second > 0.5);
});

test("the bound of the loss holds on validation, and a higher threshold would break it", () => {
  const validation = labelled(3000, 5);
  const cascade = fitCascade(labelled(300, 4), { validation, maxRecallLoss: 0.05, confidence: 0.9 });
  const { recall, threshold } = cascade;
  const screen = new TextScreen(cascade);
  const positives = validation.filter(({ label }) => label === 1).map(({ text }) => screen.score(text));
  const missed = positives.filter((score) => score < threshold).length;
  assert.equal(recall.missed, missed);
  assert.equal(recall.positives, positives.length);
  assert.equal(recall.lossBound, binomialUpperBound(missed, positives.length, 1 - 0.9));
  assert.ok(recall.lossBound <= 0.05);
  const next = Math.min(...positives.filter((score) => score > threshold));
  const more = positives.filter((score) => score < next).length;
  assert.ok(binomialUpperBound(more, positives.length, 1 - 0.9) > 0.05);
  assert.ok(shareRead(cascade, 0) === recall.negativesPassed && shareRead(cascade, 1) === 1 - recall.loss);
});

test("the bound covers the loss on new texts as often as its confidence says", () => {
  let within = 0;
  const rounds = 40;
  const train = labelled(200, 6);
  for (let round = 0; round < rounds; round++) {
    const cascade = fitCascade(train, { validation: labelled(900, 100 + round), maxRecallLoss: 0.05, confidence: 0.9 });
    const screen = new TextScreen(cascade);
    const fresh = labelled(3000, 1000 + round).filter(({ label }) => label === 1);
    const loss = fresh.filter(({ text }) => !screen.passes(screen.score(text))).length / fresh.length;
    if (loss <= 0.05) within++;
  }
  assert.ok(within / rounds >= 0.8, `${within} of ${rounds}`); // 0.9 in expectation
});

test("a positive text that the encoder misses anyway is no loss", () => {
  const [train, validation] = [labelled(300, 4), labelled(3000, 5)];
  const all = fitCascade(train, { validation, maxRecallLoss: 0.05 });
  assert.equal(all.recall.counts, "labelled");
  const screen = new TextScreen(all);
  const scores = validation.map(({ text }) => screen.score(text));
  // An encoder that finds no text whose score is in the lowest tenth
  const low = [...scores].sort((a, b) => a - b)[validation.length / 10];
  const found = scores.map((score) => score >= low);
  const cascade = fitCascade(train, { validation, found, maxRecallLoss: 0.05, encoderThreshold: 0.3 });
  const counted = scores.filter((_, i) => validation[i].label === 1 && found[i]);
  const { recall, threshold, encoderThreshold } = cascade;
  assert.deepEqual([recall.counts, encoderThreshold, recall.positives], ["found", 0.3, counted.length]);
  assert.equal(recall.missed, counted.filter((score) => score < threshold).length);
  assert.equal(recall.lossBound, binomialUpperBound(recall.missed, counted.length, 0.05));
  assert.ok(threshold >= all.threshold && recall.negativesPassed <= all.recall.negativesPassed);
  const everything = fitCascade(train, { validation, found: validation.map(() => true), maxRecallLoss: 0.05 });
  assert.equal(everything.threshold, all.threshold);
  const folds = fitCascade(train, { found: train.map(() => true), maxRecallLoss: 0.05 });
  assert.deepEqual([folds.recall.counts, folds.recall.measuredOn], ["found", "folds"]);
});

test("the encoder's threshold is checked, and its calibration is kept", () => {
  const [train, validation] = [labelled(300, 4), labelled(3000, 5)];
  for (const encoderThreshold of [-1, 5, NaN])
    assert.throws(() => fitCascade(train, { encoderThreshold }), /encoderThreshold must be a number from 0 to 1; got/);
  const found = validation.map(() => true);
  const cascade = fitCascade(train, { validation, found, maxRecallLoss: 0.05, encoderCalibration: "abc" });
  assert.equal(cascade.encoderCalibration, "abc");
});

test("training texts as validation, and predictions of another number of texts, are refused", () => {
  const [train, validation] = [labelled(300, 4), labelled(300, 5)];
  assert.throws(
    () => fitCascade(train, { validation: [...validation, train[7]], maxRecallLoss: 0.1 }),
    (error) =>
      error instanceof TsloraError && error.code === "bad-input" && /got 1, first in row 300/.test(error.message),
  );
  assert.throws(
    () => fitCascade(train, { validation, found: [true], maxRecallLoss: 0.1 }),
    /found must hold a value for each of the 300 texts/,
  );
  assert.throws(
    () => fitCascade(train, { validation, found: validation.map(() => false), maxRecallLoss: 0.1 }),
    /29 positive texts that the encoder finds are needed.*got 0/,
  );
});

test("too few positive texts, other labels and bad options are refused", () => {
  assert.throws(
    () => fitCascade(labelled(300, 1)),
    (error) =>
      error instanceof TsloraError &&
      error.details.needed === 299 &&
      /299 positive texts are needed/.test(error.message),
  );
  assert.throws(() => fitCascade(labelled(300, 1), { labels: ["a", "b", "c"] }), /two labels/);
  assert.throws(
    () => fitCascade(labelled(300, 1), { maxRecallLoss: 0, confidence: 1 }),
    /maxRecallLoss[\s\S]*confidence/,
  );
  const { recall } = fitCascade(labelled(300, 1), { maxRecallLoss: 0.1, folds: 5 });
  assert.equal(recall.measuredOn, "folds");
  assert.equal(recall.positives, 100);
});

test("a stored cascade is read for its weights and labels alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-cascade-"));
  try {
    await writeFile(join(folder, "model.safetensors"), "weights");
    const cascade = fitCascade(labelled(300, 1), { maxRecallLoss: 0.1, positive: "NEGATIVE" });
    assert.equal(cascade.positive, 0);
    const path = await saveCascade(folder, cascade);
    assert.deepEqual(await loadCascade(folder, cascade), cascade);
    const again = String.raw`Make it again with npx tslora calibrate --cascade FILE, or remove it\.`;
    await assert.rejects(
      loadCascade(folder, { labels: ["no", "yes"] }),
      new RegExp(`cascade\\.json must be for the labels.*${again}`),
    );
    await writeFile(join(folder, "model.safetensors"), "others");
    await assert.rejects(loadCascade(folder, cascade), new RegExp(`they have changed.*${again}`));
    await writeFile(path, '{"version":1,"labels":["NEGATIVE","POSITIVE"]}');
    await writeFile(join(folder, "model.safetensors"), "weights");
    const notOurs = /must be a file that npx tslora calibrate --cascade FILE writes; it holds something else/;
    await assert.rejects(loadCascade(folder, cascade), notOurs);
    await writeFile(path, "{}");
    await assert.rejects(loadCascade(folder, cascade), notOurs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
