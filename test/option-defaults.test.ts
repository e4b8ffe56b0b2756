import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";

import { DEFAULT_SEED } from "../src/base/default-seed";
import { projectRoot } from "../src/base/project-root";
import { DEFAULT_TOKENS_PER_PASS } from "../src/classifier/predict-options";
import { DEFAULT_CONFIDENCE } from "../src/evaluation/intervals/interval";
import { EVA_DEFAULTS, LORA_ALPHA_PER_R, LORA_DEFAULTS } from "../src/lora/lora-config";
import { SERVE_DEFAULTS } from "../src/serve/serve-options";
import { resolveTrainOptions } from "../src/training/options/resolve-train-options";
import { TRAIN_OPTION_NAMES, trainDefaultText } from "../src/training/options/train-option-table";

/** The `@default` of each field of an interface; undefined where a field has none. */
function documentedDefaults(file: string, name: string): Map<string, string | undefined> {
  const path = join(projectRoot(), "src", file);
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);
  const found = source.statements.find(
    (one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === name,
  );
  assert.ok(found !== undefined, `${file} declares ${name}`);
  return new Map(
    found.members.map((member) => {
      const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === "default");
      const text = ts.getTextOfJSDocComment(tag?.comment)?.replace(/\s+/g, " ");
      return [member.name?.getText(source) ?? "", text];
    }),
  );
}

test("the documented defaults of train are those of its table", () => {
  const documented = documentedDefaults("training/options/train-options.ts", "TrainOptions");
  for (const name of TRAIN_OPTION_NAMES) assert.equal(documented.get(name), trainDefaultText(name), name);
  assert.deepEqual(
    [...documented.keys()],
    ["train", "validation", ...TRAIN_OPTION_NAMES, "signal"],
    "the table has the options' order",
  );
});

test("every default of train's table is a value that train takes", () => {
  for (const method of ["lora", "full"] as const)
    for (const problemType of ["single_label_classification", "multi_label_classification"] as const)
      for (const onGpu of [false, true]) {
        const context = { method, problemType, numLabels: 2, onGpu };
        const { greaterIsBetter, signal, ...values } = resolveTrainOptions({ train: [], validation: [] }, context);
        assert.ok(greaterIsBetter && signal === undefined);
        const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
        delete given.saveSteps; // needs a folder
        delete given.earlyStoppingThreshold; // needs a patience
        const again = resolveTrainOptions({ train: [], validation: [], ...given }, context);
        assert.deepEqual(again, { ...values, greaterIsBetter, signal });
      }
});

test("the documented defaults of LoraConfig are those that it has", () => {
  const documented = documentedDefaults("lora/lora-config.ts", "LoraConfig");
  const defaults = new Map<string, string>([
    ...Object.entries(LORA_DEFAULTS).map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
    ["loraAlpha", `${LORA_ALPHA_PER_R} * r`],
  ]);
  for (const [name, text] of documented) assert.equal(text, defaults.get(name), name);
  for (const name of defaults.keys()) assert.ok(documented.has(name), name);
  const ofEva = Object.entries(EVA_DEFAULTS).map(([name, value]): [string, string] => [name, String(value)]);
  assert.deepEqual([...documentedDefaults("lora/lora-config.ts", "EvaConfig")], ofEva);
});

test("documented defaults that several options share are the constants", () => {
  const shared: readonly [file: string, name: string, option: string, value: number][] = [
    ["classifier/predict-options.ts", "PredictOptions", "maxTokensPerPass", DEFAULT_TOKENS_PER_PASS],
    ["classifier/load-classifier.ts", "LoadClassifierOptions", "seed", DEFAULT_SEED],
    ["evaluation/evaluate.ts", "EvaluateOptions", "confidence", DEFAULT_CONFIDENCE],
    ["evaluation/evaluation.ts", "Predictions", "confidence", DEFAULT_CONFIDENCE],
    ["evaluation/intervals/bootstrap-interval.ts", "BootstrapOptions", "confidence", DEFAULT_CONFIDENCE],
    ["evaluation/intervals/bootstrap-interval.ts", "BootstrapOptions", "seed", DEFAULT_SEED],
    ["evaluation/comparison/compare-several.ts", "CompareSeveralOptions", "confidence", DEFAULT_CONFIDENCE],
    ["evaluation/comparison/compare-evaluations.ts", "CompareOptions", "confidence", DEFAULT_CONFIDENCE],
  ];
  for (const [file, name, option, value] of shared)
    assert.equal(documentedDefaults(file, name).get(option), String(value), `${name}.${option}`);
});

test("the documented defaults of serve are its own", () => {
  const documented = documentedDefaults("serve/serve-options.ts", "ServeOptions");
  for (const [name, value] of Object.entries(SERVE_DEFAULTS))
    assert.equal(documented.get(name), JSON.stringify(value), name);
});
