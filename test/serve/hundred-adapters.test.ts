import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";

import { alone, expectScores, send, start, tinyBase, writeAdapters, type Scored } from "./serving";

const ADAPTERS = 100;
const TEXTS = ["w5 w6 w7", "w25 w26"];

test("a hundred adapters answer at the same time, with the same results as alone, and the base is in memory once", async () => {
  const base = await tinyBase();
  const kinds = [{}, { r: 4, useRslora: true }, { targetModules: "all-linear" as const }, { useDora: true }];
  const names = Array.from({ length: ADAPTERS }, (_, i) => `adapter-${i}`);
  const folders = await writeAdapters(
    base,
    names.map((name, seed) => ({ name, seed, config: kinds[seed % kinds.length] })),
  );
  const adapters = Object.fromEntries(names.map((name, i) => [name, folders[i]]));
  const server = await start({ model: base.model, adapters });
  const asked = names.flatMap((name) => TEXTS.map((inputs) => ({ name, inputs })));
  const answers = await Promise.all(
    asked.map(({ name, inputs }) => send(`${server.url}/predict`, { body: { inputs, adapter: name } })),
  );
  const { body } = await send(`${server.url}/metrics`, { method: "GET" });
  const batches = Number(/^tslora_batch_size_count (\d+)$/m.exec(String(body))?.[1]);
  assert.ok(batches < asked.length, `${batches} batches for ${asked.length} texts`);
  for (const [i, name] of names.entries()) {
    const expected = await alone(base.model, folders[i], TEXTS);
    TEXTS.forEach((_, k) => {
      const answer = answers[i * TEXTS.length + k];
      assert.equal(answer.status, 200, name);
      expectScores(answer.body as Scored[], expected[k]);
    });
  }
  await server.close();
  await rm(base.folder, { recursive: true, force: true });
});
