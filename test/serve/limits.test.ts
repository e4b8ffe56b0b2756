import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { after, before, test } from "node:test";

import type { TextServer } from "../../src/serve/serve";
import { expectError, holdModel, send, start, tinyBase, writeAdapter, type Answer } from "./serving";
import { waitUntil } from "../base/wait-until";

let base: { folder: string; model: string };
let adapter: string;
let server: TextServer;

before(async () => {
  base = await tinyBase();
  adapter = await writeAdapter(base, { name: "a", seed: 1 });
  server = await start({
    model: base.model,
    adapters: { a: adapter },
    payloadLimit: 20_000,
    maxClientBatchSize: 4,
    maxQueue: 6,
    maxBatchTokens: 16,
    timeout: 60_000,
  });
});
after(async () => {
  await server.close();
  await rm(base.folder, { recursive: true, force: true });
});

const predict = (body: unknown, path = "/predict"): Promise<Answer> => send(`${server.url}${path}`, { body });
const metric = async (name: string): Promise<number> => {
  const { body } = await send(`${server.url}/metrics`, { method: "GET" });
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(String(body))?.[1]);
};

test("each invalid input gets one clear error", async () => {
  const invalid = { status: 422, type: "Validation" };
  const inputs = /`inputs` must be a string, a pair .* or a batch/;
  for (const wrong of [3, null, {}, ["a", "b", "c"], [["a"], "b"], [["a", "b", "c"]], [[]], [[3]], ["a", ["b"]]])
    expectError(await predict({ inputs: wrong }), { ...invalid, message: inputs });
  expectError(await predict({}), { ...invalid, message: /required property 'inputs'/ });
  expectError(await predict({ inputs: "a", trunctae: true }), {
    ...invalid,
    message: /additional properties.*trunctae/,
  });
  expectError(await predict({ inputs: "a", truncate: "yes" }), { ...invalid, message: /`truncate` must be boolean/ });
  for (const empty of ["", [""], [], [["w5"], [""]], ["", ""]])
    expectError(await predict({ inputs: empty }), { status: 422, type: "Empty", message: /`inputs` cannot be empty/ });
  expectError(await predict(Buffer.from('{"inputs": "a')), { ...invalid, message: /must be JSON/ });
  expectError(await predict(Buffer.from([...Buffer.from('{"inputs": "'), 0xff, 0xfe, 0x22, 0x7d])), {
    ...invalid,
    message: /must be UTF-8/,
  });
  expectError(await predict(Buffer.alloc(0)), { ...invalid, message: /./ });
  expectError(
    await send(`${server.url}/predict`, { body: Buffer.from("a"), headers: { "content-type": "text/plain" } }),
    {
      status: 415,
      type: "Validation",
      message: /application\/json/,
    },
  );
});

test("missing adapters and odd names get one clear error each", async () => {
  for (const name of ["b", "../../etc/passwd", "a\u0000", "", "🙂", "x".repeat(5000)])
    expectError(await predict({ inputs: "w5", adapter: name }), {
      status: 404,
      type: "NotFound",
      message: /there is no adapter .*There are "a"/s,
    });
  for (const path of ["b", "%2e%2e%2fa", "%00", encodeURIComponent("🙂"), "__proto__", "constructor"])
    expectError(await predict({ inputs: "w5" }, `/predict/${path}`), {
      status: 404,
      type: "NotFound",
      message: /there is no adapter/,
    });
  expectError(await predict({ inputs: "w5" }, "/predict/%zz"), { status: 422, type: "Validation", message: /invalid/ });
  expectError(await predict({ inputs: "w5", adapter: "b" }, "/predict/a"), {
    status: 422,
    type: "Validation",
    message: /differs from the one in the path/,
  });
  expectError(await predict({}, "/embed"), { status: 404, type: "NotFound", message: /no such route/ });
  assert.equal((await predict({ inputs: "w5", adapter: "a" }, "/predict/a")).status, 200);
});

test("bodies and batches above the limits are refused", async () => {
  const tooLong = { status: 413, type: "Validation" };
  expectError(await predict({ inputs: "w5 ".repeat(10_000) }), { ...tooLong, message: /larger than .*payload_limit/ });
  expectError(await predict({ inputs: Array.from({ length: 5 }, () => ["w5"]) }), {
    ...tooLong,
    message: /batch size 5 > maximum allowed batch size 4/,
  });
});

test("a full queue answers 429 with Retry-After, and the event loop answers while the model computes", async () => {
  const release = holdModel(server);
  const waiting = Array.from({ length: 2 }, () => predict({ inputs: Array.from({ length: 4 }, () => ["w5 w6"]) }));
  try {
    await waitUntil(async () => (await metric("tslora_queue_length")) === 4, { what: "four texts waited" });
    const answer = await predict({ inputs: [["w5"], ["w6"], ["w7"]] });
    expectError(answer, { status: 429, type: "Overloaded", message: /4 of 6 texts wait/ });
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.equal((await send(`${server.url}/health`, { method: "GET" })).status, 200);
  } finally {
    release();
  }
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
});

test("a request that is not answered in time gets 504, and leaves the queue", async () => {
  const brief = await start({ model: base.model, adapters: { a: adapter }, timeout: 300, maxBatchTokens: 16 });
  const release = holdModel(brief);
  const late = await Promise.all(
    Array.from({ length: 5 }, () => send(`${brief.url}/predict/a`, { body: { inputs: "w5 w6 w7" } })),
  );
  for (const answer of late) expectError(answer, { status: 504, type: "Timeout", message: /300 milliseconds/ });
  const { body } = await send(`${brief.url}/metrics`, { method: "GET" });
  assert.match(String(body), /^tslora_queue_length 0$/m);
  release();
  await waitUntil(async () => (await send(`${brief.url}/predict/a`, { body: { inputs: "w5" } })).status === 200, {
    what: "the server answered again",
  });
  await brief.close();
});

test("a request that does not arrive in time gets 408, whether its headers or its body is late", async () => {
  const brief = await start({ model: base.model, timeout: 300 });
  const head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  const answers = ["", "Content-Length: 50\r\n\r\n{"].map(async (rest) => {
    const socket = connect(brief.port, "127.0.0.1");
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => (text += part));
    const start = Date.now();
    socket.write(head + rest);
    await new Promise((resolve) => socket.once("close", resolve));
    assert.match(text, /^HTTP\/1\.1 408 .*"error_type":"Timeout"/s);
    assert.ok(Date.now() - start < 30_000, "Node's own limit of 60 s");
  });
  await Promise.all(answers);
  await brief.close();
});

test("if a client disconnects, its texts leave the queue", async () => {
  const release = holdModel(server);
  const controller = new AbortController();
  // One of them is computed, the other one waits, whichever arrives first.
  const others = [1, 2].map(() => predict({ inputs: [["w5"], ["w6"], ["w7"], ["w8"]] }));
  await waitUntil(async () => (await metric("tslora_queue_length")) === 4, { what: "the other texts waited" });
  const left = fetch(`${server.url}/predict`, {
    method: "POST",
    signal: controller.signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: [["w5"], ["w6"]] }),
  });
  await waitUntil(async () => (await metric("tslora_queue_length")) === 6, { what: "its texts waited" });
  controller.abort();
  await assert.rejects(left, /abort/i);
  await waitUntil(async () => (await metric("tslora_queue_length")) === 4, { what: "its texts left the queue" });
  release();
  for (const answer of await Promise.all(others)) assert.equal(answer.status, 200);
  const { body } = await send(`${server.url}/metrics`, { method: "GET" });
  assert.match(String(body), /tslora_requests_total{route="\/predict",status="499"} 1/);
});
