import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import type { Tensor } from "../../src/ops/tensor";
import { AdapterSet } from "../../src/lora/adapter-set";
import type { LoraConfig } from "../../src/lora/lora-config";
import { expectWithin, NOTHING, SEVEN_DIGITS } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import {
  expectedOf,
  expectGradients,
  expectLogits,
  fixtureDirectory,
  gradientsOf,
  maxDifference,
  referenceOf,
  TINY_MODELS,
} from "../model/fixture";
import { loadOnto, makeKept, ops, predict, scramble, tinyModel, weightsOf } from "./tiny";

for (const kind of TINY_MODELS) {
  test(`${kind}: an adapter that peft wrote gives peft's logits and gradients, up to 32-bit rounding of the double-precision ones`, async () => {
    const expected = expectedOf(kind);
    const model = await tinyModel(kind);
    const { set, unknownKeys } = await loadOnto(model, join(fixtureDirectory(kind), "adapter"));
    assert.deepEqual(unknownKeys, []);
    const { logits, gradients } = await gradientsOf(model, expected);
    const reference = await referenceOf(kind, {
      prepare: (on) => loadOnto(on, join(fixtureDirectory(kind), "adapter")),
    });
    for (const [what, numbers] of Object.entries({
      ours: { logits, gradients },
      peft: { ...expected.lora, gradients: new Map(Object.entries(expected.lora.gradients)) },
    })) {
      expectLogits(numbers.logits, reference, { expected, what, storage: SEVEN_DIGITS });
      expectGradients(numbers.gradients, reference, { what, storage: SEVEN_DIGITS });
    }
    set.dispose();
    model.dispose();
  });

  test(`${kind}: a new adapter changes no logit, trains only its own weights, and can be removed completely`, async () => {
    const model = await tinyModel(kind);
    const plain = await predict(model, kind);
    const own = await weightsOf(model);
    makeKept(model);
    const alive = ops.alive();
    const configs: LoraConfig[] = [
      { r: 2, targetModules: "all-linear", loraDropout: 0 },
      { r: 3, targetModules: "all-linear", useRslora: true, bias: "all", initLoraWeights: "gaussian" },
      { r: 1, bias: "lora_only", layersToTransform: 0 },
    ];
    for (const config of configs) {
      const set = new AdapterSet(model, { seed: 3 });
      const adapter = set.add(config);
      assert.deepEqual(await predict(model, kind), plain);
      const trained = [...(await gradientsOf(model, expectedOf(kind))).gradients.keys()];
      const names = adapter.parameters().map(({ name }) => name);
      assert.deepEqual(trained.sort(), [...names].sort());
      assert.equal(new Set(names).size, names.length);
      await scramble(adapter.parameters());
      assert.notDeepEqual(await predict(model, kind), plain);
      set.delete("default");
      assert.deepEqual(await predict(model, kind), plain);
      assert.deepEqual(await weightsOf(model), own);
      assert.equal(ops.alive(), alive);
      assert.ok(model.parameters().every(({ trainable }) => !trainable));
    }
    model.dispose();
  });

  for (const [what, config] of Object.entries({
    DoRA: { useDora: true },
    PiSSA: { initLoraWeights: "pissa" },
    OLoRA: { initLoraWeights: "olora" },
    "PiSSA with DoRA and rslora": { initLoraWeights: "pissa", useDora: true, useRslora: true },
  } satisfies Record<string, LoraConfig>)) {
    test(`${kind}: ${what} does not change the model's outputs before training, nor any bit of its weights`, async () => {
      const model = await tinyModel(kind);
      const plain = await predict(model, kind);
      const own = await weightsOf(model);
      const set = new AdapterSet(model, { seed: 3 });
      const adapter = set.add({ r: 3, targetModules: "all-linear", ...config });
      const sampled = await sampleRounding(async (on) => {
        const other = await tinyModel(kind, on);
        const [before, others] = [(await predict(other, kind)).flat(), new AdapterSet(other, { seed: 3 })];
        others.add({ r: 3, targetModules: "all-linear", ...config });
        return new Map([
          ["plain", before],
          ["adapted", (await predict(other, kind)).flat()],
        ]);
      });
      for (const [name, logits] of Object.entries({ plain, adapted: await predict(model, kind) }))
        expectWithin(logits.flat(), sampled.get(name) ?? NOTHING, { what: name });
      // In double precision both are equal, up to the 32 bits of the weights.
      expectWithin(sampled.get("adapted")?.values ?? [], sampled.get("plain") ?? NOTHING, {
        what: "in double precision",
      });
      for (const { a, b } of adapter.updates.values()) {
        const values = [...(await ops.read(a.value)), ...(await ops.read(b.value))];
        assert.ok(values.every(Number.isFinite) && values.some((x) => x !== 0));
      }
      set.setEnabled(false);
      assert.deepEqual(await predict(model, kind), plain);
      set.unload();
      assert.deepEqual(await predict(model, kind), plain);
      assert.deepEqual(await weightsOf(model), own);
      model.dispose();
    });
  }
}

