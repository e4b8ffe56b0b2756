import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { forgetHosts } from "../../src/base/http";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { evaluate } from "../../src/evaluation/evaluate";
import { fakeHub } from "../hub/fake-hub";
import { baseWithout, changeConfig, dropTensors } from "../lora/base-without";
import { referenceClassifier } from "../lora/reference-classifier";
import { expectWithin, NOTHING } from "../ops/expect-within";
import { cli, tinyCsv, tinyModel, tinyTexts, type Printed } from "./tiny";

let folder = "";
let model = "";
let bare = "";
let csv = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-untrained-"));
  model = await tinyModel(folder);
  // As of a BertForMaskedLM.
  bare = await baseWithout("bert", { folder: join(folder, "bare"), without: /^bert\.pooler\./ });
  await cp(join(model, "vocab.txt"), join(bare, "vocab.txt"));
  csv = await tinyCsv(join(folder, "data.csv"));
});
after(() => rm(folder, { recursive: true, force: true }));

const args = (out: string, ...more: string[]): string[] => [
  "train",
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
  "6",
  "--lora-dropout",
  "0",
  ...more,
];
const adapterOf = (run: string): string => join(folder, run, "adapter");
const expectPrinted = (printed: Printed, code: number, expected: readonly RegExp[]): void => {
  assert.equal(printed.code, code, printed.err);
  for (const one of expected) assert.match(`${printed.out}\n${printed.err}`, one);
};
const evaluated = async (...more: string[]): Promise<{ accuracy: number; loss: number }> => {
  const printed = await cli(["evaluate", "--json", ...more]);
  assert.equal(printed.code, 0, printed.err);
  return (JSON.parse(printed.out) as { evaluation: { accuracy: number; loss: number } }).evaluation;
};

test("an adapter trained on a base without a pooler scores the same when it is read again, merged or not", async () => {
  const test_ = await tinyCsv(join(folder, "test.csv"), 24);
  const printed = await cli(args("pooler", "--model", bare, "--seed", "7", "--test", test_));
  expectPrinted(printed, 0, [
    /newly initialized: \["bert\.pooler\.dense\.weight", "bert\.pooler\.dense\.bias"\].*saved with the adapter/,
  ]);
  const { after: trained } = JSON.parse(await readFile(join(folder, "pooler", "results.json"), "utf8")) as {
    after: { accuracy: number; loss: number };
  };
  const read = await evaluated("--adapter", adapterOf("pooler"), "--data", test_);
  assert.deepEqual([read.accuracy, read.loss], [trained.accuracy, trained.loss]);
  expectPrinted(await cli(["merge", "--adapter", adapterOf("pooler"), "-o", join(folder, "merged")]), 0, []);
  const merged = await evaluated("--model", join(folder, "merged"), "--data", test_);
  assert.equal(merged.accuracy, trained.accuracy);
  const own = await loadClassifier(bare, { labels: ["neg", "pos"] });
  const examples = tinyTexts(24).map(({ text, label }) => ({ text, label: label === "pos" ? 1 : 0 }));
  const reference = await referenceClassifier(own, async (twin) => {
    await twin.loadAdapter(adapterOf("pooler"));
    const { loss } = await evaluate(twin, examples);
    await twin.mergeAndUnload();
    return { trained: [loss], merged: [(await evaluate(twin, examples)).loss] };
  });
  own.dispose();
  for (const [what, { loss }] of Object.entries({ trained, merged }))
    expectWithin([loss], reference.get(what) ?? NOTHING, { what });
});

