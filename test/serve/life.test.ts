import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { after, before, test } from "node:test";

import { MAIN } from "../cli/tiny";
import { waitUntil } from "../base/wait-until";
import { expectError, send, start, tinyBase, writeAdapter, type Answer } from "./serving";

let base: { folder: string; model: string };
let adapter: string;
before(async () => {
  base = await tinyBase();
  adapter = await writeAdapter(base, { name: "a", seed: 1 });
});
after(() => rm(base.folder, { recursive: true, force: true }));

/** A `tslora serve` in a process of its own. */
interface Served {
  readonly process: ChildProcess;
  readonly url: string;
  readonly port: number;
  readonly exit: Promise<unknown[]>;
  readonly modelPid: number;
  printed(): string;
}

async function startProcess(port = 0): Promise<Served> {
  const args = [MAIN, "serve", "--model", base.model, "--adapter", `a=${adapter}`, "--port", String(port), "--json"];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TSLORA_ADMIN_TOKEN: "a-secret-of-many-characters" },
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const exit = once(child, "exit");
  await waitUntil(() => out.includes("\n") || child.exitCode !== null, { what: "the server listened" });
  assert.equal(child.exitCode, null, err);
  const { url, port: found } = JSON.parse(out) as { url: string; port: number };
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ").map(Number);
  return { process: child, url, port: found, exit, modelPid: children[0], printed: () => out + err };
}

const predict = (url: string): Promise<Answer> => send(`${url}/predict/a`, { body: { inputs: "w5 w6" } });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

for (const signal of ["SIGTERM", "SIGINT"] as const)
  test(`at ${signal} requests in flight are answered, new ones refused, and the exit code is 0`, async () => {
    const served = await startProcess();
    assert.equal((await predict(served.url)).status, 200);
    process.kill(served.modelPid, "SIGSTOP");
    const inFlight = predict(served.url);
    await waitUntil(
      async () => {
        const { body } = await send(`${served.url}/metrics`, { method: "GET" });
        return /^tslora_batch_size_count 2$/m.test(String(body));
      },
      { what: "the request was with the model" },
    );
    served.process.kill(signal);
    await waitUntil(async () => (await send(`${served.url}/health`, { method: "GET" })).status === 503, {
      what: "the server drained",
    });
    expectError(await predict(served.url), { status: 503, type: "Unhealthy", message: /ending/ });
    process.kill(served.modelPid, "SIGCONT");
    assert.equal((await inFlight).status, 200);
    assert.deepEqual(await served.exit, [0, null]);
    await waitUntil(() => !isAlive(served.modelPid), { what: "the model's process ended" });
    assert.match(served.printed(), /requests in flight are answered/);
    assert.ok(!served.printed().includes("a-secret-of-many-characters"));
  });

test("after kill -9 the model's process ends, and the server starts again on its port", async () => {
  const first = await startProcess();
  first.process.kill("SIGKILL");
  await first.exit;
  await waitUntil(() => !isAlive(first.modelPid), { what: "the model's process ended" });
  const second = await startProcess(first.port);
  assert.equal((await predict(second.url)).status, 200);
  second.process.kill("SIGTERM");
  assert.deepEqual(await second.exit, [0, null]);
});

test("if the model's process is killed, its requests fail and another one takes over", async () => {
  const notices: string[] = [];
  const server = await start({ model: base.model, adapters: { a: adapter }, onNotice: (text) => notices.push(text) });
  const before = await predict(server.url);
  const pid = server.modelPid ?? 0;
  process.kill(pid, "SIGSTOP");
  const lost = predict(server.url);
  await waitUntil(
    async () =>
      /^tslora_batch_size_count 2$/m.test(String((await send(`${server.url}/metrics`, { method: "GET" })).body)),
    { what: "the request was with the model" },
  );
  process.kill(pid, "SIGKILL");
  expectError(await lost, { status: 424, type: "Backend", message: /model's process failed/ });
  await waitUntil(
    async () => (await send(`${server.url}/health`, { method: "GET" })).status === 200 && server.modelPid !== pid,
    {
      what: "another process was ready",
    },
  );
  assert.deepEqual((await predict(server.url)).body, before.body);
  assert.ok(notices.some((text) => /SIGKILL/.test(text)));
  await server.close();
});

test("a connection that sends nothing, or half a request, does not keep the server from ending", async () => {
  const server = await start({ model: base.model });
  const sockets = ["", "POST /predict HTTP/1.1\r\nHost: a\r\n"].map((text) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => undefined);
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const cut = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  assert.equal((await predict(server.url)).status, 404); // connections are accepted in order
  let hasEnded = false;
  const ended = server.close().then(() => (hasEnded = true));
  try {
    await waitUntil(() => hasEnded, { what: "the server ended", limitMs: 60_000 });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await Promise.all([ended, cut]);
});

test("a port that is in use is an error, and nothing is left running", async () => {
  const server = await start({ model: base.model });
  await assert.rejects(start({ model: base.model, port: server.port }), /port \d+ of 127\.0\.0\.1 is in use/);
  await server.close();
});
