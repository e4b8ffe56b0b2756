import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { auditCommand } from "../../src/cli/audit/audit-command";
import { evaluateCommand } from "../../src/cli/evaluate/evaluate-command";
import { inspectCommand } from "../../src/cli/inspect/inspect-command";
import type { LibraryCommand } from "../../src/cli/library-command";
import { mergeCommand } from "../../src/cli/merge/merge-command";
import type { RawFlags } from "../../src/cli/options/add-options";
import { gatherOptions } from "../../src/cli/options/gather-options";
import { LORA_OPTIONS } from "../../src/cli/options/lora-options";
import { flagOf, keyOf } from "../../src/cli/options/option-table";
import { NOT_TRAIN_FLAGS, TRAIN_OPTIONS } from "../../src/cli/options/train-options";
import { predictCommand } from "../../src/cli/predict/predict-command";
import { pullCommand } from "../../src/cli/pull/pull-command";
import { pushCommand } from "../../src/cli/push/push-command";
import { trainCommand } from "../../src/cli/train/train-command";
import type { LoraConfig } from "../../src/lora/lora-config";
import { resolveTrainOptions } from "../../src/training/options/resolve-train-options";
import type { TrainOptions } from "../../src/training/options/train-options";
import { withFolder } from "../notebook/notebooks";
import { cli } from "./tiny";

const COMMANDS: readonly LibraryCommand[] = [
  auditCommand,
  trainCommand,
  evaluateCommand,
  predictCommand,
  mergeCommand,
  inspectCommand,
  pushCommand,
  pullCommand,
];

const gather = (flags: RawFlags): Promise<Readonly<Record<string, unknown>>> =>
  gatherOptions("train", trainCommand.groups, flags);
const taken = async (key: string, text: string): Promise<unknown> => (await gather({ [key]: [text] }))[key];

/** Gathers a file's options. */
async function fromFile(
  content: string,
  flags: RawFlags = {},
  name = "c.yaml",
): Promise<Readonly<Record<string, unknown>>> {
  let values: Readonly<Record<string, unknown>> = {};
  await withFolder(async (folder) => {
    const path = join(folder, name);
    await writeFile(path, content);
    values = await gather({ ...flags, config: [path] });
  });
  return values;
}

test("every key of LoraConfig and TrainOptions is a flag, or is left out for a reason", () => {
  // a key too few or too many does not compile
  type Train = keyof typeof TRAIN_OPTIONS | keyof typeof NOT_TRAIN_FLAGS;
  type Gaps = [
    Exclude<keyof LoraConfig, keyof typeof LORA_OPTIONS>,
    Exclude<keyof TrainOptions, Train>,
    Exclude<keyof typeof LORA_OPTIONS, keyof LoraConfig>,
    Exclude<Train, keyof TrainOptions>,
  ];
  const gaps: Gaps extends [never, never, never, never] ? "none" : Gaps = "none";
  assert.equal(gaps, "none");
  for (const key of [...Object.keys(LORA_OPTIONS), ...Object.keys(TRAIN_OPTIONS)])
    assert.equal(keyOf(flagOf(key).slice(2)), key, "the flag leads back to the key");
  for (const [key, reason] of Object.entries(NOT_TRAIN_FLAGS)) {
    assert.ok(reason.length > 10, `${key} is not a flag, and there is no reason for it`);
    assert.ok(!(key in TRAIN_OPTIONS));
  }
});

test("no command has a key or a flag twice, and the help names every flag with its heading", async () => {
  for (const { name, groups } of COMMANDS) {
    const keys = groups.flatMap(({ options }) => Object.keys(options));
    assert.equal(new Set(keys).size, keys.length, `${name}: ${keys.join()}`);
    const { code, out } = await cli([name, "--help"]);
    assert.equal(code, 0);
    for (const { title, options } of groups) {
      assert.ok(out.includes(`\n${title}:\n`), `${name}: ${title}`);
      for (const [key, { default: standard }] of Object.entries(options)) {
        const flag = standard === "on" ? flagOf(key).replace("--", "--no-") : flagOf(key);
        assert.ok(out.includes(`${flag} `) || out.includes(`${flag}\n`), `${name} --help does not name ${flag}`);
      }
    }
    assert.match(out, /Examples:\n {2}\$ tslora /);
    const wide = out.split("\n").filter((line) => line.length > 80 && !line.startsWith("  $ "));
    assert.deepEqual(wide, [], `${name} --help is wider than 80 columns`);
  }
});

