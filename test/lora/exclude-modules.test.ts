import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";

import { RE2JS } from "re2js";

import { Problems } from "../../src/base/problems";
import { projectRoot } from "../../src/base/project-root";
import type { LoraConfig } from "../../src/lora/lora-config";
import { parsePeftConfig } from "../../src/lora/peft-config";
import { planAdapter } from "../../src/lora/plan-adapter";
import { resolveLoraConfig } from "../../src/lora/resolve-lora-config";
import { tinyModel } from "./tiny";

type Kind = "bert" | "roberta" | "distilbert";
const cases = JSON.parse(
  readFileSync(join(projectRoot(), "test", "lora", "exclude-goldens.json"), "utf8"),
) as readonly {
  readonly options: {
    readonly target_modules: string | string[];
    readonly exclude_modules: string | string[];
    readonly layers_to_transform?: number | number[];
    readonly layers_pattern?: string;
  };
  readonly adapted: Readonly<Record<Kind, readonly string[]>>;
}[];

for (const kind of ["bert", "roberta", "distilbert"] as const) {
  test(`${kind}: modules are excluded as in peft from a list, a pattern and "all-linear", in a file and in a new adapter`, async () => {
    const model = await tinyModel(kind);
    const names = model.linears().map(({ module }) => module);
    for (const { options, adapted } of cases) {
      const where = JSON.stringify(options);
      const read = new Problems("");
      const fromFile = planAdapter(
        model,
        parsePeftConfig({ peft_type: "LORA", task_type: "SEQ_CLS", ...options }, "x").config,
        { problems: read, strict: false },
      );
      assert.deepEqual(
        fromFile.layers.map(({ linear }) => linear.module),
        names.filter((name) => adapted[kind].includes(name)),
        where,
      );
      assert.equal(read.count === 0, adapted[kind].length > 0, where);

      // a new adapter's lists hold names of this model alone: others are taken for mistakes
      const here = (entries: string | string[]): string | string[] =>
        typeof entries === "string"
          ? entries
          : entries.filter((entry) => names.some((name) => name.endsWith(`.${entry}`)));
      const config: LoraConfig = {
        targetModules: here(options.target_modules),
        excludeModules: here(options.exclude_modules),
        layersToTransform: options.layers_to_transform,
        layersPattern: options.layers_pattern,
      };
      const problems = new Problems("addAdapter");
      const plan = planAdapter(model, resolveLoraConfig(config, { ...model.config, problems }), {
        problems,
        strict: true,
      });
      assert.deepEqual(
        plan.layers.map(({ linear }) => linear.module),
        fromFile.layers.map(({ linear }) => linear.module),
        where,
      );
      if (adapted[kind].length > 0) problems.throwIfAny();
      else
        assert.throws(
          () => problems.throwIfAny(),
          /targetModules: every module that .* matches is left out by excludeModules( and layersToTransform)? \(".*"( and \d+ more)?\)\. Leave fewer out/,
          where,
        );
    }
    model.dispose();
  });
}

test('layersToTransform and excludeModules narrow "all-linear" together; an entry that names no module is still refused', async () => {
  const model = await tinyModel("bert");
  const planned = (config: LoraConfig): string[] => {
    const problems = new Problems("addAdapter");
    const plan = planAdapter(model, resolveLoraConfig(config, { ...model.config, problems }), {
      problems,
      strict: true,
    });
    problems.throwIfAny();
    return plan.layers.map(({ linear }) => linear.module);
  };
  const part = (layer: number): string[] =>
    ["query", "key", "value"].map((name) => `bert.encoder.layer.${layer}.attention.self.${name}`);
  assert.deepEqual(
    planned({ targetModules: "all-linear", excludeModules: ["dense"], layersToTransform: [1] }),
    part(1),
  );
  assert.deepEqual(planned({ targetModules: "all-linear", excludeModules: /.*dense|.*\.[02]\..*/ }), part(1));
  assert.deepEqual(planned({ targetModules: "all-linear", excludeModules: /.*DENSE|.*\.[02]\..*/i }), part(1));
  assert.deepEqual(planned({ targetModules: /BERT.*\.1\..*\.(QUERY|key|value)/i }), part(1));
  assert.throws(
    () => planned({ targetModules: ["query", "nowhere"], excludeModules: ["key"] }),
    /targetModules: "nowhere" matches no linear layer that is adapted/,
  );
  assert.throws(
    () => planned({ targetModules: ["query", "classifier"], excludeModules: ["key"] }),
    /targetModules: "classifier" matches no linear layer that is adapted/,
  );
  assert.throws(
    () => planned({ targetModules: ["query"], excludeModules: ["nowhere"] }),
    /excludeModules: "nowhere" matches no module/,
  );
  assert.throws(
    () => planned({ targetModules: ["query"], layersToTransform: [0], excludeModules: /.*layer\.0.*/ }),
    /every module that "query" matches is left out by excludeModules and layersToTransform/,
  );
  model.dispose();
});

