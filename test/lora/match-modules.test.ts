import assert from "node:assert/strict";
import { test } from "node:test";

import { matchTarget, saves, type TargetOptions } from "../../src/lora/patterns/match-modules";
import { moduleTree } from "../../src/lora/module-tree";
import { matchesKey } from "../../src/lora/patterns/python-pattern";
import { goldens, tinyModel } from "./tiny";

for (const kind of ["bert", "distilbert", "roberta"] as const) {
  const { names, cases } = goldens.matching[kind];

  test(`${kind}: modules have the names that PyTorch gives them`, async () => {
    const model = await tinyModel(kind);
    assert.deepEqual([...moduleTree(model).keys()].sort(), [...names].sort());
    model.dispose();
  });

  test(`${kind}: ${cases.length} random configurations match the same modules as in peft`, () => {
    const kinds = { adapted: 0, some: 0 };
    for (const { options, matched, saved } of cases) {
      const given = (key: string): never => (options[key] ?? undefined) as never;
      const modulesToSave = [...((options.modules_to_save as string[] | undefined) ?? []), "classifier", "score"];
      const target: TargetOptions = {
        targetModules: given("target_modules"),
        excludeModules: given("exclude_modules"),
        modulesToSave,
        layersToTransform: given("layers_to_transform"),
        layersPattern: given("layers_pattern"),
      };
      assert.deepEqual(
        names.filter((name) => matchTarget(name, target) === "adapted"),
        matched,
        JSON.stringify(options),
      );
      assert.deepEqual(
        names.filter((name) => saves(modulesToSave, name)),
        saved,
        JSON.stringify(options),
      );
      kinds[matched.length > 0 ? "some" : "adapted"]++;
    }
    assert.ok(kinds.some > 20 && cases.length > 50);
  });
}

test("rank_pattern's keys find their layers as in peft: the first that matches a name's end", () => {
  for (const { keys, names, found } of goldens.matching.keys) {
    assert.deepEqual(
      names.map((name) => keys.find((key) => matchesKey(key, name)) ?? name),
      found,
    );
  }
});
