import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { expectWithin, NOTHING } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";
import { expectedOf } from "../model/fixture";
import { cli, tinyCsv, tinyModel, tinyTexts, type Said } from "./tiny";

let folder = "";
let model = "";
let csv = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-cli-"));
  model = await tinyModel(folder);
  csv = await tinyCsv(join(folder, "data.csv"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** The second label's probabilities, and bounds on what 32-bit rounding makes of them by whatever way they are computed. */
async function referenceProbabilities(texts: readonly string[]): Promise<Bounded> {
  const own = await loadClassifier(model);
  const sampled = await sampleRounding(async (ops) => {
    const loaded = await loadClassificationModel(model, { ops, numLabels: 2, seed: own.seed });
    const exact = new SequenceClassifier({ ...own, tokenizer: own.tokenizer, model: loaded.model });
    await exact.loadAdapter(adapter());
    const logits = await exact.predictLogits(texts);
    exact.dispose();
    return new Map([["probabilities", texts.map((_, i) => 1 / (1 + Math.exp(logits[2 * i] - logits[2 * i + 1])))]]);
  });
  own.dispose();
  return sampled.get("probabilities") ?? NOTHING;
}

const adapter = (): string => join(model, "adapter");
const json = <T>({ out }: Said): T => JSON.parse(out) as T;
const lines = (text: string): string[] => text.trimEnd().split("\n");

interface PredictionJson {
  readonly index: number;
  readonly id?: string;
  readonly label: string;
  readonly score: number;
  readonly probabilities: Record<string, number>;
  readonly top?: { label: string; score: number }[];
}

/** Trains in `out`, a few steps, enough to tell the classes apart. */
const trainArgs = (out: string, ...more: string[]): string[] => [
  "train",
  "--model",
  model,
  "--data",
  csv,
  "-o",
  join(folder, out),
  "--r",
  "4",
  "--learning-rate",
  "0.02",
  "--per-device-train-batch-size",
  "8",
  "--num-train-epochs",
  "12",
  "--target-modules",
  "all-linear",
  "--lora-dropout",
  "0",
  ...more,
];

test("inspect tells what a model, an adapter and a file hold", async () => {
  const described = json<{
    kind: string;
    weights: { parameters: number; tensorCount: number };
    encoder: { numHiddenLayers: number };
    wouldTrain: { line: string };
  }>(
    await cli([
      "inspect",
      model,
      "--json",
      "--r",
      "3",
      "--lora-alpha",
      "5",
      "--target-modules",
      "query,key,value,dense",
    ]),
  );
  assert.deepEqual(
    [described.kind, described.encoder.numHiddenLayers, described.wouldTrain.line],
    ["model", 3, expectedOf("bert").trainable],
  );
  const file = json<{ weights: object; tensors: { name: string; dtype: string; shape: number[] }[] }>(
    await cli(["inspect", join(model, "model.safetensors"), "--json"]),
  );
  assert.deepEqual(file.weights, described.weights);
  assert.equal(
    file.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    described.weights.parameters,
  );
  assert.deepEqual(
    file.tensors.find(({ name }) => name === "bert.embeddings.word_embeddings.weight"),
    { name: "bert.embeddings.word_embeddings.weight", dtype: "F32", shape: [48, 12], file: "model.safetensors" },
  );

  const text = await cli(["inspect", model, adapter(), "--tensors"]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /type +bert: 3 layers of width 12, 3 heads/);
  assert.match(
    text.out,
    /LoRA adapter [\s\S]*LoRA +r 3, alpha 5[\s\S]*adapts +bert\.encoder\.layer\.\{0-2\}\.attention\.output\.dense,[\s\S]*brings whole +classifier/,
  );
  assert.match(text.out, /base_model\.model\.classifier\.weight +F32 +\[2, 12\]/);
});

test("inspect says what is wrong with what it is given", async () => {
  await writeFile(join(folder, "cut.safetensors"), "12345678");
  await mkdir(join(folder, "longformer"), { recursive: true });
  await writeFile(join(folder, "longformer", "config.json"), JSON.stringify({ model_type: "longformer" }));
  for (const [args, says] of [
    [[folder], /holds neither\. These folders in it do: .*tiny-bert/],
    [["./none"], /nothing is there/],
    [[join(folder, "none.safetensors")], /There is no file at .*none\.safetensors/],
    [[join(folder, "cut.safetensors")], /not a whole safetensors file/],
    [[csv], /must be a folder, a \.safetensors or a \.bin file/],
    [[model, "--r", "0"], /--r must be a whole number from 1/],
    [[], /missing required argument 'paths'/],
  ] as const) {
    const said = await cli(["inspect", ...args]);
    assert.equal(said.code, 2, `${args.join(" ")}: ${said.out}`);
    assert.match(said.err, says);
  }
  const longformer = await cli(["inspect", join(folder, "longformer")]);
  assert.equal(longformer.code, 0);
  assert.match(longformer.out, /type +longformer\n[\s\S]*not for tslora +.*longformer/);
});

test("predict gives the library's probabilities, for arguments, files and standard input alike", async () => {
  const texts = ["w5 w6", "w40 w41 w42", ""];
  const reference = await referenceProbabilities(texts);
  const check = (said: Said): void => {
    assert.equal(said.code, 0, said.err);
    const rows = lines(said.out).map((line) => JSON.parse(line) as PredictionJson);
    assert.deepEqual(
      rows.map(({ index }) => index),
      [0, 1, 2],
    );
    rows.forEach(({ label, score, probabilities }, i) => {
      assert.ok(Math.abs(probabilities.NEGATIVE + probabilities.POSITIVE - 1) < 1e-12);
      assert.equal(label, reference.values[i] > 0.5 ? "POSITIVE" : "NEGATIVE");
      assert.equal(score, probabilities[label]);
    });
    expectWithin(
      rows.map(({ probabilities }) => probabilities.POSITIVE),
      reference,
      { what: "probabilities" },
    );
  };
  const base = ["predict", "--model", model, "--adapter", adapter(), "--json"];
  check(await cli([...base, ...texts]));
  check(await cli(base, { input: ["w5 ", "w6\r\nw40 w41", " w42\n\n"] }));
  await writeFile(join(folder, "texts.txt"), texts.join("\n") + "\n");
  check(await cli([...base, "--file", join(folder, "texts.txt")]));
  await writeFile(
    join(folder, "texts.jsonl"),
    texts.map((text, i) => JSON.stringify({ review: text, n: i })).join("\n\n"),
  );
  check(await cli([...base, "--file", join(folder, "texts.jsonl"), "--text-column", "review", "--id-column", "n"]));
  await writeFile(join(folder, "texts.tsv"), `review\tn\n${texts.map((text, i) => `${text}\t${i}`).join("\n")}\n`);
  check(await cli([...base, "--file", join(folder, "texts.tsv"), "--text-column", "review"]));
});

test("predict writes label and probability for people, and the likeliest so many; a threshold moves the decision", async () => {
  const base = ["predict", "--model", model, "--adapter", adapter()];
  const plain = await cli([...base, "w5 w6", "w40 w41"]);
  assert.match(plain.out, /^NEGATIVE\t0\.\d{6}\nPOSITIVE\t0\.\d{6}\n$/);
  assert.match(
    plain.err,
    /^Model: the folder .*\nDevice: .*\nAdapter: .*\nLabels: 0 NEGATIVE, 1 POSITIVE, the model's\. Texts are cut to 20 tokens\.\n$/,
  );
  assert.match((await cli([...base, "w5 w6", "--top-k", "2"])).out, /^NEGATIVE\t0\.\d{6}\tPOSITIVE\t0\.\d{6}\n$/);
  assert.match((await cli([...base, "w5 w6", "--threshold", "0.1", "--labels", "no,yes"])).out, /^yes\t0\.2/);
  const shown = await cli([...base, "w5 w6", `w40 w41 ${"w7 ".repeat(40)}`], { columns: 60 });
  assert.match(shown.out, /^NEGATIVE {2}0\.\d{3} {2}w5 w6\nPOSITIVE {2}0\.\d{3} {2}w40 w41 .*…\n$/);
  assert.ok(lines(shown.out).every((line) => line.length < 60));
  const several = lines((await cli([...base, "--multi-label", "--json", "--threshold", "0.01", "w5 w6"])).out).map(
    (line) => JSON.parse(line) as { labels: string[]; probabilities: Record<string, number> },
  );
  assert.deepEqual(several[0].labels, ["NEGATIVE", "POSITIVE"]);
  assert.ok(
    Math.abs(several[0].probabilities.NEGATIVE + several[0].probabilities.POSITIVE - 1) > 0.01,
    "each by its own sigmoid",
  );
});

test("predict refuses what it cannot do, before it loads where it can, with the line where it cannot", async () => {
  const base = ["predict", "--model", model, "--adapter", adapter()];
  await writeFile(join(folder, "odd.csv"), "text,id\nw5,1\nw6\n");
  await writeFile(join(folder, "semicolons.csv"), "text;label\nw5, w6;x\n");
  await writeFile(join(folder, "more.csv"), "id;text;kind, all\n1;w5, w6;x\n");
  const bare = await tinyModel(folder, "bare-bert");
  for (const [args, says, input] of [
    [["predict", "w5"], /--model or --adapter is needed/],
    [["predict", "--model", bare, "w5"], /no trained head/],
    [[...base, "--file", join(folder, "none.txt")], /none\.txt cannot be read/],
    [[...base, "--file", csv, "w5"], /must be given as arguments or by --file; got both/],
    [[...base, "--text-column", "x"], /are for tables/],
    [[...base, "--threshold", "2", "--top-k", "3", "w5"], /--threshold must be a number from 0 to 1/],
    [[...base, "--top-k", "3", "w5"], /--top-k must be at most 2/],
    [
      [...base, "--file", csv, "--text-column", "review"],
      /data\.csv must have a column "review" \(--text-column\); got the columns "text", "label", "id"/,
    ],
    [
      [...base, "--file", join(folder, "odd.csv")],
      /odd\.csv, line 3: it must have 2 cells as the header row; it has 1\. .*--on-bad-entry report/,
    ],
    [
      [...base, "--input-format", "jsonl"],
      /standard input, line 2: it must be a JSON object; got no JSON/,
      ['{"text": "w5"}\nw5\n'],
    ],
    [base, /line 2 must be UTF-8 text/, [Buffer.from([0x77, 0x0a, 0xff, 0x0a])]],
    [
      [...base, "--file", join(folder, "semicolons.csv")],
      /header row is one column and holds ";": pass --delimiter ";"/,
    ],
    [[...base, "--file", join(folder, "more.csv")], /A column's name holds ";": pass --delimiter ";"/],
    [
      ["predict", "--model", model, "--labels", "a,b,c", "w5"],
      /--labels must name the labels of the model .*; its head has 2 labels, and --labels gives 3 labels\.\s/,
    ],
    [["predict", "--adapter", folder, "w5"], /--adapter: a folder that holds adapter_config\.json/],
  ] as [string[], RegExp, (string | Uint8Array)[]?][]) {
    const said = await cli(args, input === undefined ? {} : { input });
    assert.equal(said.code, 2, `${args.join(" ")}: ${said.err}`);
    assert.match(said.err, says);
  }
});

test("predict reads tables as train does, and leaves out rows only when asked, each by its line", async () => {
  const base = ["predict", "--model", model, "--adapter", adapter(), "--json"];
  const plain = json<PredictionJson>(await cli([...base, "w5 w6"]));
  const files = {
    "spaces.csv": "label, text\nx,w5 w6\n",
    "marks.csv": "\ufefftext;label\nw5 w6;x\n",
    "array.json": '[{"text": "w5 w6"}]',
    "returns.tsv": "text\tlabel\rw5 w6\tx\r",
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    const said = await cli([
      ...base,
      "--file",
      join(folder, name),
      ...(name === "marks.csv" ? ["--delimiter", ";"] : []),
    ]);
    assert.equal(said.code, 0, said.err);
    assert.deepEqual(json<PredictionJson>(said), plain, name);
  }
  assert.match(
    (await cli([...base, "--file", join(folder, "marks.csv")])).err,
    /holds \\";\\": pass --delimiter \\";\\"/,
  );
  await writeFile(join(folder, "quotes.tsv"), 'text\n"w5\nw6 "w7" w8\nw9\n');
  assert.match(
    (await cli([...base, "--file", join(folder, "quotes.tsv")])).err,
    /line 2: a quote opens a cell.*--no-quotes/,
  );
  assert.equal(lines((await cli([...base, "--file", join(folder, "quotes.tsv"), "--no-quotes"])).out).length, 3);

  await writeFile(join(folder, "some.csv"), "text,id\nw5 w6,1\nw5\nw7,2\n");
  const stopped = await cli([...base, "--file", join(folder, "some.csv")]);
  assert.deepEqual([stopped.code, lines(stopped.out).length], [2, 1], "what came before is out");
  const reported = lines(
    (await cli([...base, "--file", join(folder, "some.csv"), "--on-bad-entry", "report"])).out,
  ).map((line) => JSON.parse(line) as { index: number; label?: string; leftOut?: string });
  assert.deepEqual(
    reported.map(({ index, label, leftOut }) => [index, label !== undefined, leftOut !== undefined]),
    [
      [0, true, false],
      [1, false, true],
      [2, true, false],
    ],
  );
  const text = await cli([
    "predict",
    "--model",
    model,
    "--adapter",
    adapter(),
    "--file",
    join(folder, "some.csv"),
    "--on-bad-entry",
    "report",
  ]);
  assert.match(text.err, /Left out: .*some\.csv, line 3: it must have 2 cells.*\n1 of 3 rows were left out\./);
});

test("evaluate prints scikit-learn's report and the rest, and for programs the same as JSON", async () => {
  const base = ["evaluate", "--model", model, "--adapter", adapter(), "--data", csv, "--labels", "pos,neg"];
  const doc = json<{
    evaluation: {
      accuracy: number;
      report: string;
      predictions: { yTrue: number; yPred: number; probabilities: number[] }[];
    };
    report: { pos: { support: number } };
    average: { scores: { fscore: number } };
    notices: string[];
  }>(await cli([...base, "--json", "--predictions", "--average", "macro"]));
  const { predictions, report } = doc.evaluation;
  assert.deepEqual(
    predictions.map(({ yTrue }) => yTrue),
    tinyTexts(40).map(({ label }) => (label === "pos" ? 0 : 1)),
    "labels are matched by name, not by order",
  );
  assert.equal(
    report,
    classificationReport(
      predictions.map((one) => one.yTrue),
      predictions.map((one) => one.yPred),
      { labels: [0, 1], targetNames: ["pos", "neg"] },
    ),
  );
  assert.equal(doc.report.pos.support, 20);
  assert.match(doc.notices.join("\n"), /Labels are matched with the model's by name/);
  const text = await cli([...base, "--average", "macro"]);
  assert.ok(text.out.startsWith(report.trimEnd()), text.out);
  assert.match(text.out, new RegExp(`accuracy +${doc.evaluation.accuracy.toFixed(3)} {2}95% interval`));
  assert.match(text.out, new RegExp(`macro average +precision .*F1 ${doc.average.scores.fscore.toFixed(3)}`));
  assert.match(text.out, /true \\ predicted {2}pos {2}neg\n/);
  const output = join(folder, "scores", "evaluation.json");
  const moved = await cli([...base, "--threshold", "0", "--output", output]);
  assert.match(moved.out, /pos +0 +20\n +neg +0 +20\n/);
  assert.equal((JSON.parse(await readFile(output, "utf8")) as { threshold: number }).threshold, 0);
});

test("a notice of evaluate names the flag for a column of repeated IDs", async () => {
  await writeFile(join(folder, "repeated.csv"), "id,text,label\n1,w5,neg\n1,w25,pos\n");
  const said = await cli([
    "evaluate",
    "--model",
    model,
    "--adapter",
    adapter(),
    "--labels",
    "neg,pos",
    "--data",
    join(folder, "repeated.csv"),
  ]);
  assert.equal(said.code, 0, said.err);
  assert.match(said.err, /The column id repeats values \("1"\).*--id-column id uses it nevertheless\./);
});

test("evaluate refuses labels that are not the model's and options that do not fit", async () => {
  const base = ["evaluate", "--model", model, "--adapter", adapter()];
  for (const [args, says] of [
    [base, /--data is needed/],
    [
      [...base, "--data", csv],
      /The data's labels are "neg", "pos"; the model's are 0 "NEGATIVE", 1 "POSITIVE"[\s\S]*Give --labels/,
    ],
    [
      [...base, "--data", csv, "--labels", "pos,neg", "--threshold", "1.5", "--predictions"],
      /--threshold must be[\s\S]*--predictions is for --json/,
    ],
    [[...base, "--data", join(folder, "none.csv")], /none\.csv/],
    [[...base, "--data", csv, "--labels", "pos,neg,both"], /classifier\.weight.*shape/],
  ] as [string[], RegExp][]) {
    const said = await cli(args);
    assert.equal(said.code, 2, said.err);
    assert.match(said.err, says);
  }
});

test("train says first what was taken, learns, and leaves adapter, results and a file that repeats the run to the bit", async () => {
  const out = join(folder, "run");
  const said = await cli(trainArgs("run", "--baseline", "--evaluate-before", "--stratify"));
  assert.equal(said.code, 0, said.err);
  assert.match(
    said.out,
    /^Model: the folder .*as asked for\.\nDevice: .*\nData: 40 texts, 20 of label 0 \(neg\), 20 of label 1 \(pos\).*\nParts: 24 texts to train on, 8 for validation, 8 to test on, stratified, random state 42\.\nLabels: 0 neg, 1 pos\.\nTexts are cut to 20 tokens\. trainable params: /,
  );
  assert.match(said.out, /\nvalidation at step \d+: loss .*\n/);
  assert.match(
    said.out,
    /Accuracy: before training 0\.\d+, after 1\.000, on validation 1\.000, TF-IDF with logistic regression/,
  );
  for (const name of ["adapter", "results.json", "training_args.json"]) assert.ok(existsSync(join(out, name)), name);
  assert.ok((await readdir(out)).some((name) => /^checkpoint-\d+$/.test(name)));
  const results = JSON.parse(await readFile(join(out, "results.json"), "utf8")) as {
    after: { accuracy: number; n: number; labels: string[] };
    before: object;
    baseline: object;
    seed: number;
    notices: string[];
  };
  assert.deepEqual(
    [results.after.accuracy, results.after.n, results.after.labels, results.seed],
    [1, 8, ["neg", "pos"], 42],
  );

  const again = await cli([
    "train",
    "--config",
    join(out, "training_args.json"),
    "--output-dir",
    join(folder, "again"),
    "--json",
  ]);
  assert.equal(again.code, 0, again.err);
  const events = lines(again.out).map((line) => JSON.parse(line) as { type: string });
  assert.equal(events[0].type, "notice");
  assert.equal(events.at(-1)?.type, "results");
  assert.ok(events.some(({ type }) => type === "step") && events.some(({ type }) => type === "evaluation"));
  const weights = (run: string): Promise<Buffer> => readFile(join(folder, run, "adapter", "adapter_model.safetensors"));
  assert.ok((await weights("again")).equals(await weights("run")));

  // labels and base are the run's own
  const predicted = await cli(["predict", "--adapter", join(out, "adapter"), "w5 w6 w7", "w25 w26 w27"]);
  assert.match(predicted.out, /^neg\t0\.9.*\npos\t0\.9/, predicted.err);
  assert.match(predicted.err, /Labels: 0 neg, 1 pos, from .*training_args\.json/);
  const checkpoint = (await readdir(out)).filter((name) => name.startsWith("checkpoint-"))[0];
  assert.match((await cli(["predict", "--adapter", join(out, checkpoint), "w25 w26 w27"])).out, /^pos\t/);
  const described = json<{ checkpoint: { global_step: number }; adapter: { base: string } }>(
    await cli(["inspect", join(out, checkpoint), "--json"]),
  );
  assert.deepEqual([`checkpoint-${described.checkpoint.global_step}`, described.adapter.base], [checkpoint, model]);
});

test("train --method full writes a model's folder that predicts", async () => {
  const said = await cli([
    "train",
    "--model",
    model,
    "--data",
    csv,
    "--method",
    "full",
    "--test",
    "none",
    "--validation",
    "8",
    "--max-steps",
    "3",
    "--labels",
    "pos,neg",
    "-o",
    join(folder, "full"),
    "--no-load-best-model-at-end",
  ]);
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, /On the validation texts:[\s\S]*Accuracy: on validation/);
  const predicted = await cli(["predict", "--model", join(folder, "full", "model"), "w5 w6", "--json"]);
  assert.deepEqual(Object.keys((JSON.parse(predicted.out) as PredictionJson).probabilities), ["pos", "neg"]);
});

test("train --init-lora-weights eva distributes ranks, and resumes to the same adapter", async () => {
  const out = join(folder, "eva");
  const eva = ["--init-lora-weights", "eva", "--eva-config", "rho=1.5,tau=0.9", "--exclude-modules", "pooler.dense"];
  const said = await cli(trainArgs("eva", ...eva, "--max-steps", "3"));
  assert.equal(said.code, 0, said.err);
  assert.match(said.out, /\nEVA distributed the ranks over the layers: \d to \d/);
  const config = JSON.parse(await readFile(join(out, "adapter", "adapter_config.json"), "utf8")) as {
    readonly init_lora_weights: unknown;
    readonly eva_config: { readonly rho: unknown };
  };
  assert.deepEqual([config.init_lora_weights, config.eva_config.rho], ["eva", 1.5]);
  const weights = await readFile(join(out, "adapter", "adapter_model.safetensors"));
  const again = await cli(["train", "--config", join(out, "training_args.json"), "--resume-from", "last"]);
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(await readFile(join(out, "adapter", "adapter_model.safetensors")), weights);
});

test("train refuses bad input before anything is written", async () => {
  await writeFile(join(folder, "one.csv"), "text,label\nw5,a\nw6,a\n");
  await mkdir(join(folder, "taken"), { recursive: true });
  await writeFile(join(folder, "taken", "notes.txt"), "");
  const files = await readdir(folder);
  for (const [args, says] of [
    [trainArgs("never", "--data", csv), /--data must be given once; got 2 values/],
    [trainArgs("never", "--warmup-ratio", "2"), /--warmup-ratio must be a number from 0 to 1; got 2/],
    [trainArgs("never", "--lora-alpha", "-1"), /--lora-alpha must be a number above 0; got -1/],
    [trainArgs("never", "--validation", "20", "--test", "20"), /leaves none to train on/],
    [trainArgs("never", "--text-column", "review"), /must have a column "review"/],
    [trainArgs("never", "--max-length", "100"), /--max-length must be a whole number from 2 to 20/],
    [trainArgs("never", "--labels", "a,b"), /The data's labels are "neg", "pos"; the model's are 0 "a"/],
    [trainArgs("never", "--class-weights", "1,2,3"), /--class-weights/],
    [trainArgs("taken"), /holds files already \(notes\.txt\)/],
    [
      ["train", "--model", model, "--data", join(folder, "one.csv"), "-o", join(folder, "never")],
      /must hold texts of two classes/,
    ],
    [["train", "--model", join(folder, "no-model"), "--data", csv, "-o", join(folder, "never")], /nothing is there/],
  ] as [string[], RegExp][]) {
    const said = await cli(args);
    assert.equal(said.code, 2, `${args.join(" ")}: ${said.err}`);
    assert.match(said.err, says);
  }
  assert.deepEqual(await readdir(folder), files);
});

test("texts of one class are evaluated, by evaluate and by train alike; labels that the model lacks are named", async () => {
  const one = join(folder, "one-class.csv");
  await writeFile(one, "text,label\nw5 w6,POSITIVE\nw25 w26,POSITIVE\n");
  const base = ["evaluate", "--model", model, "--adapter", adapter(), "--data"];
  const { evaluation } = json<{ evaluation: { n: number; rocAuc: number | null; perLabel: { support: number }[] } }>(
    await cli([...base, one, "--json"]),
  );
  assert.deepEqual(
    [evaluation.n, evaluation.rocAuc, evaluation.perLabel.map(({ support }) => support)],
    [2, null, [0, 2]],
  );
  const text = await cli([...base, one]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /area under ROC +- {2}undefined, since a label has no text/);
  await writeFile(join(folder, "unknown.csv"), "text,label\nw5 w6,POSITIVE\nw7,odd\n");
  assert.match((await cli([...base, join(folder, "unknown.csv")])).err, /The model has no "odd"/);
  await writeFile(join(folder, "no-rows.csv"), "text,label\n");
  const none = await cli([...base, join(folder, "no-rows.csv")]);
  assert.deepEqual([none.code, /must hold at least one text/.test(none.err)], [2, true], none.err);

  await writeFile(join(folder, "one-neg.csv"), "text,label\nw5 w6,neg\nw5,neg\n");
  const trained = await cli(
    [
      ...trainArgs("one-class"),
      "--num-train-epochs",
      "1",
      "--test",
      join(folder, "one-neg.csv"),
      "--validation",
      join(folder, "one-neg.csv"),
    ].filter((arg, i, all) => arg !== "12" && !(arg === "--num-train-epochs" && all[i + 1] === "12")),
  );
  assert.equal(trained.code, 0, trained.err);
  assert.match(trained.out, /No validation text has the label pos \(20 in all\)/);
  const results = JSON.parse(await readFile(join(folder, "one-class", "results.json"), "utf8")) as {
    after: { rocAuc: number | null; n: number };
  };
  assert.deepEqual([results.after.rocAuc, results.after.n], [null, 2]);
});

test("a class without a text to train on is named; what cannot be stratified too", async () => {
  const rare = join(folder, "rare.csv");
  await writeFile(
    rare,
    `text,label\nw30,rare\n${Array.from({ length: 30 }, (_, i) => `w${5 + (i % 20)},${i % 2 === 0 ? "neg" : "pos"}`).join("\n")}\n`,
  );
  const args = ["train", "--model", model, "--new-head", "--data", rare, "--max-steps", "1", "-o"];
  let named = 0;
  for (const state of ["1", "2", "3", "4", "5", "6", "7", "8"]) {
    const { out } = await cli([
      ...args,
      join(folder, `rare-${state}`),
      "--random-state",
      state,
      "--validation",
      "0.45",
      "--test",
      "0.4",
    ]);
    const places = [
      /no text to train on has the label rare \(1 in all\)/,
      /No validation text has the label rare/,
      /No test text has the label rare/,
    ].map((says) => says.test(out));
    assert.equal(places.filter(Boolean).length, 2, out); // the one text is in one of the three parts
    if (places[0]) named++;
  }
  assert.ok(named > 0);
  const stratified = await cli([...args, join(folder, "rare-none"), "--stratify"]);
  assert.deepEqual([stratified.code, existsSync(join(folder, "rare-none"))], [2, false]);
  assert.match(stratified.err, /--stratify needs 3 texts or more of each class.*"rare" \(1\)/);
});

test("a training on a terminal has a bar in place and evaluations above it", async () => {
  const said = await cli(trainArgs("bar"), { columns: 70 });
  assert.equal(said.code, 0, said.err);
  // eslint-disable-next-line no-control-regex -- the sequences that move the cursor
  const shown = said.out.split(/\n|\u001b\[[\d?]*[A-Za-z]/);
  assert.ok(
    shown.some((line) => /^█+░+ step \d+\/36 · loss \d\.\d{3} · .* left/.test(line)),
    said.out,
  );
  assert.ok(shown.filter((line) => /[█░]/.test(line)).every((line) => line.length < 70));
  assert.deepEqual(
    shown.flatMap((line) => /^validation at step (\d+)/.exec(line)?.[1] ?? []),
    ["8", "16", "24", "32", "36"],
  );
  assert.match(said.out, /Training finished: step 36 of 36/);
});

test("merge checks itself, writes a folder that predicts as base and adapter did, and writes over nothing unasked", async () => {
  const out = join(folder, "merged");
  const base = ["merge", "--model", model, "--adapter", adapter(), "-o", out];
  const said = await cli(base);
  assert.equal(said.code, 0, said.err);
  const [difference, bound] =
    /logits differ by at most ([\d.e+-]+) \(bound ([\d.e+-]+)\)/.exec(said.out)?.slice(1).map(Number) ?? [];
  assert.ok(difference <= bound, said.out);
  const scores = async (...args: string[]): Promise<number[]> =>
    lines((await cli(["predict", "--json", ...args, "w5 w6", "w40 w41 w42"])).out).map(
      (line) => (JSON.parse(line) as PredictionJson).probabilities.POSITIVE,
    );
  const [apart, merged] = [await scores("--model", model, "--adapter", adapter()), await scores("--model", out)];
  const reference = await referenceProbabilities(["w5 w6", "w40 w41 w42"]);
  for (const [what, found] of Object.entries({ apart, merged })) expectWithin(found, reference, { what });

  await writeFile(join(folder, "model.index.json"), "");
  for (const [args, says] of [
    [base, /holds files already[\s\S]*--overwrite/],
    [["merge"], /--adapter is needed[\s\S]*--output is needed/],
    [["merge", "--model", model, "--adapter", adapter(), "-o", model, "--overwrite"], /read from/],
    [
      ["merge", "--model", model, "--adapter", adapter(), "-o", folder, "--overwrite"],
      /holds other weights \(model\.index\.json\)/,
    ],
    [
      ["merge", "--adapter", adapter(), "-o", join(folder, "never")],
      /--model is needed, since .* does not name the adapter's base/,
    ],
  ] as [string[], RegExp][]) {
    const refused = await cli(args);
    assert.equal(refused.code, 2, refused.out);
    assert.match(refused.err, says);
  }
  await rm(join(folder, "model.index.json"));
  assert.ok(!existsSync(join(folder, "never")));
  const doc = json<{ check: { largestDifference: number; bound: number }; labels: string[] }>(
    await cli([...base, "--overwrite", "--json", "--labels", "no,yes"]),
  );
  assert.ok(doc.check.largestDifference <= doc.check.bound);
  assert.deepEqual(doc.labels, ["no", "yes"]);
});

test("a training that goes out of bounds ends with a code of its own", async () => {
  const said = await cli([
    "train",
    "--model",
    model,
    "--data",
    csv,
    "-o",
    join(folder, "wild"),
    "--method",
    "full",
    "--learning-rate",
    "1e30",
    "--max-grad-norm",
    "0",
    "--max-steps",
    "20",
  ]);
  assert.equal(said.code, 7, said.err);
  assert.match(said.err, /choose a --learning-rate below/);
});
