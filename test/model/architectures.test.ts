import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { saveModelFolder } from "../../src/classifier/save-model-folder";
import { ARCHITECTURES } from "../../src/model/architectures/index";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors, type TensorToWrite } from "../../src/model/weights/write-safetensors";
import { sharedOps } from "../../src/ops/shared-ops";
import { ARCHITECTURES as PARITY } from "../parity/architectures";
import { expectedArchitecture } from "./architecture-fixtures";
import { fixtureDirectory } from "./fixture";
import { ARCHITECTURE_FIXTURES, FURTHER_MODELS } from "./further-models";

const ops = sharedOps();
let folder = "";
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "tslora-architecture-"))));
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  assert.equal(ops.alive(), 0, "tensors are left behind");
});

const load = (directory: string) => loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });

async function tensorsOf(directory: string): Promise<TensorToWrite[]> {
  const file = await openSafetensors(join(directory, "model.safetensors"));
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of file.entries.values())
    tensors.push({ name, shape, values: await file.readFloats(name) });
  await file.close();
  return tensors;
}

/** A copy of a tiny model with other weights or other fields in config.json. */
async function changed(
  fixture: string,
  change: { tensors?: (given: TensorToWrite[]) => TensorToWrite[]; config?: Record<string, unknown> },
): Promise<string> {
  const directory = join(folder, fixture);
  await cp(fixtureDirectory(fixture), directory, { recursive: true });
  const tensors = await tensorsOf(directory);
  await writeSafetensors(join(directory, "model.safetensors"), {
    tensors: change.tensors?.(tensors) ?? tensors,
    metadata: { format: "pt" },
  });
  const path = join(directory, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...config, ...change.config }));
  return directory;
}

/** Asserts that a folder is refused in one short message that names what is wrong. */
async function refused(directory: string, ...words: readonly string[]): Promise<void> {
  await assert.rejects(load(directory), (error: unknown) => {
    assert.ok(error instanceof TsloraError, String(error));
    for (const word of words) assert.ok(error.message.includes(word), `"${word}" is not in: ${error.message}`);
    assert.ok(error.message.length < 2000, `${error.message.length} characters`);
    return true;
  });
}

for (const fixture of FURTHER_MODELS) {
  const { mostTokens } = expectedArchitecture(fixture);

  test(`${fixture}: accepts as many tokens as transformers does`, async () => {
    const { model } = await load(fixtureDirectory(fixture));
    assert.equal(model.config.maxTokens, mostTokens ?? model.config.maxPositionEmbeddings);
    model.dispose();
  });

  test(`${fixture}: a saved folder holds every weight under transformers' name, to the bit`, async () => {
    const source = fixtureDirectory(fixture);
    const { model } = await load(source);
    const directory = join(folder, "saved");
    await saveModelFolder(model, {
      directory,
      source,
      labels: ["NEGATIVE", "POSITIVE"],
      problemType: "single_label_classification",
    });
    model.dispose();
    const sorted = (tensors: readonly TensorToWrite[]): readonly TensorToWrite[] =>
      [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(sorted(await tensorsOf(directory)), sorted(await tensorsOf(source)));
    const [before, after] = await Promise.all(
      [source, directory].map(async (from) => JSON.parse(await readFile(join(from, "config.json"), "utf8")) as object),
    );
    for (const [name, value] of Object.entries(before))
      if (!["transformers_version", "dtype"].includes(name))
        assert.deepEqual((after as Record<string, unknown>)[name], value, name);
  });

  test(`${fixture}: without its encoder's prefix the weights are the same`, async () => {
    const prefix = /^(roberta|electra|mpnet|albert|model|deberta)\./;
    const bare = await changed(fixture, {
      tensors: (tensors) => tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(prefix, "") })),
    });
    const { model, newlyInitialized, unused } = await load(bare);
    assert.deepEqual([newlyInitialized, unused], [[], []]);
    const wanted = new Map((await tensorsOf(fixtureDirectory(fixture))).map(({ name, values }) => [name, values]));
    for (const parameter of model.parameters())
      assert.deepEqual(await parameter.read(), wanted.get(parameter.name), parameter.name);
    model.dispose();
  });

  test(`${fixture}: each weight of the encoder that is missing or of another shape is refused by its name`, async () => {
    const names = (await tensorsOf(fixtureDirectory(fixture))).map(({ name }) => name);
    const ofEncoder = names.filter((name) => /^(roberta|electra|mpnet|albert\.e|model|deberta)/.test(name));
    assert.ok(ofEncoder.length > 20);
    // of each part once: its last occurrence
    const parts = [...new Map(ofEncoder.map((name) => [name.replace(/\d+/g, "#"), name])).values()];
    const twice = (values: TensorToWrite["values"]): Float32Array =>
      values instanceof Float32Array ? Float32Array.of(...values, ...values) : assert.fail("values are read later");
    for (const [i, missing] of parts.entries()) {
      const grown = parts[(i + 1) % parts.length];
      const directory = await changed(fixture, {
        tensors: (tensors) =>
          tensors
            .filter(({ name }) => name !== missing)
            .map(({ name, shape, values }) =>
              name === grown
                ? { name, shape: [2 * shape[0], ...shape.slice(1)], values: twice(values) }
                : { name, shape, values },
            ),
      });
      await refused(directory, `"${missing}"`, `"${grown}"`);
    }
  });
}

