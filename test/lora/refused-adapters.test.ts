import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadAdapter } from "../../src/lora/load-adapter";
import { AdapterSet } from "../../src/lora/adapter-set";
import { saveAdapter } from "../../src/lora/save-adapter";
import { legacyFile, pickle } from "../model/torch/torch-bytes";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors, type TensorToWrite } from "../../src/model/weights/write-safetensors";
import { fixtureDirectory } from "../model/fixture";
import { goldenFolder, loadOnto, ops, predict, tinyModel } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-refused-"))));
after(() => rm(folder, { recursive: true, force: true }));

/** A folder with an adapter, its configuration changed, and its tensors by `change`. */
async function spoiled(
  name: string,
  config: Record<string, unknown>,
  change: (tensors: Map<string, readonly number[]>) => void = () => undefined,
): Promise<string> {
  const directory = join(folder, "spoiled");
  await rm(directory, { recursive: true, force: true });
  await cp(goldenFolder(name), directory, { recursive: true });
  const json = JSON.parse(await readFile(join(directory, "adapter_config.json"), "utf8")) as Record<string, unknown>;
  await writeFile(join(directory, "adapter_config.json"), JSON.stringify({ ...json, ...config }));
  const file = await openSafetensors(join(goldenFolder(name), "adapter_model.safetensors"));
  const shapes = new Map([...file.entries.values()].map((entry) => [entry.name, entry.shape] as const));
  change(shapes);
  const tensors = [...shapes].map(([key, shape]) => ({
    name: key,
    shape,
    values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  }));
  await file.close();
  await writeSafetensors(join(directory, "adapter_model.safetensors"), { tensors });
  return directory;
}

