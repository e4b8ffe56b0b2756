import assert from "node:assert/strict";
import { test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { PEFT_PREFIX } from "../../src/lora/adapter";
import { ownerOf } from "../../src/lora/module-tree";
import { train } from "../../src/training/train";
import { expectWithin } from "../ops/expect-within";
import { expectedOf, gradientsOf, referenceOf, TINY_MODELS, trainAll } from "../model/fixture";
import { ops, scramble, tinyClassifier, tinyModel, weightsOf } from "./tiny";

const texts = ["2 11 5 3", "2 7 7 9 30 41 3", "2 3"];
const logits = async (c: SequenceClassifier): Promise<Float32Array> => c.predictLogits(texts);

/** Names of a model's embeddings, in the order of its weights. */
async function embeddingsOf(kind: string): Promise<string[]> {
  const model = await tinyModel(kind);
  const names = model
    .parameters()
    .map(({ name }) => name)
    .filter((name) => name.endsWith("embeddings.weight"));
  model.dispose();
  return names;
}

/** Tiny models whose positions are counted from the pad token's id: PyTorch does not train that position. */
const COUNTED_FROM_PAD = ["roberta", "xlm-roberta", "camembert", "mpnet"];

for (const kind of TINY_MODELS) {
  test(`${kind}: the gradients of an adapter's embeddings are those of full training, and the pad token's rows get none`, async () => {
    const names = await embeddingsOf(kind);
    assert.ok(names.length >= 1, kind);
    const { documents, labels } = expectedOf(kind);
    const c = await tinyClassifier(kind);
    const { padTokenId = 0 } = c.model.config;
    const expected = { documents: [...documents.slice(0, 4), [2, 8, padTokenId, 19, padTokenId, 3]], labels };
    c.addAdapter({ r: 2, modulesToSave: names.map(ownerOf) }); // B is 0: the model computes as without the adapter
    const { gradients } = await gradientsOf(c.model, expected);
    const full = await referenceOf(kind, { expected, prepare: trainAll });
    for (const name of names) {
      const found = gradients.get(`${PEFT_PREFIX}${name}`);
      const bounded = full.gradients.get(name);
      assert.ok(found !== undefined && bounded !== undefined, name);
      expectWithin(found, bounded, { what: name, scale: full.scale });
      const width = c.model.config.hiddenSize;
      const row = found.subarray(padTokenId * width, (padTokenId + 1) * width);
      const isPadded = /word_|tok_/.test(name) || (COUNTED_FROM_PAD.includes(kind) && name.includes("position"));
      if (isPadded) assert.ok(row.every((value) => Object.is(Math.abs(value), 0)));
      assert.ok(
        found.some((value) => value !== 0),
        `${name} is trained`,
      );
    }
    c.dispose();
  });
}

test("training changes an adapter's own embeddings, and not the model's, another adapter's or the pad token's row", async () => {
  const c = await tinyClassifier("bert");
  const [own, plain] = [await weightsOf(c.model), await logits(c)];
  const modulesToSave = ["word_embeddings", "position_embeddings", "token_type_embeddings"];
  const one = c.addAdapter({ r: 2, modulesToSave }, { name: "one" });
  c.addAdapter({ r: 2, modulesToSave }, { name: "two" });
  await scramble(c.adapter?.parameters() ?? []);
  const words = [...one.saved].find(([{ name }]) => name.includes("word_embeddings"))?.[1];
  assert.ok(words !== undefined);
  const before = Float32Array.from(await words.read());
  const data = ["2 0 5 3", "2 7 7 9 0 41 3", "2 3", "2 30 0 3"].map((text, i) => ({ text, label: i % 2 }));
  for await (const event of train(c, { train: data, maxSteps: 3, weightDecay: 0, learningRate: 0.01 }))
    assert.ok(event.type !== "step" || Number.isFinite(event.loss));
  const after = await words.read();
  const width = words.shape[1];
  const moved = (token: number): boolean =>
    after.subarray(token * width, (token + 1) * width).some((value, i) => value !== before[token * width + i]);
  assert.deepEqual([0, 1, 2, 3, 5, 7].map(moved), [false, false, true, true, true, true]); // 0 pads, 1 does not occur
  const first = await logits(c);
  assert.deepEqual(await weightsOf(c.model), own);
  c.setAdapter("two");
  assert.deepEqual(await logits(c), plain);
  c.setAdapter("one");
  assert.deepEqual(await logits(c), first);
  c.disableAdapter();
  assert.deepEqual(await logits(c), plain);
  c.enableAdapter();
  c.deleteAdapter("one");
  assert.deepEqual(await logits(c), plain);
  c.unload();
  assert.deepEqual(await weightsOf(c.model), own);
  c.dispose();
});

test("adapters with different embeddings are combined only with one of them named", async () => {
  const c = await tinyClassifier("distilbert");
  const alive = ops.alive();
  for (const [i, name] of ["one", "two"].entries()) {
    const adapter = c.addAdapter({ r: 2, modulesToSave: ["word_embeddings"] }, { name });
    await scramble(
      [...adapter.saved.values()].filter((copy) => copy.name.includes("word_embeddings")),
      i + 1,
    );
  }
  const options = { adapters: ["one", "two"], weights: [1, 1], name: "both", combinationType: "cat" } as const;
  await assert.rejects(c.addWeightedAdapter(options), /heads \(or other modulesToSave\) differ/);
  const both = await c.addWeightedAdapter({ ...options, head: "two" });
  c.setAdapter("two");
  const two = await logits(c);
  c.setAdapter("both"); // every B is 0
  assert.deepEqual(await logits(c), two);
  assert.equal(both.saved.size, c.adapter?.saved.size);
  c.unload();
  await logits(c);
  assert.equal(ops.alive(), alive);
  c.dispose();
});
