import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { LoraConfig } from "../../src/lora/lora-config";
import type { TextServer } from "../../src/serve/serve";
import { alone, expectError, expectScores, LABELS, send, start, tinyBase, writeAdapters, type Scored } from "./serving";

const CONFIGS: Readonly<Record<string, LoraConfig>> = {
  plain: {},
  wide: { r: 5, loraAlpha: 3, targetModules: "all-linear", useRslora: true },
  dora: { r: 3, useDora: true },
  bias: { bias: "all" },
  "more-biases": { bias: "lora_only" },
  norms: { modulesToSave: ["LayerNorm"] },
  words: { modulesToSave: ["word_embeddings"] },
  pissa: { initLoraWeights: "pissa" },
};
const TEXTS = ["w5 w6", "w25 w26 w27 w7", "w8", "w30 w31 w32 w33 w34 w35 w36"];

let base: { folder: string; model: string };
let folders: Record<string, string>;
let server: TextServer;

before(async () => {
  base = await tinyBase();
  const names = Object.keys(CONFIGS);
  const written = await writeAdapters(
    base,
    names.map((name, seed) => ({ name, seed: seed + 1, config: CONFIGS[name] })),
  );
  folders = Object.fromEntries(names.map((name, i) => [name, written[i]]));
  server = await start({ model: base.model, adapters: folders });
});
after(async () => {
  await server.close();
  await rm(base.folder, { recursive: true, force: true });
});

test("each kind of adapter, and the model without adapter, answers as the classifier does", async () => {
  const names = [undefined, ...Object.keys(CONFIGS)];
  const answers = await Promise.all(
    names.flatMap((adapter) =>
      TEXTS.map(
        async (inputs) => (await send(`${server.url}/predict`, { body: { inputs, adapter } })).body as Scored[],
      ),
    ),
  );
  for (const [position, name] of names.entries()) {
    const expected = await alone(base.model, name === undefined ? undefined : folders[name], TEXTS);
    expected.forEach((probabilities, i) => expectScores(answers[position * TEXTS.length + i], probabilities));
  }
});

test("inputs are a text, a pair or a batch, as in text-embeddings-inference", async () => {
  const url = `${server.url}/predict/plain`;
  const [first, pair] = await alone(base.model, folders.plain, ["w5 w6", ["w5", "w25"]]);
  for (const inputs of ["w5 w6", ["w5 w6"]]) {
    const { status, body } = await send(url, { body: { inputs } });
    assert.equal(status, 200);
    expectScores(body as Scored[], first);
  }
  expectScores((await send(url, { body: { inputs: ["w5", "w25"] } })).body as Scored[], pair);
  const batch = (await send(url, { body: { inputs: [["w5 w6"], ["w5", "w25"]] } })).body as Scored[][];
  expectScores(batch[0], first);
  expectScores(batch[1], pair);
  assert.equal(((await send(url, { body: { inputs: [["w5"]] } })).body as Scored[][]).length, 1);
});

test("raw scores are logits, in descending order", async () => {
  const { body } = await send(`${server.url}/predict/wide`, { body: { inputs: "w5 w6", raw_scores: true } });
  const scores = body as Scored[];
  const powers = scores.map(({ score }) => Math.exp(score));
  const [expected] = await alone(base.model, folders.wide, ["w5 w6"]);
  const sum = powers[0] + powers[1];
  expectScores(
    scores.map(({ label }, i) => ({ label, score: powers[i] / sum })),
    expected,
  );
});

test("a text that is too long is refused, or truncated if requested", async () => {
  const inputs = Array.from({ length: 100 }, (_, i) => `w${5 + (i % 40)}`).join(" ");
  const url = `${server.url}/predict/plain`;
  expectError(await send(url, { body: { inputs } }), {
    status: 413,
    type: "Validation",
    message: /at most \d+ tokens.*truncate/,
  });
  const cut = await send(url, { body: { inputs, truncate: true, truncation_direction: "right" } });
  assert.equal(cut.status, 200);
  const [expected] = await alone(base.model, folders.plain, [inputs]);
  expectScores(cut.body as Scored[], expected);
  const huge = await send(url, { body: { inputs: "w5 ".repeat(33_334), truncate: true } });
  assert.equal(huge.status, 200);
});

test("labels come from the run that trained the adapter, with any characters", async () => {
  const labels = ['a "quoted"\n\u0007 label', "\u202eпоз 🙂</script>"];
  const [folder] = await writeAdapters(base, [{ name: "odd", seed: 40 }]);
  await writeFile(join(folder, "training_args.json"), JSON.stringify({ model: base.model, labels }));
  const odd = await start({ model: base.model, adapters: { odd: folder, plain: folders.plain } });
  const { body } = await send(`${odd.url}/predict/odd`, { body: { inputs: "w5" } });
  expectScores(body as Scored[], (await alone(base.model, folder, ["w5"]))[0], labels);
  const plain = await send(`${odd.url}/predict/plain`, { body: { inputs: "w5" } });
  expectScores(plain.body as Scored[], (await alone(base.model, folders.plain, ["w5"]))[0], LABELS);
  await odd.close();
});

test("adapters of several labels, problem types and bases are refused by name", async () => {
  await assert.rejects(
    start({ model: base.model, adapters: { other: join(base.folder, "..", "nothing-here") } }),
    /adapter "other"/,
  );
  const other = await tinyBase();
  const config = join(other.model, "config.json");
  await writeFile(join(other.folder, "unused"), config);
  await assert.rejects(
    start({
      model: base.model,
      adapters: { foreign: join(process.cwd(), "test", "lora", "goldens", "distilbert-pissa") },
    }),
    /adapter "foreign".*distilbert-pissa does not fit the model/s,
  );
  await assert.rejects(start({ model: base.model, adapters: { "a/b": folders.plain } }), /letters, digits, - and _/);
  await rm(other.folder, { recursive: true, force: true });
});