test("very long patterns and lists and very large numbers are refused with a short error", async () => {
  const model = await tinyModel("bert");
  const refused = (config: Record<string, unknown>, message: RegExp): void => {
    assert.throws(
      () => {
        const problems = new Problems("The adapter");
        planAdapter(
          model,
          parsePeftConfig({ peft_type: "LORA", task_type: "SEQ_CLS", target_modules: ["query"], ...config }, "x")
            .config,
          { problems, strict: false },
        );
        problems.throwIfAny();
      },
      (error: unknown) => error instanceof Error && message.test(error.message) && error.message.length < 5000,
      JSON.stringify(config).slice(0, 200),
    );
  };
  const evil = "(([a-z_0-9.]+)+)+!";
  refused({ target_modules: evil }, /targetModules: the pattern \(\(\[a-z_0-9\.\]\+\)\+\)\+! matches no linear layer/);
  refused({ target_modules: "(a)\\1" }, /target_modules: "\(a\)\\\\1" contains a backreference, \\1/);
  refused({ target_modules: "(?<=x)a" }, /contains a look-behind/);
  refused({ exclude_modules: "(?>a)" }, /exclude_modules: ".*" contains an atomic group/);
  refused(
    { rank_pattern: { "(?i)query": 4 } },
    /rank_pattern: "\(\?i\)query" is not a regular expression of Python's: global flags not at the start/,
  );
  refused({ modules_to_save: ["classifier", "a*+"] }, /modules_to_save: "a\*\+" contains a possessive repetition/);
  refused({ target_modules: "x".repeat(1e6) }, /must have at most 10000 characters; it has 1000000/);
  refused(
    { exclude_modules: "a".repeat(1e5) },
    /exclude_modules: .* must have at most 10000 characters; it has 100000/,
  );
  refused({ modules_to_save: ["a".repeat(1e5)] }, /modules_to_save: .* must have at most 10000 characters/);
  refused({ layers_to_transform: [0], layers_pattern: "a".repeat(1e5) }, /must have at most 10000 characters/);
  refused(
    { target_modules: Array.from({ length: 20_000 }, (_, i) => `m${i}`) },
    /target_modules must have at most 10000 entries; got 20000/,
  );
  refused(
    { rank_pattern: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`(.*x${i}.*){30}`, 4])) },
    /rank_pattern: its patterns together must take at most \d+ steps; they take \d+/,
  );
  refused(
    { modules_to_save: Array.from({ length: 201 }, (_, i) => `a+${i}`) },
    /modules_to_save must have at most 200 entries that are not plain names; got 201/,
  );
  refused({ alpha_pattern: { query: 1e308 } }, /"query" must be a number/);
  refused({ lora_alpha: 1e300 }, /lora_alpha must be a number/);
  refused(
    { layers_to_transform: [0], layers_pattern: ["(a"] },
    /layers_pattern: "\(a" is not a regular expression of Python's: missing \)/,
  );
  const many = {
    rank_pattern: Object.fromEntries(
      Array.from({ length: 9000 }, (_, i) => [`layer.${i}.attention.self.query`, 1 + (i % 9)]),
    ),
    modules_to_save: [evil, "classifier"],
    exclude_modules: evil,
    layers_to_transform: [0],
    layers_pattern: evil,
  };
  refused(many, /matches no linear layer|is left out by/);
  model.dispose();
});

test("a plan compiles each expression once, and none for plain names", async () => {
  const model = await tinyModel("bert");
  const compilations = mock.method(RE2JS, "compile");
  const plan = (config: Record<string, unknown>): number => {
    const before = compilations.mock.callCount();
    const json = { peft_type: "LORA", task_type: "SEQ_CLS", target_modules: ["query"], ...config };
    const problems = new Problems("The adapter");
    const { layers } = planAdapter(model, parsePeftConfig(json, "x").config, { problems, strict: false });
    assert.ok(layers.length > 0 && problems.count === 0);
    return compilations.mock.callCount() - before;
  };
  const names = Array.from({ length: 1500 }, (_, i) => `nowhere.m${i}`);
  const patterns = Array.from({ length: 200 }, (_, i) => `nowhere[${i}]+x${i}`);
  assert.equal(plan({ modules_to_save: names }), 0);
  assert.equal(plan({ layers_to_transform: [0], layers_pattern: [...names, "layer"] }), 0);
  const keys = { rank_pattern: Object.fromEntries(patterns.map((key) => [key, 2])) };
  const numbered = { layers_to_transform: [0], layers_pattern: [...patterns.slice(1), "layer"] };
  assert.equal(plan({ modules_to_save: patterns, ...numbered, ...keys }), 599);
  compilations.mock.restore();
  model.dispose();
});
