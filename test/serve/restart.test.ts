import assert from "node:assert/strict";
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { TextServer } from "../../src/serve/serve";
import { waitUntil } from "../base/wait-until";
import {
  alone,
  expectError,
  expectScores,
  holdModel,
  send,
  start,
  tinyBase,
  writeAdapters,
  type Answer,
  type Scored,
} from "./serving";

const TOKEN = "a-secret-of-many-characters";
const NAMES = ["a", "b", "c"] as const;

let base: { folder: string; model: string };
let folders: string[];
before(async () => {
  base = await tinyBase();
  folders = await writeAdapters(
    base,
    NAMES.map((name, i) => ({ name, seed: i + 1 })),
  );
});
after(() => rm(base.folder, { recursive: true, force: true }));

/** A server of the three adapters. */
function startAll(onNotice: (text: string) => void = () => undefined): Promise<TextServer> {
  const adapters = Object.fromEntries(NAMES.map((name, i) => [name, folders[i]]));
  return start({
    model: base.model,
    adapters,
    adminToken: TOKEN,
    adapterDirectory: join(base.folder, "adapters"),
    onNotice,
  });
}

const predict = ({ url }: TextServer, adapter: string): Promise<Answer> =>
  send(`${url}/predict/${adapter}`, { body: { inputs: "w5 w6" } });

const headers = { authorization: `Bearer ${TOKEN}` };
const put = ({ url }: TextServer, name: string, folder = name): Promise<Answer> =>
  send(`${url}/adapters/${name}`, { method: "PUT", body: { folder }, headers });
const remove = ({ url }: TextServer, name: string): Promise<Answer> =>
  send(`${url}/adapters/${name}`, { method: "DELETE", headers });

const healthOf = async ({ url }: TextServer): Promise<number> =>
  (await send(`${url}/health`, { method: "GET" })).status;

const kill = ({ modelPid }: TextServer): void => void process.kill(modelPid ?? NaN, "SIGKILL");

/** Waits for a process after the one with this number. */
const untilReady = (server: TextServer, { after: pid }: { after: number | undefined }): Promise<void> =>
  waitUntil(async () => server.modelPid !== pid && (await healthOf(server)) === 200, {
    what: "another process was ready",
  });

const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status);

test("if the model's process is killed during a DELETE, the adapter stays, and can be removed later", async () => {
  const server = await startAll();
  const pid = server.modelPid;
  holdModel(server);
  const lost = remove(server, "b");
  await waitUntil(() => !server.adapters.includes("b"), { what: "the process was asked" });
  kill(server);
  expectError(await lost, { status: 424, type: "Backend", message: /model's process failed/ });
  await untilReady(server, { after: pid });
  assert.deepEqual(statuses(await Promise.all(NAMES.map((name) => predict(server, name)))), [200, 200, 200]);
  assert.equal((await remove(server, "b")).status, 204);
  assert.equal((await put(server, "b")).status, 201);
  assert.equal((await predict(server, "b")).status, 200);
  await server.close();
});

test("a restart leaves out adapters whose files were changed or deleted, and serves the others", async () => {
  const notices: string[] = [];
  const server = await startAll((text) => notices.push(text));
  const pid = server.modelPid;
  const scores = (await predict(server, "a")).body;
  await rename(folders[1], `${folders[1]}-kept`);
  await rename(folders[2], `${folders[2]}-kept`);
  await cp(folders[0], folders[2], { recursive: true });
  kill(server);
  await untilReady(server, { after: pid });
  const refused = { status: 424, type: "Backend", message: /could not be loaded again/ };
  const [a, b, c] = await Promise.all(NAMES.map((name) => predict(server, name)));
  assert.deepEqual([a.status, a.body], [200, scores]);
  for (const answer of [b, c]) expectError(answer, refused);
  for (const name of ["b", "c"])
    assert.ok(
      notices.some((text) => text.startsWith(`The adapter "${name}" is left out`) && /changed or deleted/.test(text)),
      name,
    );
  for (const name of ["b", "c"]) assert.equal((await remove(server, name)).status, 204);
  assert.equal((await put(server, "c")).status, 201);
  expectScores((await predict(server, "c")).body as Scored[], (await alone(base.model, folders[0], ["w5 w6"]))[0]);
  await server.close();
  await rm(folders[2], { recursive: true });
  for (const folder of folders.slice(1)) await rename(`${folder}-kept`, folder);
});

test("an adapter that was left out is served again once its files are back, after the next restart", async () => {
  const server = await startAll();
  await rename(folders[1], `${folders[1]}-kept`);
  for (const [back, status] of [
    [false, 424],
    [true, 200],
  ] as const) {
    if (back) await rename(`${folders[1]}-kept`, folders[1]);
    const pid = server.modelPid;
    kill(server);
    await untilReady(server, { after: pid });
    assert.equal((await predict(server, "b")).status, status);
  }
  await server.close();
});

test("while the model is loaded again, requests get 503 with Retry-After and write no notices", async () => {
  const notices: string[] = [];
  const server = await startAll((text) => notices.push(text));
  const pid = server.modelPid;
  await rename(base.model, `${base.model}-kept`); // no restart succeeds
  kill(server);
  await waitUntil(async () => (await healthOf(server)) === 503, { what: "the process's end was seen" });
  for (const answer of [await predict(server, "a"), await remove(server, "a"), await put(server, "d", "a")]) {
    expectError(answer, { status: 503, type: "Unhealthy", message: /being loaded again/ });
    assert.equal(answer.headers.get("retry-after"), "1");
  }
  assert.ok(!notices.some((text) => /being (started|loaded) again/.test(text)));
  await rename(`${base.model}-kept`, base.model);
  await untilReady(server, { after: pid });
  assert.equal((await predict(server, "a")).status, 200);
  await server.close();
});

test("a server that ends while it waits to restart the model leaves no timer behind", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  let ended: (closed: Promise<void>) => void;
  const closing = new Promise<void>((resolve) => (ended = resolve));
  const server = await startAll((text) => {
    if (text.includes("Another one is started")) ended(server.close());
  });
  kill(server);
  await closing;
  assert.ok(timers() <= before, `${timers()} timers, ${before} before`);
});
