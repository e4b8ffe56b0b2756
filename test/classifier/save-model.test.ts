import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { evaluate } from "../../src/evaluation/evaluate";
import { evaluateMultiLabel } from "../../src/evaluation/evaluate-multi-label";
import { predict } from "../../src/evaluation/predict";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
import { fixtureDirectory, maxDifference } from "../model/fixture";

const TOKENIZERS = join(projectRoot(), "test", "tokenizer", "folders");

/** A tiny model of 400 tokens with a tokenizer in its folder: a checkpoint's folder as it comes from the Hub. */
async function inFolder(
  kind: string,
  change: Record<string, unknown>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-save-"));
  try {
    for (const name of await readdir(fixtureDirectory(kind)))
      if (/^(config|model)/.test(name)) await cp(join(fixtureDirectory(kind), name), join(folder, name));
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as object;
    await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, ...change }));
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Texts are token ids here, so that no vocabulary must fit the tiny models. */
const tokenizer = {
  maxLength: 18,
  encode: (texts: readonly string[]) =>
    texts.map((text) => ({ ids: Int32Array.from(text.split(" ").map(Number)), truncated: false })),
};
/**
 * Bound of a probability: the logits are equal, and four operations in double precision round by half an epsilon each.
 */
const ROUNDING = 2 * Number.EPSILON;
const TEXTS = ["0 11 5 2", "0 7 1 9 30 2", "0 2"];

for (const kind of ["bert", "distilbert", "roberta", "fp16", "bf16", "sharded"]) {
  test(`${kind}: a saved model is loaded with the same logits, labels and problem_type, and has no trace of the old weights' type`, async () => {
    const several = kind === "fp16";
    await inFolder(kind, { torch_dtype: "bfloat16", num_labels: 7 }, async (folder) => {
      await cp(join(TOKENIZERS, "roberta-files", "merges.txt"), join(folder, "merges.txt"));
      const labels = several ? undefined : ["0", "no"];
      const classifier = await loadClassifier(folder, {
        tokenizer,
        labels,
        problemType: several ? undefined : "single_label_classification",
      });
      if (several)
        assert.deepEqual(
          [classifier.labels, classifier.problemType],
          [["RISK", "DOSE", "CAUSE"], "multi_label_classification"],
        );
      const saved = join(folder, "saved");
      await classifier.saveModel(saved);
      assert.deepEqual((await readdir(saved)).sort(), ["config.json", "merges.txt", "model.safetensors"]);
      const again = await loadClassifier(saved, { tokenizer });
      assert.deepEqual([again.labels, again.problemType], [classifier.labels, classifier.problemType]);
      assert.deepEqual(await again.predictLogits(TEXTS), await classifier.predictLogits(TEXTS));
      const config = JSON.parse(await readFile(join(saved, "config.json"), "utf8")) as Record<string, unknown>;
      assert.deepEqual(
        [config.dtype, config.torch_dtype, config.num_labels, (config.architectures as string[]).length],
        ["float32", undefined, undefined, 1],
      );
      classifier.dispose();
      again.dispose();
    });
  });
}

test("a folder that is saved to again keeps no tokenizer file of the model before, but every other file", async () => {
  await inFolder("bert", {}, async (folder) => {
    const files = async (source: readonly string[]): Promise<string[]> => {
      for (const name of source) await writeFile(join(folder, name), "own");
      const saved = join(folder, `saved ${source.join(" ")}`);
      await mkdir(saved);
      for (const name of ["tokenizer.json", "notes.txt"]) await writeFile(join(saved, name), "before");
      const classifier = await loadClassifier(folder, { tokenizer });
      await classifier.saveModel(saved);
      classifier.dispose();
      return (await readdir(saved)).sort();
    };
    const own = ["config.json", "model.safetensors", "notes.txt"];
    const part = ["special_tokens_map.json"]; // no tokenizer by itself
    assert.deepEqual(await files(part), [...own, ...part, "tokenizer.json"].sort());
    assert.deepEqual(await files(["vocab.txt"]), [...own, ...part, "vocab.txt"].sort());
  });
});

test("a model is not saved without the weights of its adapter", async () => {
  await inFolder("bert", {}, async (folder) => {
    const classifier = await loadClassifier(folder, { tokenizer });
    classifier.addAdapter({ r: 2 });
    await assert.rejects(classifier.saveModel(join(folder, "saved")), /adapter[\s\S]*merge/);
    assert.deepEqual((await readdir(folder)).includes("saved"), false);
    classifier.dispose();
  });
});

test("if a file cannot be written completely, no part of it is left, and the old file stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-broken-"));
  const path = join(folder, "model.safetensors");
  await writeFile(path, "before");
  const tensors = [
    { name: "a", shape: [2], values: new Float32Array(2) },
    { name: "b", shape: [2], values: () => Promise.reject(new Error("the device is gone")) },
  ];
  await assert.rejects(writeSafetensors(path, { tensors }), /the device is gone/);
  await assert.rejects(
    writeSafetensors(path, { tensors: [{ name: "a", shape: [3], values: new Float32Array(2) }] }),
    /"a" of shape \[3\] must have 3 numbers; got 2/,
  );
  assert.deepEqual([await readdir(folder), await readFile(path, "utf8")], [["model.safetensors"], "before"]);
  await rm(folder, { recursive: true });
});

