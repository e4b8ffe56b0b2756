import assert from "node:assert/strict";
import { test } from "node:test";

import { AdapterSet } from "../../src/lora/adapter-set";
import type { LoraConfig } from "../../src/lora/lora-config";
import { moduleTree } from "../../src/lora/module-tree";
import type { ClassificationModel } from "../../src/model/classification-model";
import { expectedArchitecture } from "../model/architecture-fixtures";
import { FURTHER_MODELS } from "../model/further-models";
import { tinyModel } from "./tiny";

/** Modules whose query and value "auto" adapts, for types without a default in peft. */
const OURS: Readonly<Record<string, RegExp>> = {
  camembert: /\.(query|value)$/,
  mpnet: /\.attn\.(q|v)$/,
  albert: /\.attention\.(query|value)$/,
  modernbert: /\.attn\.Wqkv$/,
};

/** The modules that an adapter changes, in the order of their names. */
function adaptedBy(model: ClassificationModel, targetModules: LoraConfig["targetModules"]): string[] {
  const set = new AdapterSet(model, { seed: 1 });
  const adapter = set.add({ r: 1, targetModules });
  const names = adapter
    .parameters()
    .flatMap(({ name }) => /^(?:base_model\.model\.)?(.*)\.lora_A\.weight$/.exec(name)?.[1] ?? []);
  set.dispose();
  return names.sort();
}

for (const fixture of FURTHER_MODELS) {
  const { modules, auto, allLinear } = expectedArchitecture(fixture);

  test(`${fixture}: modules have PyTorch's names and kinds`, async () => {
    const model = await tinyModel(fixture);
    assert.deepEqual(
      Object.fromEntries([...moduleTree(model)].sort()),
      Object.fromEntries(Object.entries(modules).sort()),
    );
    model.dispose();
  });

  test(`${fixture}: "all-linear" and "auto" select the modules that peft selects`, async () => {
    const model = await tinyModel(fixture);
    assert.deepEqual(adaptedBy(model, "all-linear"), [...allLinear].sort());
    const wanted = auto ?? allLinear.filter((name) => OURS[model.config.modelType].test(name));
    assert.ok(wanted.length > 0);
    assert.deepEqual(adaptedBy(model, "auto"), [...wanted].sort());
    model.dispose();
  });
}
