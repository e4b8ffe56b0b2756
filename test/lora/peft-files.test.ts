import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { saveAdapter } from "../../src/lora/save-adapter";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { SEVEN_DIGITS } from "../ops/expect-within";
import { expectedOf, expectGradients, expectLogits, gradientsOf, referenceOf } from "../model/fixture";
import { goldenFolder, goldens, loadOnto, makeKept, ops, predict, tinyClassifier, tinyModel, weightsOf } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-peft-"))));
after(() => rm(folder, { recursive: true, force: true }));

for (const [name, golden] of Object.entries(goldens.adapters)) {
  const { kind } = golden;

  test(`${name}: an adapter of peft gives peft's logits and gradients, up to 32-bit rounding of the double-precision ones, and counts`, async () => {
    const model = await tinyModel(kind);
    const own = await weightsOf(model);
    const { set, adapter, unknownKeys, idle } = await loadOnto(model, goldenFolder(name));
    assert.deepEqual([...unknownKeys, ...idle], []);
    const { logits, gradients } = await gradientsOf(model, expectedOf(kind));
    const expected = expectedOf(kind);
    const reference = await referenceOf(kind, { prepare: (on) => loadOnto(on, goldenFolder(name)) });
    for (const [what, numbers] of Object.entries({
      ours: { logits, gradients },
      peft: { ...golden, gradients: new Map(Object.entries(golden.gradients)) },
    })) {
      expectLogits(numbers.logits, reference, { expected, what, storage: SEVEN_DIGITS });
      expectGradients(numbers.gradients, reference, { what, storage: SEVEN_DIGITS });
    }
    assert.deepEqual(
      adapter
        .parameters()
        .map((p) => p.name)
        .sort(),
      Object.keys(golden.gradients).sort(),
    );
    set.dispose();
    assert.deepEqual(await weightsOf(model), own);
    model.dispose();

    const classifier = await tinyClassifier(kind);
    await classifier.loadAdapter(goldenFolder(name));
    assert.equal(classifier.trainableParametersLine(), golden.trainable);
    classifier.dispose();
  });

  test(`${name}: saved by tslora it equals peft's file bit for bit`, async () => {
    const model = await tinyModel(kind);
    const { set, adapter } = await loadOnto(model, goldenFolder(name));
    const wanted = await predict(model, kind);
    const directory = join(folder, name);
    const saved = await saveAdapter(adapter, { directory, baseModel: "tiny" });
    assert.deepEqual(saved, { directory, files: ["adapter_model.safetensors", "adapter_config.json"] });
    set.dispose();
    await loadOnto(model, directory);
    assert.deepEqual(await predict(model, kind), wanted);
    model.dispose();

    const [ours, theirs] = [
      await openSafetensors(join(directory, "adapter_model.safetensors")),
      await openSafetensors(join(goldenFolder(name), "adapter_model.safetensors")),
    ];
    for (const key of ours.entries.keys())
      assert.deepEqual(await ours.readFloats(key), await theirs.readFloats(key), key);
    // With bias "all" peft writes some of the head's biases twice more.
    const more = [...theirs.entries.keys()].filter((key) => !ours.entries.has(key));
    assert.ok(
      more.every((key) => /\.(modules_to_save|original_module)\.(.+\.)?bias$/.test(key)),
      more.join(),
    );
    await ours.close();
    await theirs.close();
    const read = async (from: string): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(join(from, "adapter_config.json"), "utf8")) as Record<string, unknown>;
    const config = await read(directory);
    const peftConfig = await read(goldenFolder(name));
    for (const [key, value] of Object.entries(config))
      if (key !== "auto_mapping") assert.deepEqual(value, peftConfig[key], key);
    const neutral = ["exclude_modules", "fan_in_fan_out"];
    for (const key of ["exclude_modules", "layers_to_transform", "use_dora", "bias", "init_lora_weights"])
      assert.ok(key in config || (neutral.includes(key) && peftConfig[key] === null), key);
  });
}

test("no tensor is left after adapters are deleted", async () => {
  const model = await tinyModel("distilbert");
  await predict(model, "distilbert");
  makeKept(model);
  (
    await loadOnto(
      model,
      goldenFolder(Object.keys(goldens.adapters).find((name) => goldens.adapters[name].kind === "distilbert") ?? ""),
    )
  ).set.dispose(); // weights that first tokens took as they were are let go of
  makeKept(model);
  const alive = ops.alive();
  for (const [name, { kind }] of Object.entries(goldens.adapters)) {
    if (kind !== "distilbert") continue;
    const { set } = await loadOnto(model, goldenFolder(name));
    await gradientsOf(model, expectedOf(kind));
    set.dispose();
    assert.equal(ops.alive(), alive, name);
  }
  model.dispose();
});
