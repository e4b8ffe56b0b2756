import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { predict } from "../../src/evaluation/predict";
import { cli, tinyModel, type Printed } from "./tiny";

let folder = "";
let model = "";
let data = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-cli-pairs-"));
  model = await tinyModel(folder);
  data = join(folder, "pairs.jsonl");
  await writeFile(
    data,
    pairs(40)
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
});
after(() => rm(folder, { recursive: true, force: true }));

function pairs(count: number): { question: string; answer: string; label: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [i % 2, Math.floor(i / 2) % 2];
    const words = (kind: number, k: number): string => `w${5 + 20 * kind} w${6 + 20 * kind + (k % 5)} w${12 + (k % 7)}`;
    return { question: words(first, i), answer: words(second, 3 * i), label: first === second ? "yes" : "no" };
  });
}

const COLUMNS = ["--text-column", "question", "--text-pair", "answer"];
const trained = (out: string): Promise<Printed> =>
  cli([
    "train",
    "--model",
    model,
    "--data",
    data,
    ...COLUMNS,
    "-o",
    join(folder, out),
    "--max-steps",
    "6",
    "--evaluate-before",
  ]);

test("train, evaluate and predict take a second column of texts, and a trained adapter needs it", async () => {
  const run = await trained("run");
  assert.equal(run.code, 0, run.err);
  const adapter = join(folder, "run", "adapter");
  const args = JSON.parse(await readFile(join(folder, "run", "training_args.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual([args.textColumn, args.textPair], ["question", "answer"]);

  const evaluated = await cli([
    "evaluate",
    "--adapter",
    adapter,
    "--data",
    data,
    ...COLUMNS,
    "--json",
    "--predictions",
  ]);
  assert.equal(evaluated.code, 0, evaluated.err);
  const { evaluation, notices } = JSON.parse(evaluated.out) as {
    evaluation: { n: number; predictions: { probabilities: number[] }[] };
    notices: string[];
  };
  assert.equal(evaluation.n, 40);
  assert.ok(
    notices.some((text) => /was trained on 24 of these 40 texts/.test(text)),
    notices.join("\n"),
  );

  const classifier = await loadClassifier(model, { labels: ["no", "yes"] });
  await classifier.loadAdapter(adapter);
  const library = await predict(
    classifier,
    pairs(40).map(({ question, answer }) => [question, answer] as const),
  );
  classifier.dispose();
  const predicted = await cli(["predict", "--adapter", adapter, "--file", data, ...COLUMNS, "--json"]);
  assert.equal(predicted.code, 0, predicted.err);
  const lines = predicted.out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { label: string; score: number });
  assert.deepEqual(
    lines.map(({ label, score }) => [label, score]),
    library.map(({ label, score }) => [label, score]),
  );

  for (const args of [
    ["predict", "w5 w6"],
    ["evaluate", "--data", data, "--text-column", "question"],
  ]) {
    const refused = await cli([...args, "--adapter", adapter]);
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.err.replace(/\s+/g, " "),
      /--text-pair is needed: the classifier was trained on pairs of texts/,
    );
  }
});

test("a file of training's options repeats a run on pairs to the bit", async () => {
  const again = await cli([
    "train",
    "--config",
    join(folder, "run", "training_args.json"),
    "-o",
    join(folder, "again"),
  ]);
  assert.equal(again.code, 0, again.err);
  const weights = (run: string): Promise<Buffer> => readFile(join(folder, run, "adapter", "adapter_model.safetensors"));
  assert.deepEqual(await weights("again"), await weights("run"));
});

test("predict names the line of a pair that lacks a text; a terminal shows both texts", async () => {
  const adapter = join(folder, "run", "adapter");
  const input = ['{"question": "w5", "answer": "w6"}\n', '{"question": "w5"}\n'];
  const args = ["predict", "--adapter", adapter, "--input-format", "jsonl", ...COLUMNS];
  const refused = await cli(args, { input });
  assert.notEqual(refused.code, 0);
  assert.match(refused.err.replace(/\s+/g, " "), /standard input, line 2: answer must be a string; got nothing/);
  const shown = await cli(args, { input: input.slice(0, 1), columns: 80 });
  assert.match(shown.out, /w5 \| w6/);
  const lines = await cli(["predict", "--adapter", adapter, "--text-pair", "answer"], { input: ["w5\n"] });
  assert.match(lines.err.replace(/\s+/g, " "), /--text-pair and --id-column are for tables/);
});
