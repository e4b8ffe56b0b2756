import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadClassifier } from "../../src/classifier/load-classifier";
import type { Corpus } from "../../src/corpus/corpus";
import { describeData } from "../../src/corpus/describe-data";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";
import { evaluate } from "../../src/evaluation/evaluate";
import { canonicalHash } from "../../src/report/evidence/canonical-hash";
import type { StudyParts } from "../../src/report/evidence/data-facts";
import { nearestTexts } from "../../src/report/evidence/nearest-texts";
import { studyEvidence } from "../../src/report/evidence/study-evidence";
import { withoutFolder, withoutFolders } from "../../src/report/evidence/without-folder";
import type { TrainEvent, TrainSummary } from "../../src/training/train-event";
import { makeTinyFolder, type TinyFolder } from "../cli/library-commands";

let tiny: TinyFolder;
let classifier: SequenceClassifier;
let corpus: Corpus;
let parts: StudyParts;
before(async () => {
  tiny = await makeTinyFolder();
  classifier = await loadClassifier(tiny.model, { maxLength: 6 });
  corpus = await loadCorpus(tiny.csv);
  const [train, rest] = trainTestSplit(corpus.frame, { trainSize: 0.6, randomState: 42 });
  const [test, validation] = trainTestSplit(rest, { testSize: 0.5, randomState: 42 });
  parts = { train, test, validation };
});
after(async () => {
  classifier.dispose();
  await rm(tiny.folder, { recursive: true, force: true });
});

test("the hash of texts is of their canonical form, in any order", () => {
  const texts = [
    { ID: "2", label: "b", text: 'zwei\n"Wörter"' },
    { ID: "10", label: "a", text: ["one", "pair"] as const },
  ];
  const lines = ['["10","a","one","pair"]', '["2","b","zwei\\n\\"Wörter\\""]'];
  const expected = createHash("sha256")
    .update(`${lines.join("\n")}\n`)
    .digest("hex");
  assert.equal(canonicalHash(texts), expected);
  assert.equal(canonicalHash([...texts].reverse()), expected);
  assert.notEqual(canonicalHash([{ ...texts[0], label: "a" }, texts[1]]), expected);
});

test("the nearest texts are those with the same words, by TF-IDF and by the encoder", async () => {
  const known = ["w5 w6 w7", "w25 w26 w27", "w5 w6 w30", "w40 w41"];
  const [byWords] = await nearestTexts(["w5 w6 w7"], known, { k: 2 });
  assert.deepEqual(
    byWords.map(({ row }) => row),
    [0, 2],
  );
  assert.ok(Math.abs(byWords[0].similarity - 1) < 1e-9);
  const [byEncoder] = await nearestTexts(["w25 w26 w27"], known, { classifier, k: 4 });
  assert.equal(byEncoder[0].row, 1);
  assert.ok(Math.abs(byEncoder[0].similarity - 1) < 1e-5);
  assert.deepEqual(
    byEncoder.map(({ similarity }) => similarity),
    byEncoder.map(({ similarity }) => similarity).sort((a, b) => b - a),
  );
  assert.deepEqual(await nearestTexts([], known), []);
});

test("evidence has counts, hashes and lists of IDs, and no text of the data", async () => {
  const about = await describeData(corpus);
  const evaluation = await evaluate(classifier, parts.test);
  const summary: TrainSummary = {
    type: "end",
    steps: 7,
    bestStep: 5,
    elapsedSeconds: 2,
    stopped: false,
    reason: "finished",
  };
  const history: TrainEvent[] = Array.from({ length: 1200 }, (_, i) => ({
    type: "step",
    step: i + 1,
    epoch: i / 400,
    loss: 0.5,
    learningRate: 1e-3,
    gradNorm: 1,
    tokens: 10,
    tokensPerSecond: 100,
    memory: 1,
  }));
  const sources = { corpus, about, parts, splitSeed: 42, summary, history };
  const settings = { data: tiny.csv, seed: 42, more: { a: 1 }, none: undefined };
  const evidence = await studyEvidence(classifier, { ...sources, after: evaluation, settings });

  const { data, errors, audit, training, environment } = evidence;
  assert.deepEqual(
    data.parts.map(({ name, texts }) => [name, texts]),
    [
      ["train", 24],
      ["validation", 8],
      ["test", 8],
    ],
  );
  const all = readFrame(corpus.frame);
  const named = all.ID.map((ID, row) => ({ ID, label: about.labels[all.label[row]], text: all.texts[row] }));
  assert.equal(data.textsSha256, canonicalHash(named));
  assert.match(data.source.sha256 ?? "", /^[0-9a-f]{64}$/);
  assert.equal(data.source.file, "data.csv");
  assert.equal(data.tokens.texts, 24);
  assert.ok(data.tokens.cut > 0, "texts of five words and more are cut to six tokens");

  const ids = (frame: StudyParts["test"]): Set<string> => new Set(readFrame(frame).ID);
  const wrong = evaluation.predictions.filter(({ yTrue, yPred }) => yTrue !== yPred);
  assert.equal(errors.wrong, wrong.length);
  assert.deepEqual(
    new Set(errors.listed.map(({ ID }) => ID)),
    new Set(wrong.map(({ index }) => readFrame(parts.test).ID[index])),
  );
  for (const { nearest } of errors.listed) {
    assert.equal(nearest.length, 3);
    assert.ok(nearest.every(({ ID }) => ids(parts.train).has(ID)));
  }
  assert.equal(audit.summary.texts, 40);
  assert.ok(audit.found >= audit.issues.length);

  assert.deepEqual(training.steps, { done: 7, kept: 5 });
  assert.ok(training.losses.length <= 502 && training.losses.at(-1)?.step === 1200);
  assert.deepEqual(evidence.settings, { data: "data.csv", seed: 42, more: '{"a":1}' });
  assert.ok(environment.peakMemoryBytes > 1e7 && environment.versions.Node === process.versions.node);

  const text = JSON.stringify(evidence);
  for (const one of all.texts) assert.ok(!text.includes(one), one);
  assert.ok(!text.includes(tiny.folder));

  const byWords = await studyEvidence(classifier, { ...sources, after: evaluation, settings, nearestBy: "tfidf" });
  assert.equal(byWords.errors.nearestBy, "tfidf");
  const other = await evaluate(classifier, parts.validation);
  await assert.rejects(
    studyEvidence(classifier, { ...sources, after: { ...other, predictions: other.predictions.slice(1) }, settings }),
    {
      code: "bad-input",
      message: /after must be the evaluation of the test part's 8 texts/,
    },
  );
});

test("an audit does not check labels that have only one text", async () => {
  const { auditParts } = await import("../../src/report/evidence/audit-facts.js");
  const result = await auditParts(parts, { labels: ["neg", "pos", "none"] });
  assert.deepEqual(result.summary.checks, ["duplicates", "texts"]);
});

test("folders of the machine are left out of values and sentences", () => {
  assert.equal(withoutFolder("/home/me/data/Dataset.zip"), "Dataset.zip");
  assert.equal(withoutFolder("distilbert/distilbert-base-uncased"), "distilbert/distilbert-base-uncased");
  assert.equal(
    withoutFolders("Data: /home/me/data/Dataset.zip (given by TSLORA_DATA)."),
    "Data: Dataset.zip (given by TSLORA_DATA).",
  );
  assert.equal(
    withoutFolders("See https://example.org/a/b and owner/name."),
    "See https://example.org/a/b and owner/name.",
  );
});