test("the help's defaults are the library's", () => {
  const context = { problemType: "single_label_classification", numLabels: 2 } as const;
  const [lora, full] = (["lora", "full"] as const).map((method) =>
    resolveTrainOptions({ train: [], validation: [] }, { ...context, method }),
  );
  let compared = 0;
  for (const [key, spec] of Object.entries(TRAIN_OPTIONS)) {
    const declared = "default" in spec ? spec.default : undefined;
    const value = lora[key as keyof typeof TRAIN_OPTIONS];
    if (declared === undefined)
      assert.ok(
        value === undefined || value === false,
        `${key} has the default ${String(value)}, which the help does not say`,
      );
    else if (declared === "on") assert.equal(value, true, key);
    else if (declared.startsWith("as --"))
      assert.equal(value, lora[keyOf(declared.slice("as --".length)) as keyof typeof TRAIN_OPTIONS], key);
    else if (typeof value === "number") {
      const numbers = (declared.match(/\d[\d.e-]*/g) ?? []).map(Number);
      assert.equal(numbers[0], value, key);
      assert.equal(numbers[1] ?? numbers[0], full[key as keyof typeof TRAIN_OPTIONS], key);
    } else assert.ok(declared.startsWith(String(value)), `${key}: ${declared}`);
    compared++;
  }
  assert.equal(compared, Object.keys(TRAIN_OPTIONS).length);
});

test("flags become values of their kinds", async () => {
  assert.equal(await taken("r", "8"), 8);
  assert.equal(await taken("learningRate", "1e-3"), 0.001);
  assert.deepEqual(await taken("targetModules", "query,value"), ["query", "value"]);
  assert.equal(await taken("targetModules", "all-linear"), "all-linear");
  assert.equal(await taken("targetModules", "auto"), "auto");
  assert.equal(await taken("targetModules", ".*\\.(query|value)"), ".*\\.(query|value)");
  assert.deepEqual(await taken("excludeModules", "pooler.dense"), ["pooler.dense"]);
  assert.deepEqual(await taken("rankPattern", "layer.0.attention.self.query=16,value=4"), {
    "layer.0.attention.self.query": 16,
    value: 4,
  });
  assert.deepEqual(await taken("alphaPattern", '{"a=b": 2}'), { "a=b": 2 });
  assert.deepEqual([await taken("layersToTransform", "1"), await taken("layersToTransform", "0,2")], [1, [0, 2]]);
  assert.deepEqual(await taken("evaConfig", "rho=1.5,adjust-scaling-factors=false"), {
    rho: 1.5,
    adjustScalingFactors: false,
  });
  await assert.rejects(taken("evaConfig", "rho=high"), /--eva-config must be name=value/);
  assert.deepEqual(
    [await taken("initLoraWeights", "false"), await taken("initLoraWeights", "pissa")],
    [false, "pissa"],
  );
  await assert.rejects(
    taken("initLoraWeights", "kaiming"),
    /--init-lora-weights must be true, false, "gaussian", "pissa", "olora", "eva"; got "kaiming"/,
  );
  await assert.rejects(taken("rankPattern", "query"), /--rank-pattern must be name=number/);
  assert.deepEqual(await taken("labels", "a, b"), ["a", "b"]);
  assert.deepEqual(await taken("labels", '["a,b","c"]'), ["a,b", "c"]);
  assert.equal(await taken("classWeights", "balanced"), "balanced");
  assert.deepEqual(await taken("classWeights", "1,2.5"), [1, 2.5]);
  assert.deepEqual(await taken("validation", "0.1"), { kind: "share", share: 0.1 });
  assert.deepEqual(await taken("validation", "./0.1"), { kind: "path", path: "./0.1" });
  assert.deepEqual(await taken("test", "none"), { kind: "none" });
  assert.deepEqual(await gather({ labels: ["a", "b"], loadBestModelAtEnd: false }), {
    labels: ["a", "b"],
    loadBestModelAtEnd: false,
  });
});

