import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "yaml";

import { evaluatePredictions } from "../../src/evaluation/evaluation";
import { modelCard, type ModelCardInfo } from "../../src/hub/card/model-card";

/** An evaluation of given predictions of two labels. */
function evaluation(
  pairs: readonly (readonly [true: number, predicted: number])[],
): ReturnType<typeof evaluatePredictions> {
  return evaluatePredictions({
    labels: ["NEG", "POS"],
    predictions: pairs.map(([yTrue, yPred], index) => ({
      index,
      yTrue,
      yPred,
      probabilities: yPred === 1 ? [0.2, 0.8] : [0.7, 0.3],
    })),
    loss: 0.5,
    elapsedSeconds: 1,
  });
}

// 8 of 10 right: 4 of 5 of each label
const after = evaluation([
  ...Array.from({ length: 4 }, () => [0, 0] as const),
  [0, 1],
  ...Array.from({ length: 4 }, () => [1, 1] as const),
  [1, 0],
]);
const baseline = evaluation([
  ...Array.from({ length: 5 }, () => [0, 0] as const),
  ...Array.from({ length: 2 }, () => [1, 1] as const),
  ...Array.from({ length: 3 }, () => [1, 0] as const),
]);
const sha256 = "ab".repeat(32);
const info: ModelCardInfo = {
  baseModel: "distilbert-base-uncased",
  method: "lora",
  data: { name: "reviews.csv", kind: "csv", sha256, texts: { train: 60, validation: 20, test: 10 } },
  seed: 7,
  labels: ["NEG", "POS"],
  problemType: "single_label_classification",
  maxLength: 128,
  trainableParameters: { trainable: 1234, all: 5_678_900 },
  adapter: { r: 8, loraAlpha: 16, targetModules: ["q_lin", "v_lin"], rankPattern: {}, layersPattern: undefined },
  training: { learningRate: 0.001, numTrainEpochs: 3, outputDir: "/home/me/secret" },
  steps: { done: 12, best: 8 },
  elapsed: 33.4,
  device: "CPU",
  warnings: ["Warning: 2 test texts are also among the training texts, so the test scores are too good."],
  after,
  baseline,
};

/** The metadata and the text of a card. */
function partsOf(card: string): { metadata: Record<string, unknown>; text: string } {
  const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(card);
  assert.ok(match !== null);
  return { metadata: parse(match[1]) as Record<string, unknown>, text: match[2] };
}

test("the card has the metadata that the Hub reads, with the test metrics in model-index", () => {
  const { metadata } = partsOf(modelCard(info));
  assert.deepEqual(metadata, {
    base_model: "distilbert-base-uncased",
    base_model_relation: "adapter",
    library_name: "peft",
    pipeline_tag: "text-classification",
    tags: ["text-classification", "lora", "tslora"],
    metrics: ["accuracy", "f1", "precision", "recall", "roc_auc"],
    "model-index": [
      {
        name: "Text classifier for reviews.csv",
        results: [
          {
            task: { type: "text-classification", name: "Text Classification" },
            dataset: { name: "reviews.csv", type: "csv", split: "test", revision: `sha256:${sha256}` },
            metrics: [
              { type: "accuracy", name: "Accuracy", value: 0.8 },
              { type: "f1", name: "F1 (macro)", value: 0.8 },
              { type: "precision", name: "Precision (macro)", value: 0.8 },
              { type: "recall", name: "Recall (macro)", value: 0.8 },
              { type: "roc_auc", name: "ROC AUC", value: 0.8 },
            ],
          },
        ],
      },
    ],
  });
});

test("the text states the run's facts: data, settings, metrics with intervals and baseline, confusion matrix, limits", () => {
  const { text } = partsOf(modelCard(info));
  for (const part of [
    "A LoRA adapter for [distilbert-base-uncased](https://huggingface.co/distilbert-base-uncased)",
    "each text gets one of 2 labels",
    "Texts: 60 for training, 20 for validation, 10 for test.",
    `SHA-256 of the source: \`${sha256}\``,
    "| trained parameters | 1,234 of 5,678,900 |",
    "| learningRate | 0.001 |",
    '| targetModules | \\["q\\_lin","v\\_lin"\\] |',
    "| step whose weights are kept | 8 |",
    "| accuracy | 0.800 | 0.490 to 0.943 | 0.700 |", // Wilson's interval of 8 in 10
    "| true label | predicted NEG | predicted POS |",
    "| NEG | 4 | 1 |",
    "| POS | 1 | 4 |",
    "The accuracy of TF-IDF with logistic regression, 0.700, is within the interval of this classifier's.",
    "It finds 80.0% of the 5 test texts labelled NEG, the lowest share of all labels.",
    "- Warning: 2 test texts are also among the training texts, so the test scores are too good.",
    "The run has one seed, 7.",
    "Texts are cut to 128 tokens",
    "## Out-of-scope use",
    'PeftModel.from_pretrained(base, "owner/name")',
    'id2label={0: "NEG", 1: "POS"}',
    'await pullFromHub("owner/name")',
    "npx tslora export --adapter FOLDER --quantize int8",
  ])
    assert.ok(text.includes(part), `${part}\n\n${text}`);
  assert.doesNotMatch(text, /secret|undefined|NaN|null|rankPattern/);
});