test("problem_type comes from the checkpoint; calls that it does not allow are errors", async () => {
  await inFolder("bert", { problem_type: "regression" }, async (folder) => {
    await assert.rejects(
      loadClassifier(folder, { tokenizer }),
      /"single_label_classification" or "multi_label_classification"; the checkpoint's problem_type is "regression"/,
    );
    (await loadClassifier(folder, { tokenizer, problemType: "single_label_classification" })).dispose();
  });
  await inFolder("bert", { problem_type: "ranking" }, (folder) =>
    assert.rejects(loadClassifier(folder, { tokenizer }), /"problem_type" must be null or one of/),
  );
  await inFolder("bert", { id2label: { 0: "a", 2: "b" } }, (folder) =>
    assert.rejects(loadClassifier(folder, { tokenizer }), /"id2label" must name the classes from 0 on/),
  );
  await inFolder("roberta", {}, (folder) =>
    assert.rejects(
      loadClassifier(folder, { tokenizer, maxLength: 9 }),
      /maxLength must be left out with a tokenizer, which cuts texts to 18 tokens itself; got 9/,
    ),
  );
  await inFolder("roberta", {}, (folder) =>
    assert.rejects(
      loadClassifier(folder, { tokenizer: { ...tokenizer, maxLength: 21 } }),
      /cuts texts to 21 tokens, but the model has positions for only 20/,
    ),
  );
  await inFolder("roberta", {}, async (folder) => {
    await cp(join(TOKENIZERS, "roberta", "tokenizer.json"), join(folder, "tokenizer.json"));
    await assert.rejects(
      loadClassifier(folder, { maxLength: 21 }),
      /whole number from 2 to 20, the tokens that the model has positions for; got 21/,
    );
    await assert.rejects(loadClassifier(folder), /every token's id must be below the model's vocab_size, 48/);
  });
});

test("texts with several labels: each score's sigmoid, labels from 0.5 on; evaluate refuses", async () => {
  await inFolder("fp16", {}, async (folder) => {
    const classifier = await loadClassifier(folder, { tokenizer });
    const logits = await classifier.predictLogits(TEXTS);
    const sigmoid = [...logits].map((x) => 1 / (1 + Math.exp(-x)));
    const predictions = await predict(classifier, TEXTS);
    predictions.forEach(({ scores, labels, label, score }, i) => {
      const row = classifier.labels.map((name, j) => ({ label: name, score: sigmoid[3 * i + j] }));
      assert.ok(
        maxDifference(
          scores.map((s) => s.score),
          row.map((s) => s.score).sort((a, b) => b - a),
        ) <= ROUNDING,
      );
      assert.deepEqual(new Set(labels), new Set(row.filter((s) => s.score >= 0.5).map((s) => s.label)));
      assert.deepEqual({ label, score }, scores[0]);
    });
    await assert.rejects(
      evaluate(classifier, [{ text: TEXTS[0], label: 1 }]),
      /evaluate: .*several labels.*Use evaluateMultiLabel/,
    );
    const data = TEXTS.map((text, i) => ({ text, label: [1, i % 2, 0] }));
    const { perLabel, predictions: rows, loss, accuracy, hammingLoss } = await evaluateMultiLabel(classifier, data);
    const terms = sigmoid.map((_, i) =>
      data[Math.floor(i / 3)].label[i % 3] === 1 ? -Math.log(sigmoid[i]) : -Math.log(1 - sigmoid[i]),
    );
    // A logarithm's error is relative to its argument's, 1 - sigmoid(x) with an absolute error of half an epsilon.
    const slack = sigmoid.reduce((sum, p) => sum + ROUNDING / Math.min(p, 1 - p), 0) / terms.length;
    const expected = terms.reduce((a, b) => a + b) / terms.length;
    assert.ok(Math.abs(loss - expected) <= slack + (terms.length + 3) * Number.EPSILON * expected);
    const wrong = rows.map(({ yTrue, yPred }) => yTrue.filter((flag, j) => flag !== yPred[j]).length);
    assert.equal(accuracy, wrong.filter((count) => count === 0).length / 3);
    assert.ok(Math.abs(hammingLoss - wrong.reduce((a, b) => a + b) / 9) <= ROUNDING);
    assert.deepEqual(
      perLabel.map(({ support, rocAuc, averagePrecision }) => [support, rocAuc === null, averagePrecision === null]),
      [
        [3, true, false],
        [1, false, false],
        [0, true, true],
      ],
    );
    await assert.rejects(
      evaluateMultiLabel(classifier, [{ text: "0 2", label: [1, 2, 0] }]),
      /row 0: the label must be a list of 3 numbers/,
    );
    await assert.rejects(evaluateMultiLabel(classifier, []), /at least one text/);
    classifier.dispose();
  });
  await inFolder("bert", {}, async (folder) => {
    const classifier = await loadClassifier(folder, { tokenizer });
    await assert.rejects(
      evaluateMultiLabel(classifier, [{ text: "0 2", label: [1, 0] }]),
      /one label each\. Use evaluate/,
    );
    classifier.dispose();
  });
});

test("whole numbers of config.json keep their decimals: transformers refuses an integer where it expects a float", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-save-"));
  try {
    const classifier = await loadClassifier(fixtureDirectory("modernbert"), { tokenizer });
    await classifier.saveModel(join(folder, "saved"), { allowUntrained: true });
    classifier.dispose();
    const text = await readFile(join(folder, "saved", "config.json"), "utf8");
    for (const field of ['"initializer_cutoff_factor": 2.0', '"rope_theta": 160000.0', '"num_hidden_layers": 4'])
      assert.ok(text.includes(`${field},`) || text.includes(`${field}\n`), field);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
