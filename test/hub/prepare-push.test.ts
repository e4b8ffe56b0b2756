import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { projectRoot } from "../../src/base/project-root";
import { saveModelCard } from "../../src/hub/card/model-card";
import { preparePush } from "../../src/hub/push/prepare-push";
import { baseWithout, changeConfig, dropTensors } from "../lora/base-without";
import { FURTHER_MODELS } from "../model/further-models";
import { runToEnd, tokenizer } from "../training/tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-push-"))));
after(() => rm(folder, { recursive: true, force: true }));

test("a dry run lists the files to send, and refuses a folder without a complete adapter", async () => {
  await writeFile(join(folder, "adapter_config.json"), "{}");
  await assert.rejects(
    preparePush({ directory: folder, repoId: "me/it" }),
    /must hold adapter_config\.json and adapter_model\.safetensors or adapter_model\.bin[\s\S]*it holds adapter_config\.json/,
  );
  await writeFile(join(folder, "adapter_model.safetensors"), "12345");
  await saveModelCard(folder, {
    baseModel: "some/base",
    method: "lora",
    data: "zip",
    seed: 1,
    labels: ["A", "B"],
    metrics: [{ name: "accuracy", value: 0.9, interval: { low: 0.8, high: 0.95 } }],
  });
  const { files } = await preparePush({ directory: folder, repoId: "me/it" });
  assert.deepEqual(
    files.map(({ path }) => path),
    ["README.md", "adapter_config.json", "adapter_model.safetensors"],
  );
  assert.equal(files[2].size, 5);
  await assert.rejects(preparePush({ directory: folder, repoId: "it" }), /owner\/name; got "it"/);
  await assert.rejects(preparePush({ directory: join(folder, "none"), repoId: "me/it" }), /cannot be read/);
});

test("pushed files must include a trained head: an adapter and base without one, and a bare encoder, are refused", async () => {
  const base = await baseWithout("bert", { folder: join(folder, "base"), without: /^bert\.pooler\./ });
  const classifier = await loadClassifier(base, { tokenizer });
  classifier.addAdapter({ r: 2 });
  await runToEnd(classifier, { numTrainEpochs: 1 });
  const [whole, lacking] = [join(folder, "whole"), join(folder, "lacking")];
  for (const directory of [whole, lacking]) await classifier.saveAdapter(directory);
  classifier.dispose();
  assert.equal((await preparePush({ directory: whole, repoId: "me/it" })).files.length, 2);
  await dropTensors(lacking, /pooler/);
  await assert.rejects(
    preparePush({ directory: lacking, repoId: "me/it" }),
    /neither the adapter nor its base holds "bert\.pooler\.dense\.weight", "bert\.pooler\.dense\.bias"/,
  );
  await changeConfig(lacking, { base_model_name_or_path: "/not/on/this/machine" });
  await preparePush({ directory: lacking, repoId: "me/it" });
  await assert.rejects(
    preparePush({ directory: base, repoId: "me/it" }),
    /the folder does not hold "bert\.pooler\.dense\.weight"/,
  );
});

const fixture = (name: string): string => join(projectRoot(), "test", "fixtures", `tiny-${name}`);
const push = (directory: string): ReturnType<typeof preparePush> => preparePush({ directory, repoId: "me/it" });

test("pointers of Git LFS, as a clone without its large files has them, are not pushed as weights", async () => {
  const clone = join(folder, "clone");
  await cp(fixture("bert"), clone, { recursive: true });
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 417000\n`;
  await writeFile(join(clone, "model.safetensors"), pointer);
  await assert.rejects(push(clone), {
    code: "bad-input",
    message: /clone: "model\.safetensors" must be the files themselves; got pointers of Git LFS\. Run `git lfs pull`/,
  });
});

test("models and adapters of every type can be pushed, in either format and in parts", async () => {
  for (const name of ["bert", "distilbert", "roberta", "fp16", "sharded", "bin", "bin-sharded", ...FURTHER_MODELS])
    assert.ok((await push(fixture(name))).files.length >= 2, name);
  for (const name of ["bert", "distilbert", "roberta", "bin", ...FURTHER_MODELS])
    assert.ok((await push(join(fixture(name), "adapter"))).files.length >= 2, name);
});

test("an adapter on a base of pytorch_model.bin alone can be pushed, with its head and without", async () => {
  const trained = join(folder, "on-bin");
  const classifier = await loadClassifier(fixture("bin"), { tokenizer });
  classifier.addAdapter({ r: 2 });
  await runToEnd(classifier, { numTrainEpochs: 1 });
  await classifier.saveAdapter(trained);
  classifier.dispose();
  assert.deepEqual(
    (await push(trained)).files.map(({ path }) => path),
    ["adapter_config.json", "adapter_model.safetensors"],
  );
  await dropTensors(trained, /classifier/); // the base has a head
  await push(trained);
});

test("folders within are not sent, and an adapter of earlier versions of peft is read", async () => {
  const directory = join(folder, "nested");
  await cp(fixture("bin"), directory, { recursive: true });
  const { files, notSent } = await push(directory);
  assert.deepEqual(
    files.map(({ path }) => path),
    ["config.json", "pytorch_model.bin"],
  );
  assert.deepEqual(notSent, ["adapter/"]);
  const adapter = join(directory, "adapter");
  const bare = await baseWithout("bert", { folder: join(folder, "bare"), without: /^(classifier|bert\.pooler)\./ });
  await changeConfig(adapter, { base_model_name_or_path: bare });
  await assert.rejects(push(adapter), /neither the adapter nor its base holds "bert\.pooler\.dense\.weight"/);
});