test("facts that a run does not have are not in its card", () => {
  const bare = partsOf(modelCard({ baseModel: "a/b", method: "full", data: "zip", seed: 1, labels: ["A", "B"] }));
  assert.deepEqual(Object.keys(bare.metadata), [
    "base_model",
    "base_model_relation",
    "library_name",
    "pipeline_tag",
    "tags",
  ]);
  assert.match(bare.text, /No evaluation on test texts is recorded\./);
  assert.doesNotMatch(bare.text, /SHA-256|Confusion|baseline|TF-IDF|undefined|PeftModel/);
  assert.match(bare.text, /pipeline\("text-classification", model="owner\/name"\)/);
  const given = partsOf(
    modelCard({
      ...info,
      after: undefined,
      baseline: undefined,
      metrics: [{ name: "accuracy", value: 0.9, interval: { low: 0.8, high: 0.95 } }],
    }),
  );
  assert.match(given.text, /\| accuracy \| 0\.900 \| 0\.800 to 0\.950 \|/);
  const worse = partsOf(modelCard({ ...info, after: baseline, baseline: after }));
  assert.match(
    worse.text,
    /It is not better than TF-IDF with logistic regression: accuracy 0\.700, and 0\.800 for that\./,
  );
});

test("a base in a folder is not named by its path, and names of labels and data cannot add markup or metadata", () => {
  const attack = "x\n---\ntags: [evil]\n| <script>alert(1)</script> [a](javascript:1) `code`";
  const card = modelCard({
    ...info,
    baseModel: "/home/me/private/bert",
    labels: [attack, "true"],
    data: { name: attack, kind: "no" },
    after: { ...after, perLabel: after.perLabel.map((label) => ({ ...label, name: attack })) },
  });
  const { metadata, text } = partsOf(card);
  assert.deepEqual(metadata.tags, ["text-classification", "lora", "tslora"]);
  assert.equal(metadata.base_model, undefined);
  const [index] = metadata["model-index"] as { name: string; results: { dataset: { type: unknown } }[] }[];
  assert.equal(index.name, `Text classifier for ${attack}`);
  assert.equal(index.results[0].dataset.type, "no");
  assert.doesNotMatch(card, /home\/me|^tags: \[evil/m);
  const markdown = text.replace(/```[\s\S]*?```/g, "");
  assert.ok(!markdown.includes("<script") && !markdown.includes("[a]("), markdown);
  assert.match(text, /path\/to\/bert/);
  const columns = text.split("\n").filter((line) => line.startsWith("| true label"))[0];
  assert.equal(columns.split(/(?<!\\)\|/).length, 5, "a bar in a name ends no cell");
});

test("several labels for each text have their own metrics", () => {
  const several = {
    n: 4,
    labels: ["a", "b"],
    accuracy: 0.5,
    hammingLoss: 0.25,
    f1Micro: 0.6,
    f1Macro: 0.55,
    perLabel: ["a", "b"].map((name) => ({ name, precision: 0.5, recall: 0.6, f1: 0.55, support: 2 })),
  };
  const { metadata, text } = partsOf(
    modelCard({ ...info, after: several, baseline: undefined, problemType: undefined }),
  );
  assert.match(text, /each text gets any number of 2 labels/);
  assert.match(text, /\| accuracy \(every label right\) \| 0\.500 \|/);
  assert.match(text, /\| Hamming loss \| 0\.250 \|/);
  assert.doesNotMatch(text, /Confusion matrix/);
  assert.match(JSON.stringify(metadata), /"F1 \(micro\)","value":0\.6/);
});

test("where a text may have several labels, the lines that load the classifier say so and print every label", () => {
  const problemType = "multi_label_classification";
  const adapter = partsOf(modelCard({ ...info, problemType, after: undefined })).text;
  assert.match(adapter, /label2id=\{"NEG": 0, "POS": 1\}, problem_type="multi_label_classification"\n\)/);
  assert.match(adapter, /truncation=True, max_length=128, top_k=None\)\)/);
  assert.match(adapter, /labels: \["NEG","POS"\], problemType: "multi_label_classification", maxLength: 128 \}\);/);
  assert.match(adapter, /await classifier\("A text to classify\.", \{ top_k: null \}\)/);
  const model = partsOf(modelCard({ ...info, method: "full", problemType, after: undefined })).text;
  assert.match(model, /truncation=True, max_length=128, top_k=None\)\)/); // its config.json has the problem type
  assert.doesNotMatch(partsOf(modelCard(info)).text, /problem_type|problemType|top_k/);
});