test("a file sets the same options as flags, in each spelling; null means the default; flags take precedence", async () => {
  const yaml =
    "# an experiment\nr: 8\nrank_pattern:\n  query: 4\nlora_alpha: 16\ntarget-modules: [query, value]\nlearningRate: 1e-3\nmaxSteps: null\nvalidation: 0.1\ntest: dev.csv\nload_best_model_at_end: false\nclassWeights: [1, 2]\nseed: 1\n";
  const expected = {
    r: 8,
    rankPattern: { query: 4 },
    loraAlpha: 16,
    targetModules: ["query", "value"],
    learningRate: 0.001,
    validation: { kind: "share", share: 0.1 },
    test: { kind: "path", path: "dev.csv" },
    loadBestModelAtEnd: false,
    classWeights: [1, 2],
    seed: 7,
  };
  assert.deepEqual(await fromFile(yaml, { seed: ["7"] }), expected);
  const json = JSON.stringify({
    r: 8,
    rankPattern: { query: 4 },
    loraAlpha: 16,
    targetModules: ["query", "value"],
    learningRate: 1e-3,
    validation: 0.1,
    test: "dev.csv",
    loadBestModelAtEnd: false,
    classWeights: [1, 2],
    seed: 1,
  });
  assert.deepEqual(await fromFile(json, { seed: ["7"] }, "c.json"), expected);
  assert.deepEqual(await fromFile("", {}), {});
});

test("all faults of flags and file are reported at once, with key, line, value and known names", async () => {
  const yaml =
    "r: eight\nlabels: [a, 2]\nlearning_rat: 1\nclassWeights: [1, heavy]\nseed: 1\nSeed: 2\nloraAlpha: true\nlora_alpha: 3\nrankPattern:\n  query: high\n";
  await assert.rejects(
    fromFile(yaml, { maxSteps: ["many"], warmupRatio: ["0.1", "0.2"], reportTo: ["wandb"] }),
    (error: Error) => {
      for (const pattern of [
        /c\.yaml, line 1: r must be a whole number; got "eight"/,
        /line 2: labels\[1\] must be a name; got 2/,
        /line 3: learning_rat is not an option here \(did you mean learningRate\?\)/,
        /line 4: classWeights\[1\] must be a number; got "heavy"/,
        /line 6: Seed is not an option here \(did you mean seed\?\)\. Known are outputDir, .*, json/,
        /line 7: loraAlpha must be a number; got true/,
        /line 8: lora_alpha is given twice/,
        /line 9: rankPattern\["query"\] must be a number; got "high"/,
        /--max-steps must be a whole number; got "many"/,
        /--warmup-ratio must be given once; got 2 values/,
        /--report-to must be one of "none", "tensorboard", "mlflow"; got "wandb"/,
      ])
        assert.match(error.message, pattern);
      return true;
    },
  );
});

test("option files that cannot be read are refused with the place and the reason", async () => {
  await assert.rejects(fromFile("r: 8\nr: 9\n"), /not valid YAML: Map keys must be unique at line 2/);
  await assert.rejects(fromFile("- r\n"), /options by name/);
  await assert.rejects(fromFile("r: !huge 8\n"), /not valid YAML: Unresolved tag/);
  await assert.rejects(fromFile("{", {}, "c.json"), /line 1, column 2/);
  for (const nested of [
    `r: ${"[".repeat(50_000)}`,
    Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}r:`).join("\n"),
  ])
    await assert.rejects(
      fromFile(nested),
      /c\.yaml (is nested too deeply to be read|has aliases that multiply, or is nested too)/,
    );
  await assert.rejects(fromFile("r = 8", {}, "c.toml"), /ends in \.yaml, \.yml or \.json/);
  await assert.rejects(gather({ config: ["none.yaml"] }), /--config: the file none\.yaml does not exist/);
});

test("wrong usage ends with exit code 2 and advice; transformers' spelling of flags is accepted", async () => {
  const unknown = await cli(["train", "--learning-rat", "1"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /Did you mean --learning-rate\?/);
  const underscore = await cli(["train", "--learning_rate", "fast", "--json"]);
  assert.equal(underscore.code, 2);
  const { error } = JSON.parse(underscore.err) as { error: { code: string; problems: string[] } };
  assert.deepEqual(error.problems, ['--learning-rate must be a number; got "fast"']);
  assert.equal(error.code, "bad-option");
  assert.equal(underscore.out, "");
  const all = await cli([
    "train",
    "--method",
    "full",
    "--r",
    "4",
    "--learning-rate",
    "-1",
    "--validation",
    "1.5",
    "--test",
    "none",
    "--baseline",
    "--label-smoothing",
    "2",
  ]);
  assert.equal(all.code, 2);
  for (const pattern of [
    /--r: only for --method lora/,
    /--learning-rate must be a number above 0; got -1/,
    /--validation must be a share/,
    /--test is none/,
    /--label-smoothing/,
  ])
    assert.match(all.err, pattern);
});