test("weights that neither model nor adapter contains are an error for every command except train, before anything is written", async () => {
  expectPrinted(await cli(args("complete", "--model", bare)), 0, []);
  const [headless, older] = [join(folder, "headless"), join(folder, "older")];
  for (const directory of [headless, older]) await cp(adapterOf("complete"), directory, { recursive: true });
  await changeConfig(headless, { task_type: null, modules_to_save: null });
  await dropTensors(headless, /classifier|pooler/);
  // As it was saved before the pooler was trained.
  await changeConfig(older, { modules_to_save: ["classifier", "score"] });
  await dropTensors(older, /pooler/);
  const empty = await tinyModel(folder, "bare-bert");
  for (const [given, names] of [
    [
      ["--adapter", headless],
      /bert\.pooler\.dense\.weight.*neither in the model .* nor in the adapter .*headless.*--model.*tslora train saves them/,
    ],
    [["--adapter", older], /bert\.pooler\.dense\.weight.*neither in the model/],
    [["--model", bare], /no trained head: "bert\.pooler\.dense\.weight".*Give --adapter/],
    [["--model", empty], /no trained head: "classifier\.weight"/],
  ] as [string[], RegExp][]) {
    expectPrinted(await cli(["predict", ...given, "w5 w6"]), 2, [names]);
    expectPrinted(await cli(["evaluate", ...given, "--data", csv, "--labels", "neg,pos"]), 2, [names]);
    if (given[0] === "--adapter")
      expectPrinted(await cli(["merge", ...given, "-o", join(folder, "never")]), 2, [names]);
  }
  assert.ok(!existsSync(join(folder, "never")));
  expectPrinted(await cli(args("before", "--model", empty, "--evaluate-before", "--max-steps", "2")), 0, [
    /newly initialized: \["classifier\.weight", "classifier\.bias"\]/,
    /Accuracy: before training 0\.\d+/,
  ]);
  const results = JSON.parse(await readFile(join(folder, "before", "results.json"), "utf8")) as {
    before: { notice?: string };
    after: { notice?: string };
  };
  assert.match(results.before.notice ?? "", /untrained classifier/);
  assert.equal(results.after.notice, undefined);
});