test("PiSSA takes the largest singular values, OLoRA the first columns: the remaining weights have none of them", async () => {
  const model = await tinyModel("bert");
  for (const init of ["pissa", "olora"] as const) {
    const set = new AdapterSet(model, { seed: 1 });
    const adapter = set.add({ r: 4, loraAlpha: 3, initLoraWeights: init });
    for (const linear of model.linears()) {
      const update = adapter.updates.get(linear.module);
      if (update === undefined) continue;
      const read = async (make: () => Tensor): Promise<Float32Array> => {
        const tensor = ops.escape(() => ops.tidy(make));
        const values = Float32Array.from(await ops.read(tensor));
        ops.dispose(tensor);
        return values;
      };
      const taken = await read(() => ops.svd(ops.scale(ops.matMul(update.b.value, update.a.value), update.scaling)).s);
      const whole = await read(() => ops.svd(linear.weight.value).s);
      // Singular values move by a matrix's change at most (Weyl), and that is its rounding: a share of its norm by its
      // sizes.
      const share = 8 * linear.weight.shape.reduce((a, b) => a * b, 1) * 2 ** -24;
      const rounding = share * Math.hypot(...whole);
      if (init === "pissa") assert.ok(maxDifference(taken.subarray(0, 4), whole.subarray(0, 4)) <= rounding);
      assert.ok(
        taken.subarray(4).every((s) => s <= rounding),
        "of rank 4",
      );
      const gram = await read(() => ops.matMul(update.b.value, update.b.value, { transposeA: true }));
      gram.forEach((value, k) =>
        assert.ok(k % 5 === 0 || Math.abs(value) <= share * Math.max(...gram), "columns of B are orthogonal"),
      );
    }
    set.dispose();
  }
  model.dispose();
});

test('the same seed gives the same A in all versions; "gaussian" has the deviation 1 / r, and false also draws B', async () => {
  const model = await tinyModel("bert");
  const draw = async (config: LoraConfig, { seed = 1, name = "default" } = {}): Promise<Float32Array[]> => {
    const set = new AdapterSet(model, { seed });
    const adapter = set.add(config, { name });
    const values: Float32Array[] = [];
    for (const { a, b } of adapter.updates.values())
      values.push(Float32Array.from(await ops.read(a.value)), Float32Array.from(await ops.read(b.value)));
    set.dispose();
    return values;
  };
  const first = await draw({ r: 4 });
  assert.deepEqual(first, await draw({ r: 4 }));
  assert.notDeepEqual(first, await draw({ r: 4 }, { seed: 2 }));
  assert.notDeepEqual(first, await draw({ r: 4 }, { name: "other" }));
  first.forEach((values, i) =>
    assert.ok(values.every((x) => (i % 2 === 0 ? Math.abs(x) <= 1 / Math.sqrt(12) : x === 0))),
  );
  const random = new Random(1).fork("lora");
  assert.deepEqual(
    first[0],
    Float32Array.from(first[0], () => (2 * random.uniform() - 1) * (1 / Math.sqrt(12))),
  );

  const normal = (await draw({ r: 4, targetModules: "all-linear", initLoraWeights: "gaussian" }))
    .filter((_, i) => i % 2 === 0)
    .flatMap((values) => [...values]);
  const deviation = Math.sqrt(normal.reduce((sum, x) => sum + x * x, 0) / normal.length);
  assert.ok(Math.abs(deviation - 1 / 4) < 0.02, `${deviation} over ${normal.length}`);
  const both = await draw({ r: 4, initLoraWeights: false });
  both.forEach((values, i) =>
    assert.ok(values.every((x) => x !== 0 && Math.abs(x) <= (i % 2 === 0 ? 1 / Math.sqrt(12) : 1 / 2))),
  );
  model.dispose();
});

test("ranks and alphas are those of the first pattern that matches", async () => {
  const model = await tinyModel("bert");
  const set = new AdapterSet(model, { seed: 1 });
  const adapter = set.add({
    r: 4,
    loraAlpha: 6,
    targetModules: "all-linear",
    rankPattern: { "layer.0.*query": 2, query: 3, "pooler.dense": 1 },
    alphaPattern: { ".*\\.1\\..*": 9 },
    useRslora: true,
  });
  const of = (name: string): [number, number] => {
    const update = adapter.updates.get(name);
    assert.ok(update, name);
    return [update.a.shape[0], update.scaling];
  };
  assert.deepEqual(of("bert.encoder.layer.0.attention.self.query"), [2, 6 / Math.sqrt(2)]);
  assert.deepEqual(of("bert.encoder.layer.1.attention.self.query"), [3, 9 / Math.sqrt(3)]);
  assert.deepEqual(of("bert.encoder.layer.1.output.dense"), [4, 9 / 2]);
  assert.deepEqual(of("bert.pooler.dense"), [1, 6]);
  set.dispose();
  model.dispose();
});

