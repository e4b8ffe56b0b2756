import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { loadClassifier, serve, type TextServer } from "../../src/index";
import { alone, send, start, tinyBase, writeAdapters, type Scored } from "./serving";

const TEXTS = ["w5 w6", "w25 w26 w27 w7", "w30 w31 w32 w33 w34 w35 w36"];
const notices: string[] = [];
let base: { folder: string; model: string };
let folders: string[];
let server: TextServer;

before(async () => {
  base = await tinyBase();
  folders = await writeAdapters(base, [
    { name: "a", seed: 1 },
    { name: "b", seed: 2, config: { r: 3, targetModules: "all-linear" } },
  ]);
  const adapters = { a: folders[0], b: folders[1] };
  server = await start({ model: base.model, adapters, precision: "int8", onNotice: (text) => notices.push(text) });
});
after(async () => {
  await server.close();
  await rm(base.folder, { recursive: true, force: true });
});

test("adapters in 32 bits are served on a base in 8 bits, near the classifier in 32 bits", async () => {
  assert.ok(notices.some((text) => /^Precision int8: \d+ weights take /.test(text)));
  const found: number[] = [];
  for (const [name, folder] of [
    ["a", folders[0]],
    ["b", folders[1]],
    [undefined, undefined],
  ] as const) {
    const expected = await alone(base.model, folder, TEXTS);
    for (const [i, inputs] of TEXTS.entries()) {
      const { body } = await send(`${server.url}/predict`, { body: { inputs, adapter: name } });
      const [best] = body as Scored[];
      found.push(Math.abs(best.score - Math.max(...expected[i])));
    }
  }
  assert.ok(Math.max(...found) < 0.05, `apart by ${Math.max(...found)}`);
  assert.ok(Math.max(...found) > 0);
});

test("/info names the numbers that are computed with", async () => {
  const dtypeOf = async ({ url }: TextServer): Promise<unknown> =>
    ((await send(`${url}/info`, { method: "GET" })).body as Record<string, unknown>).model_dtype;
  assert.equal(await dtypeOf(server), "int8");
  const bf16 = await start({ model: base.model, precision: "bf16" });
  assert.equal(await dtypeOf(bf16), "float32", "bf16 is not used");
  await bf16.close();
});

test("a precision that is not known is refused, and loading takes the option too", async () => {
  await assert.rejects(
    serve({ model: base.model, port: 0, precision: "int4" as "int8" }),
    /precision must be "float32", "bf16" or "int8"; got "int4"/,
  );
  const classifier = await loadClassifier(base.model, { precision: "int8" });
  await assert.rejects(classifier.saveModel(base.folder), /must be 32-bit floats/);
  classifier.dispose();
});