test("a model with other labels gets a new head on request; otherwise the message names the option", async () => {
  const three = join(folder, "three.csv");
  await writeFile(
    three,
    `text,label\n${tinyTexts(36)
      .map(({ text, label }, i) => `${text},${i % 3 === 0 ? "so-so" : label}`)
      .join("\n")}\n`,
  );
  const refused = await cli(
    args("never", "--model", model, "--data", three).filter((word, i, all) => word !== csv && all[i + 1] !== csv),
  );
  expectPrinted(refused, 2, [/The model's head has 2 labels; 3 labels were requested.*--new-head/]);
  assert.doesNotMatch(refused.err, /config\.json/);
  assert.ok(!existsSync(join(folder, "never")));

  const out = "new-head";
  const printed = await cli(
    args(out, "--model", model, "--new-head", "--data", three).filter(
      (word, i, all) => word !== csv && all[i + 1] !== csv,
    ),
  );
  expectPrinted(printed, 0, [/newly initialized: \["classifier\.weight", "classifier\.bias"\]/]);
  const record = JSON.parse(await readFile(join(folder, out, "training_args.json"), "utf8")) as {
    newHead: boolean;
    labels: string[];
  };
  assert.deepEqual([record.newHead, record.labels.length], [true, 3]);
  const { accuracy } = (
    JSON.parse(await readFile(join(folder, out, "results.json"), "utf8")) as { after: { accuracy: number } }
  ).after;
  const predicted = await cli(["predict", "--adapter", adapterOf(out), "w5 w6", "--json"]);
  assert.deepEqual(Object.keys((JSON.parse(predicted.out) as { probabilities: object }).probabilities), record.labels);
  expectPrinted(await cli(["merge", "--adapter", adapterOf(out), "-o", join(folder, "merged-three")]), 0, []);
  const again = await cli([
    "train",
    "--config",
    join(folder, out, "training_args.json"),
    "--output-dir",
    join(folder, "repeated"),
    "--json",
  ]);
  assert.equal(again.code, 0, again.err);
  assert.equal(
    (JSON.parse(await readFile(join(folder, "repeated", "results.json"), "utf8")) as { after: { accuracy: number } })
      .after.accuracy,
    accuracy,
  );
});

test("data with the model's label names are matched with its head by name, in any order", async () => {
  const own = join(folder, "own.csv");
  await writeFile(
    own,
    `text,label\n${tinyTexts(40)
      .map(({ text, label }) => `${text},${label === "neg" ? "zero" : "one"}`)
      .join("\n")}\n`,
  );
  const named = await tinyModel(join(folder, "named"));
  const config = JSON.parse(await readFile(join(named, "config.json"), "utf8")) as object;
  await writeFile(
    join(named, "config.json"),
    JSON.stringify({ ...config, id2label: { 0: "zero", 1: "one" }, label2id: { zero: 0, one: 1 } }),
  );
  const withData = (out: string, ...more: string[]): string[] =>
    args(out, "--model", named, "--max-steps", "2", ...more).map((word) => (word === csv ? own : word));
  expectPrinted(await cli(withData("own")), 0, [/Labels: 0 zero, 1 one\./]);
  expectPrinted(await cli(withData("other", "--labels", "one,zero")), 2, [
    /labels in another order: it has 0 "zero", 1 "one"; got 0 "one", 1 "zero".*--new-head/,
  ]);
  expectPrinted(await cli(withData("turned", "--labels", "one,zero", "--new-head")), 0, [/Labels: 0 one, 1 zero\./]);
});

test("if an adapter's base is missing, the message names its entry and --model; a path is not looked up on the Hub", async () => {
  expectPrinted(await cli(args("moved", "--model", model, "--max-steps", "2")), 0, []);
  await rm(join(folder, "moved", "training_args.json"));
  const hub = await fakeHub({});
  const before = { endpoint: process.env.HF_ENDPOINT, cache: process.env.HF_HUB_CACHE };
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(folder, "cache") });
  forgetHosts();
  try {
    for (const base of [
      "/home/somebody/models/bert",
      "./models/bert",
      "../bert",
      "~/models/no-such-bert",
      "C:\\models\\bert",
      "models\\bert",
      "models/bert",
      "work/models/bert",
      "output/train/checkpoint-40",
      `/${"x/".repeat(3000)}`,
    ]) {
      await changeConfig(adapterOf("moved"), { base_model_name_or_path: base });
      for (const command of [
        ["predict", "w5"],
        ["evaluate", "--data", csv],
        ["merge", "-o", join(folder, "never")],
      ]) {
        const printed = await cli([command[0], "--adapter", adapterOf("moved"), ...command.slice(1)]);
        expectPrinted(printed, 2, [
          /base_model_name_or_path in .*adapter_config\.json is ".*Give the base with --model/,
        ]);
        assert.ok(printed.err.length < 2000, `${printed.err.length} characters`);
      }
    }
    assert.deepEqual(hub.requests, []);
    await changeConfig(adapterOf("moved"), { base_model_name_or_path: "somebody/bert" });
    expectPrinted(await cli(["predict", "--adapter", adapterOf("moved"), "w5"]), 2, [
      /base_model_name_or_path in .* is "somebody\/bert"\. Give the base with --model.*Is the name right\?/,
    ]);
    assert.ok(hub.requests.length > 0);
    expectPrinted(await cli(["predict", "--adapter", adapterOf("moved"), "--model", model, "w5"]), 0, [
      /it names the base somebody\/bert/,
    ]);
  } finally {
    await hub.close();
    forgetHosts();
    for (const [name, value] of [
      ["HF_ENDPOINT", before.endpoint],
      ["HF_HUB_CACHE", before.cache],
    ] as const) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
});

test("an adapter on a model that is not its base: the message names the adapter's base, not maxLength", async () => {
  expectPrinted(await cli(args("longer", "--model", model, "--max-steps", "2", "--max-length", "20")), 0, []);
  const short = await baseWithout("bare-bert", { folder: join(folder, "short"), without: /^$/ });
  await cp(join(model, "vocab.txt"), join(short, "vocab.txt"));
  const config = JSON.parse(await readFile(join(short, "config.json"), "utf8")) as object;
  const other = await cli(["predict", "--adapter", adapterOf("longer"), "--model", short, "w5"]);
  expectPrinted(other, 2, [new RegExp(`does not fit the model; it was trained on ".*tiny-bert"`)]);
  await writeFile(join(short, "config.json"), JSON.stringify({ ...config, max_position_embeddings: 8 }));
  const fewer = await cli(["predict", "--adapter", adapterOf("longer"), "--model", short, "w5"]);
  expectPrinted(fewer, 2, [
    /is not the base of the adapter .*longer.*which was trained on .*tiny-bert with texts of up to 20 tokens; this model has positions for 8/,
  ]);
  assert.doesNotMatch(fewer.err, /maxLength/);
});

test("~ is the home folder wherever a path is given", async () => {
  const home = await mkdtemp(join(tmpdir(), "tslora-home-"));
  const before = process.env.HOME;
  process.env.HOME = home;
  try {
    assert.equal(homedir(), home);
    await mkdir(join(home, "models"));
    await cp(model, join(home, "models", "bert"), { recursive: true });
    await cp(csv, join(home, "data.csv"));
    await writeFile(
      join(home, "run.yaml"),
      "model: ~/models/bert\ndata: ~/data.csv\noutputDir: ~/runs/one\nmaxSteps: 2\n",
    );
    expectPrinted(await cli(["train", "--config", "~/run.yaml"]), 0, [/Model: the folder ~\/models\/bert/]);
    assert.ok(existsSync(join(home, "runs", "one", "adapter", "adapter_model.safetensors")));
    const more = ["--model=~/models/bert", "--adapter=~/runs/one/adapter"];
    expectPrinted(await cli(["evaluate", ...more, "--data=~/data.csv", "--output=~/scores/one.json"]), 0, []);
    assert.ok(existsSync(join(home, "scores", "one.json")));
    expectPrinted(await cli(["predict", ...more, "--file=~/data.csv"]), 0, [/^(neg|pos)\t/]);
    expectPrinted(await cli(["merge", ...more, "--output=~/merged"]), 0, []);
    expectPrinted(await cli(["inspect", "~/merged", "~/runs/one/adapter", "~/merged/model.safetensors"]), 0, [
      /safetensors file/,
    ]);
    expectPrinted(
      await cli(["train", "--config", "~/runs/one/training_args.json", "--resume-from", "~/runs/one/checkpoint-2"]),
      0,
      [/Resuming from step 2 of 2/],
    );
    expectPrinted(await cli(["predict", "--model", "~/models/none", "w5"]), 2, [
      /looked for at .*tslora-home-.*\/models\/none, and nothing is there/,
    ]);
    assert.ok(!existsSync("~"));
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, "HOME");
    else process.env.HOME = before;
    await rm(home, { recursive: true });
  }
});