test("a file that does not fit is refused with every key at fault, and the model stays as it was", async () => {
  const model = await tinyModel("bert");
  const plain = await predict(model, "bert");
  const alive = ops.alive();
  const refused = async (directory: string, message: RegExp): Promise<void> => {
    await assert.rejects(loadOnto(model, directory), message);
    assert.equal(ops.alive(), alive);
  };
  const query = "base_model.model.bert.encoder.layer.0.attention.self.query";
  await refused(join(fixtureDirectory("distilbert"), "adapter"), /matches no linear layer/);
  await refused(await spoiled("bert-dora", { r: 2 }), /lora_A\.weight" must be \[2, 12\]; got \[3, 12\][\s\S]*lora_B/);
  await refused(await spoiled("bert-dora", { target_modules: ["query"] }), /value\.lora_A\.weight" is unexpected/);
  await refused(await spoiled("bert-dora", { use_dora: false }), /lora_magnitude_vector" is unexpected/);
  await refused(
    await spoiled("bert-patterns", { use_dora: true }),
    /lora_magnitude_vector" of shape \[12\] is missing/,
  );
  await refused(await spoiled("bert-layers", { bias: "none" }), /query\.base_layer\.bias" is unexpected/);
  await refused(await spoiled("bert-layers", { bias: "all" }), /LayerNorm\.bias" of shape \[12\] is missing/);
  const several = (tensors: Map<string, readonly number[]>): void => {
    tensors.delete(`${query}.lora_A.weight`);
    tensors
      .set(`${query}.lora_B.weight`, [12, 4])
      .set("base_model.model.classifier.weight", [3, 12])
      .set("base_model.model.score.weight", [1]);
  };
  await refused(
    await spoiled("bert-dora", {}, several),
    /query\.lora_A\.weight" of shape \[3, 12\] is missing[\s\S]*query\.lora_B\.weight" must be \[12, 3\]; got \[12, 4\][\s\S]*classifier\.weight" must be \[2, 12\]; got \[3, 12\][\s\S]*score\.weight" is unexpected/,
  );
  const directory = await spoiled("bert-dora", {});
  const bytes = await readFile(join(directory, "adapter_model.safetensors"));
  await writeFile(join(directory, "adapter_model.safetensors"), bytes.subarray(0, bytes.length - 7));
  await refused(directory, /not a whole safetensors file/);
  await rm(join(directory, "adapter_model.safetensors"));
  await refused(directory, /cannot be opened/);
  await writeFile(join(directory, "adapter_model.bin"), "");
  await refused(directory, /adapter_model\.bin is not a whole file of torch\.save: it is empty/);
  const malicious = [pickle.proto(), pickle.global("os", "system"), pickle.stop];
  await writeFile(join(directory, "adapter_model.bin"), legacyFile(malicious));
  await refused(directory, /this file asks to call os\.system/);
  await refused(join(folder, "nowhere"), /adapter_config\.json cannot be read/);
  await writeFile(join(directory, "adapter_config.json"), "[]");
  await refused(directory, /must hold a JSON object/);
  await writeFile(join(directory, "adapter_config.json"), "{");
  await refused(directory, /is not JSON/);
  assert.deepEqual(await predict(model, "bert"), plain);
  model.dispose();
});

test("values of the wrong type or that tslora does not support are refused together; unknown keys are reported", async () => {
  const model = await tinyModel("bert");
  const load = async (config: Record<string, unknown>): Promise<readonly string[]> => {
    const { set, unknownKeys, idle } = await loadOnto(model, await spoiled("bert-dora", config));
    set.dispose();
    return [...unknownKeys, ...idle];
  };
  const refused = async (config: Record<string, unknown>, message: RegExp): Promise<void> => {
    await assert.rejects(load(config), message);
  };
  await refused(
    { r: "3", lora_alpha: null, lora_dropout: 1, use_dora: 1, use_rslora: "no", bias: "some" },
    /r must be a whole number above 0; got "3"[\s\S]*lora_dropout must be[\s\S]*bias must be[\s\S]*use_rslora[\s\S]*use_dora/,
  );
  await refused(
    { target_modules: 4, exclude_modules: {}, modules_to_save: "classifier" },
    /modules_to_save must be a list of names[\s\S]*target_modules must be a list of names or a pattern[\s\S]*exclude_modules/,
  );
  await refused({ target_modules: null }, /target_modules must be a list of names or a pattern; got null/);
  await refused(
    { rank_pattern: { query: 1.5, "(": 2 }, alpha_pattern: [] },
    /"query" must be a whole number above 0; got 1.5[\s\S]*"\(" is not a regular expression[\s\S]*alpha_pattern must be a record/,
  );
  await refused(
    { layers_to_transform: "0", layers_pattern: 3 },
    /layers_to_transform must be[\s\S]*layers_pattern must be/,
  );
  await refused(
    { target_modules: ".*query", layers_to_transform: [0], layers_pattern: "layer" },
    /layers_to_transform needs a list of names for target_modules[\s\S]*layers_pattern needs a list of names for target_modules/,
  );
  await refused({ layers_pattern: "layer" }, /layers_pattern needs layers_to_transform too/);
  await refused(
    { peft_type: "LOHA", task_type: "CAUSAL_LM" },
    /peft_type must be "LORA"; got "LOHA"[\s\S]*task_type must be "SEQ_CLS" or null/,
  );
  for (const [key, value] of Object.entries({
    lora_bias: true,
    use_qalora: true,
    use_bdlora: {},
    trainable_token_indices: [1],
    layer_replication: [[0, 1]],
    target_parameters: ["x"],
    alora_invocation_tokens: [1],
    velora_config: {},
    arrow_config: {},
    monteclora_config: {},
    kasa_config: {},
    megatron_config: {},
  })) {
    await refused({ [key]: value }, new RegExp(`${key} is .*, which tslora does not support`));
  }
  for (const value of ["pissa_niter_4", "corda", "loftq", "lora_ga", "mica", 3])
    await refused({ init_lora_weights: value }, /init_lora_weights is/);
  assert.deepEqual(
    await load({ init_lora_weights: "orthogonal", some_new_key: 1, qalora_group_size: 8, loftq_config: {} }),
    ["some_new_key"],
  );
  const idle = await load({
    target_modules: ["query", "value", "output.dense", "q_lin"],
    rank_pattern: { k_lin: 3 },
    modules_to_save: ["classifier", "score", "nowhere"],
  });
  assert.deepEqual(idle, [
    'modulesToSave: no module\'s name ends in "nowhere"',
    'targetModules: "q_lin" matches no linear layer that is adapted',
    'rankPattern: "k_lin" matches no adapted layer',
  ]);
  model.dispose();
});

/** The tensors of a folder's adapter, changed by `change`, are written there again. */
async function rewritten(
  directory: string,
  change: (tensors: Map<string, TensorToWrite>) => void | Promise<void>,
): Promise<void> {
  const path = join(directory, "adapter_model.safetensors");
  const file = await openSafetensors(path);
  const tensors = new Map<string, TensorToWrite>();
  for (const { name, shape } of file.entries.values())
    tensors.set(name, { name, shape, values: await file.readFloats(name) });
  await file.close();
  await change(tensors);
  await writeSafetensors(path, { tensors: [...tensors.values()] });
}

test("lora_only without biases, as earlier peft saved it, takes the base's biases, with a notice; a part is refused", async () => {
  const model = await tinyModel("bert");
  const directory = join(folder, "lora-only");
  await cp(goldenFolder("bert-layers"), directory, { recursive: true });
  const isBias = (name: string): boolean => name.endsWith(".base_layer.bias");
  await rewritten(directory, (tensors) => {
    const first = [...tensors.keys()].find(isBias);
    assert.ok(first !== undefined && tensors.delete(first));
  });
  await assert.rejects(loadOnto(model, directory), /base_layer\.bias" of shape \[\d+\] is missing/);
  await rewritten(directory, (tensors) => {
    for (const name of [...tensors.keys()].filter(isBias)) tensors.delete(name);
  });
  const alive = ops.alive();
  const { set, adapter, idle } = await loadOnto(model, directory);
  assert.deepEqual(idle, [
    'bias "lora_only": the file holds no biases, as earlier versions of peft wrote it; the base\'s are used',
  ]);
  assert.ok(adapter.biases.size > 0);
  for (const [own, copy] of adapter.biases) assert.deepEqual(await copy.read(), await own.read());
  set.dispose();
  assert.equal(ops.alive(), alive);
  model.dispose();
});

test("MPNet's table, which earlier peft saved with bias all, is ignored if it is the model's, and refused otherwise", async () => {
  const model = await tinyModel("mpnet");
  const table = model.tables().find(({ name }) => name.endsWith("relative_attention_bias.weight"));
  assert.ok(table !== undefined);
  const name = `base_model.model.${table.name}`;
  const values = await table.read();
  const made = new AdapterSet(model, { seed: 1 });
  const directory = join(folder, "mpnet");
  await saveAdapter(made.add({ r: 1, bias: "all" }), { directory, baseModel: "tiny" });
  made.dispose();
  const withTable = (numbers: Float32Array): Promise<void> =>
    rewritten(directory, (tensors) => void tensors.set(name, { name, shape: table.shape, values: numbers }));
  await withTable(values);
  const { set, idle } = await loadOnto(model, directory);
  assert.deepEqual(idle, [`bias "all": earlier versions of peft saved ${name} too, which equals the base's`]);
  set.dispose();

  await withTable(values.map((value) => value + 1));
  await assert.rejects(
    loadOnto(model, directory),
    /relative_attention_bias\.weight" is not the model's: with bias "all", earlier versions of peft trained every weight .* add "relative_attention_bias" to modules_to_save/,
  );
  const path = join(directory, "adapter_config.json");
  const json = JSON.parse(await readFile(path, "utf8")) as { modules_to_save: string[] };
  json.modules_to_save.push("relative_attention_bias");
  await writeFile(path, JSON.stringify(json));
  const trained = await loadOnto(model, directory);
  assert.deepEqual(
    await trained.adapter.saved.get(table)?.read(),
    values.map((value) => value + 1),
  );
  trained.set.dispose();
  model.dispose();
});

test("a name that another adapter has is refused before any file is read", async () => {
  const model = await tinyModel("bert");
  const { set } = await loadOnto(model, goldenFolder("bert-layers"));
  await assert.rejects(
    loadAdapter(set, model, { directory: goldenFolder("bert-layers") }),
    /there is an adapter "default" already[\s\S]*one adapter of a model may train biases/,
  );
  await assert.rejects(
    loadAdapter(set, model, { directory: goldenFolder("bert-dora"), name: "no/folder" }),
    /an adapter's name must be/,
  );
  assert.deepEqual(set.names, ["default"]);
  set.dispose();
  assert.equal(new AdapterSet(model, { seed: 1 }).state, "none");
  model.dispose();
});