/** Fields that no encoder here can follow, by tiny model; each message names the field. */
const WRONG: readonly (readonly [fixture: string, field: string, value: unknown])[] = [
  ["xlm-roberta", "position_embedding_type", "relative_key"],
  ["camembert", "hidden_act", "swish7"],
  ["electra", "embedding_size", 0],
  ["mpnet", "relative_attention_num_buckets", 0],
  ["mpnet", "relative_attention_num_buckets", 31],
  ["albert", "num_hidden_groups", 0],
  ["albert", "inner_group_num", -1],
  ["albert", "embedding_size", 1.5],
  ["modernbert", "classifier_pooling", "max"],
  ["modernbert", "local_attention", -2],
  ["modernbert", "layer_types", ["full_attention"]],
  ["modernbert", "layer_types", ["full_attention", "chunked", "full_attention", "full_attention"]],
  ["modernbert", "rope_parameters", { full_attention: { rope_type: "yarn", rope_theta: 1e4, factor: 2 } }],
  ["modernbert-mean", "global_rope_theta", "fast"],
  ["modernbert-mean", "global_attn_every_n_layers", 0],
  ["deberta-v2", "pos_att_type", "p2p"],
  ["deberta-v2", "conv_kernel_size", 3],
  ["deberta-v2", "norm_rel_ebd", "batch_norm"],
  ["deberta-v2", "position_buckets", "many"],
  ["deberta-v2", "share_att_key", "yes"],
];

for (const [fixture, field, value] of WRONG.filter(([each]) => FURTHER_MODELS.includes(each)))
  test(`${fixture}: "${field}": ${JSON.stringify(value)} is refused by its name`, async () => {
    await refused(await changed(fixture, { config: { [field]: value } }), field);
  });

test("another model type is refused in one line that names the supported ones", async () => {
  const known = ARCHITECTURES.map(({ modelType }) => `"${modelType}"`);
  for (const type of ["deberta", "t5", "longformer", "gpt2"]) {
    const directory = await changed("roberta", { config: { model_type: type } });
    await refused(directory, `"${type}"`, ...known);
    await rm(directory, { recursive: true });
  }
});

test("every architecture has tiny models and is in the parity tests", () => {
  for (const { modelType } of ARCHITECTURES) {
    const { fixtures } = PARITY[modelType];
    assert.ok(fixtures.length > 0);
    assert.deepEqual(ARCHITECTURE_FIXTURES[modelType] ?? [modelType], fixtures);
  }
});
