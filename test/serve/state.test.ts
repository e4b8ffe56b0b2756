import SwaggerParser from "@apidevtools/swagger-parser";
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import type { TextServer } from "../../src/serve/serve";
import { LABELS, send, start, tinyBase, writeAdapter, type Answer } from "./serving";

let base: { folder: string; model: string };
let server: TextServer;

before(async () => {
  base = await tinyBase();
  const adapters = { a: await writeAdapter(base, { name: "a", seed: 1 }) };
  server = await start({ model: base.model, adapters });
});
after(async () => {
  await server.close();
  await rm(base.folder, { recursive: true, force: true });
});

const get = (path: string): Promise<Answer> => send(`${server.url}${path}`, { method: "GET" });

test("the server listens on loopback by default", () => {
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
});

test("/info describes the model, its adapters and the limits", async () => {
  const { status, body } = await get("/info");
  const info = body as Record<string, unknown>;
  assert.equal(status, 200);
  assert.equal(info.model_id, base.model);
  assert.equal(info.model_dtype, "float32");
  assert.deepEqual(info.model_type, {
    classifier: { id2label: { 0: "neg", 1: "pos" }, label2id: { neg: 0, pos: 1 } },
  });
  assert.equal(info.max_client_batch_size, 32);
  assert.equal(info.classifies_without_adapter, true);
  assert.deepEqual(info.adapters, [
    {
      name: "a",
      labels: [...LABELS],
      problem_type: "single_label_classification",
      takes_pairs: false,
      shares_passes: true,
    },
  ]);
});

test("/metrics counts requests by status, texts and tokens of batches, and times", async () => {
  const value = async (name: string): Promise<number> => {
    const line = String((await get("/metrics")).body)
      .split("\n")
      .find((each) => each.startsWith(`${name} `));
    return Number(line?.split(" ")[1] ?? 0);
  };
  const names = [
    'tslora_requests_total{route="/predict/:adapter",status="200"}',
    'tslora_requests_total{route="/predict",status="422"}',
    'tslora_request_duration_seconds_count{route="/predict/:adapter"}',
    "tslora_batch_size_sum",
    "tslora_tokens_total",
    "tslora_batch_tokens_sum",
  ];
  const before: number[] = [];
  for (const name of names) before.push(await value(name));
  await send(`${server.url}/predict/a`, { body: { inputs: [["w5 w6"], ["w7"]] } });
  await send(`${server.url}/predict`, { body: { inputs: 3 } });
  const added: number[] = [];
  for (const [i, name] of names.entries()) added.push((await value(name)) - before[i]);
  assert.deepEqual(added, [1, 1, 1, 2, 7, 7]);
  assert.equal(await value("tslora_queue_length"), 0);
  assert.equal(await value("tslora_adapters"), 1);
  assert.ok((await value('tslora_resident_memory_bytes{process="model"}')) > 1e6);
  assert.match((await get("/metrics")).headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
});

test("/openapi.json is a valid OpenAPI document of all routes", async () => {
  const { body } = await get("/openapi.json");
  const document = await SwaggerParser.validate(structuredClone(body) as never);
  assert.deepEqual(Object.keys(document.paths ?? {}).sort(), [
    "/adapters/{name}",
    "/health",
    "/info",
    "/metrics",
    "/predict",
    "/predict/{adapter}",
  ]);
  const { paths } = body as {
    paths: Record<string, Record<string, { requestBody: { content: Record<string, { schema: unknown }> } }>>;
  };
  const { schema } = paths["/predict"].post.requestBody.content["application/json"];
  assert.deepEqual(Object.keys((schema as { properties: object }).properties), [
    "inputs",
    "truncate",
    "raw_scores",
    "truncation_direction",
    "adapter",
  ]);
});
