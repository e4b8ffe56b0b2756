import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { MixedPredictor, type MixedDocument } from "../../src/classifier/mixed-predictor";
import type { LoraConfig } from "../../src/lora/lora-config";
import { goldenFolder, goldens, ops, scramble, tinyClassifier } from "../lora/tiny";

let folder: string;
before(async () => (folder = await mkdtemp(join(tmpdir(), "tslora-mixed-"))));
after(() => rm(folder, { recursive: true, force: true }));

/** Token ids of texts of several lengths, some of them equal. */
const TEXTS = ["2 7 9 3", "2 11 3", "2 30 31 32 33 34 3", "2 12 13 3", "2 3", "2 40 41 42 8 9 10 11 3"];

/** Largest difference that rounding explains, for logits of the order of 1. */
const ROUNDING = 2e-5;

/** Logits of every text by the classifier with one adapter alone. */
async function alone(kind: string, directory: string | undefined): Promise<Float32Array> {
  const classifier = await tinyClassifier(kind);
  if (directory !== undefined) await classifier.loadAdapter(directory);
  const logits = await classifier.predictLogits(TEXTS);
  classifier.dispose();
  return logits;
}

/** Compares mixed passes over all adapters of a folder list, and the base, with each alone. */
async function expectEqual(
  kind: string,
  adapters: ReadonlyMap<string, string>,
): Promise<Map<string, string | undefined>> {
  const predictor = new MixedPredictor(await tinyClassifier(kind));
  const reasons = new Map<string, string | undefined>();
  for (const [name, directory] of adapters) reasons.set(name, (await predictor.add(name, directory)).alone);
  const names = [undefined, ...adapters.keys()];
  const documents = TEXTS.flatMap((text) =>
    names.map((adapter): MixedDocument => ({ document: { ids: Int32Array.from(text.split(" "), Number) }, adapter })),
  );
  const live = ops.alive();
  const logits = await predictor.predict(documents);
  const again = await predictor.predict(documents);
  assert.ok(ops.alive() - live < 200, "tensors leak"); // packed weights stay
  assert.deepEqual(again, logits);
  const settled = ops.alive();
  await predictor.predict(documents);
  assert.equal(ops.alive(), settled);
  for (const [position, name] of names.entries()) {
    const expected = await alone(kind, name === undefined ? undefined : adapters.get(name));
    TEXTS.forEach((text, i) => {
      for (const label of [0, 1]) {
        const found = logits[2 * (i * names.length + position) + label];
        assert.ok(
          Math.abs(found - expected[2 * i + label]) <= ROUNDING * Math.max(1, Math.abs(found)),
          `${kind}, ${name ?? "base"}, "${text}": ${found} is not ${expected[2 * i + label]}`,
        );
      }
    });
  }
  predictor.dispose();
  return reasons;
}

for (const kind of ["bert", "distilbert", "roberta"])
  test(`adapters of peft for ${kind} share passes, with the same results as each alone`, async () => {
    const of = Object.entries(goldens.adapters).filter(([, golden]) => golden.kind === kind);
    const reasons = await expectEqual(kind, new Map(of.map(([name]) => [name, goldenFolder(name)])));
    for (const [name, reason] of reasons)
      assert.equal(reason !== undefined, /embeddings|pissa|olora/.test(name), `${name}: ${reason}`);
  });

const CONFIGS: Readonly<Record<string, LoraConfig>> = {
  auto: { r: 2, targetModules: "auto" },
  wide: { r: 5, loraAlpha: 3, targetModules: "all-linear", useRslora: true },
  large: { r: 7, targetModules: "auto" },
  dora: { r: 3, targetModules: "all-linear", useDora: true },
};

for (const kind of [
  "albert",
  "albert-inner",
  "bert",
  "deberta-v2",
  "deberta-v2-own-keys",
  "distilbert",
  "electra",
  "modernbert",
  "modernbert-mean",
  "mpnet",
  "xlm-roberta",
])
  test(`LoRA, rsLoRA and DoRA of several ranks share passes on ${kind}`, async () => {
    const adapters = new Map<string, string>();
    for (const [name, config] of Object.entries(CONFIGS)) {
      const classifier = await tinyClassifier(kind);
      await scramble(classifier.addAdapter(config).parameters(), adapters.size + 1);
      adapters.set(name, join(folder, kind, name));
      await classifier.saveAdapter(join(folder, kind, name));
      classifier.dispose();
    }
    const reasons = await expectEqual(kind, adapters);
    const projects = kind.startsWith("deberta");
    for (const [name, reason] of reasons) assert.equal(reason !== undefined, projects, `${name}: ${reason}`);
  });

test("an adapter can be removed and another take its name", async () => {
  const predictor = new MixedPredictor(await tinyClassifier("bert"));
  const document = { ids: Int32Array.of(2, 7, 9, 3) };
  const cycle = async (golden: string): Promise<Float32Array> => {
    await predictor.add("a", goldenFolder(golden));
    const logits = await predictor.predict([{ document, adapter: "a" }]);
    predictor.remove("a");
    return logits;
  };
  const first = await cycle("bert-dora");
  assert.deepEqual(predictor.adapterNames, []);
  await assert.rejects(predictor.predict([{ document, adapter: "a" }]), /no adapter "a"/);
  assert.notDeepEqual(await cycle("bert-layers"), first);
  const live = ops.alive();
  assert.deepEqual(await cycle("bert-dora"), first);
  assert.equal(ops.alive(), live);
  predictor.dispose();
});

test("an adapter that does not fit is refused by name, and changes nothing", async () => {
  const predictor = new MixedPredictor(await tinyClassifier("bert"));
  await assert.rejects(predictor.add("a", goldenFolder("distilbert-pissa")), /distilbert-pissa does not fit the model/);
  await assert.rejects(predictor.add("a/b", goldenFolder("bert-dora")), /letters, digits, - and _/);
  assert.deepEqual(predictor.adapterNames, []);
  predictor.dispose();
});