test("evaluate warns if texts are those that the run was trained on, from any file", async () => {
  const texts = tinyTexts(30).map(({ text, label }, i) => ({ text: `${text} w${30 + (i % 17)} w${5 + i}`, label }));
  const write = (name: string, rows: readonly { text: string; label: string }[]): Promise<void> =>
    writeFile(join(folder, name), `text,label\n${rows.map(({ text, label }) => `${text},${label}`).join("\n")}\n`);
  await write("seen.csv", texts.slice(0, 20));
  await write("mixed.csv", [
    ...texts.slice(20),
    ...texts.slice(10, 14).map(({ text, label }) => ({ text: `"${text.toUpperCase()} ."`, label })),
  ]);
  await write("unseen.csv", texts.slice(20));
  const printed = await cli([
    "train",
    "--model",
    model,
    "--data",
    join(folder, "seen.csv"),
    "--validation",
    "none",
    "--test",
    "none",
    "--max-steps",
    "2",
    "-o",
    join(folder, "seen"),
  ]);
  assert.equal(printed.code, 0, printed.err);
  const full = await cli([
    "train",
    "--model",
    model,
    "--method",
    "full",
    "--data",
    join(folder, "seen.csv"),
    "--validation",
    "none",
    "--test",
    "none",
    "--max-steps",
    "2",
    "-o",
    join(folder, "seen-full"),
  ]);
  assert.equal(full.code, 0, full.err);
  for (const [file, count] of [
    ["seen.csv", 20],
    ["mixed.csv", 4],
    ["unseen.csv", 0],
  ] as const) {
    for (const given of [
      ["--adapter", adapterOf("seen")],
      ["--adapter", join(folder, "seen", "checkpoint-2")],
      ["--model", join(folder, "seen-full", "model")],
    ]) {
      const scored = await cli(["evaluate", ...given, "--data", join(folder, file), "--json"]);
      assert.equal(scored.code, 0, scored.err);
      const warnings = (JSON.parse(scored.out) as { notices: string[] }).notices.filter((notice) =>
        notice.startsWith("Warning: "),
      );
      assert.equal(warnings.length, count === 0 ? 0 : 1, `${file}: ${warnings.join(" ")}`);
      if (count > 0) assert.match(warnings[0], new RegExp(`^Warning: it was trained on ${count} of these \\d+ texts`));
    }
  }
  assert.ok(!(await readFile(join(folder, "seen", "trained_texts.json"), "utf8")).includes("w30"), "hashes, no texts");
});
