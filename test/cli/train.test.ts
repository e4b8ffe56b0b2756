import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { json, lines, makeTinyFolder, trainArgs, type PredictionJson, type TinyFolder } from "./library-commands";
import { cli } from "./tiny";

let tiny: TinyFolder;
let folder = "";
let model = "";
let csv = "";
before(async () => {
  tiny = await makeTinyFolder();
  ({ folder, model, csv } = tiny);
});
after(() => rm(folder, { recursive: true, force: true }));

/** A model folder's weights by name. */
async function weightsOf(directory: string): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(join(directory, "model.safetensors"));
  const weights = new Map<string, Float32Array>();
  try {
    for (const name of file.entries.keys()) weights.set(name, await file.readFloats(name));
  } finally {
    await file.close();
  }
  return weights;
}

test("train prints its settings first, learns, and writes adapter, results and a file of options that repeats the run to the bit", async () => {
  const out = join(folder, "run");
  const printed = await cli(trainArgs(tiny, "run", "--baseline", "--evaluate-before", "--stratify"));
  assert.equal(printed.code, 0, printed.err);
  assert.match(
    printed.out,
    /^Model: the folder .*as requested\.\nDevice: .*\nData: 40 texts, 20 of label 0 \(neg\), 20 of label 1 \(pos\).*\nParts: 24 texts to train on, 8 for validation, 8 to test on, stratified, random state 42\.\nLabels: 0 neg, 1 pos\.\nTexts are cut to 20 tokens\. trainable params: /,
  );
  assert.match(printed.out, /\nvalidation at step \d+: loss .*\n/);
  assert.match(
    printed.out,
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
  const printed = await cli([
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
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /On the validation texts:[\s\S]*Accuracy: on validation/);
  const predicted = await cli(["predict", "--model", join(folder, "full", "model"), "w5 w6", "--json"]);
  assert.deepEqual(Object.keys((JSON.parse(predicted.out) as PredictionJson).probabilities), ["pos", "neg"]);
});

test("train --method head writes a model with a new head on the same encoder; --r is refused", async () => {
  const out = join(folder, "head");
  const args = ["train", "--model", model, "--data", csv, "--method", "head", "-o", out, "--max-steps", "6"];
  const refused = await cli([...args, "--r", "4"]);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /--r: only for --method lora; the method is head/);
  const printed = await cli([...args, "--validation", "8", "--no-frozen-prefix-dropout"]);
  assert.equal(printed.code, 0, printed.err);
  const [start, trained] = await Promise.all([weightsOf(model), weightsOf(join(out, "model"))]);
  const changed = [...trained].flatMap(([name, values]) => (isDeepStrictEqual(values, start.get(name)) ? [] : [name]));
  const pooler = ["bert.pooler.dense.bias", "bert.pooler.dense.weight"]; // BERT's pooler is part of its head
  assert.deepEqual(changed.sort(), [...pooler, "classifier.bias", "classifier.weight"]);
  for (const name of ["training_args.json", "results.json"])
    assert.equal((JSON.parse(await readFile(join(out, name), "utf8")) as { method: string }).method, "head", name);
  const card = await readFile(join(out, "model", "README.md"), "utf8");
  assert.match(card, /A classifier with a new head on the frozen encoder of/);
  assert.match(card, /\| method \| the head alone \|/);
  assert.match(card, /\| learningRate \| 0\.001 \|/);
});

test("train --init-lora-weights eva distributes ranks, and resumes to the same adapter", async () => {
  const out = join(folder, "eva");
  const eva = ["--init-lora-weights", "eva", "--eva-config", "rho=1.5,tau=0.9", "--exclude-modules", "pooler.dense"];
  const printed = await cli(trainArgs(tiny, "eva", ...eva, "--max-steps", "3"));
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /\nEVA distributed the ranks over the layers: \d to \d/);
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

test("--overwrite-output-dir sets the earlier run's adapter and record aside together, and keeps the model that it trains", async () => {
  const out = join(folder, "over");
  const base = join(out, "model");
  await cp(model, base, { recursive: true });
  const args = trainArgs({ ...tiny, model: base }, "over", "--max-steps", "2", "--overwrite-output-dir");
  for (const more of [[], ["--labels", "pos,neg"]]) {
    const printed = await cli([...args, ...more]);
    assert.equal(printed.code, 0, printed.err);
  }
  const earlier = join(out, "earlier-1");
  for (const name of ["adapter", "results.json", "training_args.json", "trained_texts.json"])
    assert.ok(existsSync(join(earlier, name)) && existsSync(join(out, name)), name);
  assert.ok(existsSync(base) && !existsSync(join(earlier, "model")));
  const labels = async (adapter: string): Promise<string> =>
    (await cli(["predict", "--adapter", adapter, "w5 w6"])).err.replace(/\s+/g, " ");
  assert.match(await labels(join(earlier, "adapter")), /Labels: 0 neg, 1 pos/);
  assert.match(await labels(join(out, "adapter")), /Labels: 0 pos, 1 neg/);
});

test("train refuses bad input before anything is written", async () => {
  await writeFile(join(folder, "one.csv"), "text,label\nw5,a\nw6,a\n");
  await mkdir(join(folder, "taken"), { recursive: true });
  await writeFile(join(folder, "taken", "notes.txt"), "");
  const files = await readdir(folder);
  for (const [args, expected] of [
    [trainArgs(tiny, "never", "--data", csv), /--data must be given once; got 2 values/],
    [trainArgs(tiny, "never", "--warmup-ratio", "2"), /--warmup-ratio must be a number from 0 to 1; got 2/],
    [trainArgs(tiny, "never", "--lora-alpha", "-1"), /--lora-alpha must be a number above 0; got -1/],
    [trainArgs(tiny, "never", "--validation", "20", "--test", "20"), /leaves none to train on/],
    [trainArgs(tiny, "never", "--text-column", "review"), /must have a column "review"/],
    [trainArgs(tiny, "never", "--max-length", "100"), /--max-length must be a whole number from 2 to 20/],
    [trainArgs(tiny, "never", "--labels", "a,b"), /The data's labels are "neg", "pos"; the model's are 0 "a"/],
    [trainArgs(tiny, "never", "--class-weights", "1,2,3"), /--class-weights/],
    [trainArgs(tiny, "taken"), /holds files already \(notes\.txt\)/],
    [
      ["train", "--model", model, "--data", join(folder, "one.csv"), "-o", join(folder, "never")],
      /must hold texts of two classes/,
    ],
    [["train", "--model", join(folder, "no-model"), "--data", csv, "-o", join(folder, "never")], /nothing is there/],
  ] as [string[], RegExp][]) {
    const printed = await cli(args);
    assert.equal(printed.code, 2, `${args.join(" ")}: ${printed.err}`);
    assert.match(printed.err, expected);
  }
  assert.deepEqual(await readdir(folder), files);
});

test("a training on a terminal has a bar in place and evaluations above it", async () => {
  const printed = await cli(trainArgs(tiny, "bar"), { columns: 70 });
  assert.equal(printed.code, 0, printed.err);
  // eslint-disable-next-line no-control-regex -- the sequences that move the cursor
  const shown = printed.out.split(/\n|\u001b\[[\d?]*[A-Za-z]/);
  assert.ok(
    shown.some((line) => /^█+░+ step \d+\/36 · loss \d\.\d{3} · .* left/.test(line)),
    printed.out,
  );
  assert.ok(shown.filter((line) => /[█░]/.test(line)).every((line) => line.length < 70));
  assert.deepEqual(
    shown.flatMap((line) => /^validation at step (\d+)/.exec(line)?.[1] ?? []),
    ["8", "16", "24", "32", "36"],
  );
  assert.match(printed.out, /Training finished: step 36 of 36/);
});

test("a training that diverges ends with its own exit code", async () => {
  const printed = await cli([
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
  assert.equal(printed.code, 7, printed.err);
  assert.match(printed.err, /choose a --learning-rate below/);
});