test("all options out of range are listed in one error, and nothing is changed", async () => {
  const model = await tinyModel("distilbert");
  const set = new AdapterSet(model, { seed: 1 });
  const refused = (config: unknown, message: RegExp, name?: string): void => {
    const alive = ops.alive();
    assert.throws(() => set.add(config as LoraConfig, { name }), message);
    assert.equal(ops.alive(), alive);
    assert.equal(set.state, "none");
  };
  refused(
    { r: 0, loraAlpha: NaN, loraDropout: 1, targetModules: [] },
    /r must be[\s\S]*loraAlpha[\s\S]*loraDropout[\s\S]*targetModules: an empty list/,
  );
  refused({ r: 9 }, /from 1 to the model's width, 8; got 9/);
  refused({ targetModules: "(" }, /targetModules: "\(" is not a regular expression of Python's: missing \)/);
  refused({ targetModules: /Q_LIN/i }, /the pattern \(\?i\)Q_LIN matches no linear layer/);
  refused({ targetModules: /(?<name>q_lin)/ }, /Python/);
  refused({ rank: 3 }, /"rank" is not an option/);
  refused(
    { bias: "some", useDora: "yes", useRslora: 1 },
    /bias must be[\s\S]*useRslora must be true or false[\s\S]*useDora must be true or false/,
  );
  refused(
    { initLoraWeights: "loftq" as never },
    /initLoraWeights must be true, false, "gaussian", "pissa", "olora" or "eva"; got "loftq"/,
  );
  refused({ initLoraWeights: "pissa_niter_4" }, /"pissa" finds the same, exactly/);
  refused(
    { rankPattern: { q_lin: 0 }, alphaPattern: { "(": 1, v_lin: -1 } },
    /rankPattern: "q_lin" must be a whole number from 1 to 8; got 0[\s\S]*alphaPattern: "\(" is not a regular expression[\s\S]*alphaPattern: "v_lin" must be a number above 0/,
  );
  refused(
    { rankPattern: { k_lin: 2 }, alphaPattern: { query: 2 } },
    /rankPattern: "k_lin" matches no adapted layer[\s\S]*alphaPattern: "query" matches no adapted layer/,
  );
  refused({ targetModules: ".*q_lin", layersToTransform: 1 }, /layersToTransform needs a list/);
  refused(
    { targetModules: ".*q_lin", layersPattern: "layer" },
    /layersPattern needs a list[\s\S]*layersPattern needs layersToTransform/,
  );
  refused({ layersToTransform: [0, 7], layersPattern: "layer" }, /there is no layer 7 after "layer"/);
  refused({ layersToTransform: [-1] }, /layersToTransform must be a layer's number/);
  refused(
    { targetModules: ["lin"] },
    /"lin" matches no linear layer[\s\S]*distilbert\.transformer\.layer\.\*\.attention\.q_lin/,
  );
  refused({ targetModules: ["q_lin", "lin"] }, /"lin" matches no linear layer/);
  refused({ targetModules: "q_lin" }, /the pattern q_lin matches no linear layer/);
  refused(
    { targetModules: ["q_lin", "sa_layer_norm"] },
    /sa_layer_norm, a layer norm; only linear layers can be adapted/,
  );
  refused({ targetModules: ["word_embeddings"] }, /word_embeddings, an embedding/);
  refused(
    { targetModules: ".*attention.*" },
    /attention\.dropout, an activation or dropout[\s\S]*layer\.0\.attention, a module of several parts/,
  );
  refused({ targetModules: ["q_lin", "pre_classifier"] }, /pre_classifier cannot be adapted: it is fully trained/);
  refused({ targetModules: ["classifier"] }, /The head is always trained and is not adapted/);
  refused({ excludeModules: ["value"] }, /excludeModules: "value" matches no module/);
  refused(
    { excludeModules: /.*_lin/ },
    /targetModules: every module that "q_lin", "v_lin" matches is left out by excludeModules \("distilbert\.transformer\.layer\.0\.attention\.q_lin"/,
  );
  refused({ modulesToSave: ["pooler"] }, /no module's name ends in "pooler"/);
  refused(
    { modulesToSave: ["embeddings"] },
    /names distilbert\.embeddings\.word_embeddings and, around it, distilbert\.embeddings; name one of the two/,
  );
  refused({ modulesToSave: ["token_type_embeddings"] }, /no module's name ends in "token_type_embeddings"/);
  refused({ modulesToSave: ["transformer.layer"] }, /list of layers/);
  refused(
    { modulesToSave: ["ffn", "lin1"] },
    /names distilbert\.transformer\.layer\.0\.ffn\.lin1 and, around it, distilbert\.transformer\.layer\.0\.ffn/,
  );
  refused(
    { r: 8, targetModules: ["lin1"], rankPattern: { lin1: 9 } },
    /rankPattern: "lin1" must be a whole number from 1 to 8/,
  );
  refused({}, /an adapter's name must be of letters/, "a.b");
  model.dispose();
});
