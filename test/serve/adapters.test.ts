import assert from "node:assert/strict";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { TextServer } from "../../src/serve/serve";
import { tinyModel } from "../cli/tiny";
import {
  alone,
  expectError,
  expectScores,
  send,
  start,
  tinyBase,
  writeAdapters,
  type Answer,
  type Scored,
} from "./serving";

const TOKEN = "a-secret-of-many-characters";

let base: { folder: string; model: string };
let folders: string[];
let server: TextServer;
const notices: string[] = [];

before(async () => {
  base = await tinyBase();
  folders = await writeAdapters(
    base,
    ["a", "b", "c"].map((name, i) => ({ name, seed: i + 1 })),
  );
  server = await start({
    model: base.model,
    adapters: { a: folders[0] },
    adminToken: TOKEN,
    adapterDirectory: join(base.folder, "adapters"),
    onNotice: (text) => notices.push(text),
  });
});
after(async () => {
  await server.close();
  await rm(base.folder, { recursive: true, force: true });
});

const change = (method: string, name: string, folder?: string, token: string | undefined = TOKEN): Promise<Answer> =>
  send(`${server.url}/adapters/${name}`, {
    method,
    body: folder === undefined ? undefined : { folder },
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
  });
const predict = (adapter: string): Promise<Answer> =>
  send(`${server.url}/predict/${adapter}`, { body: { inputs: "w5 w6" } });

test("an adapter is added, answers, and is removed once its requests are answered", async () => {
  const added = await change("PUT", "b", "b");
  assert.equal(added.status, 201);
  assert.equal((added.body as { name: string }).name, "b");
  expectScores((await predict("b")).body as Scored[], (await alone(base.model, folders[1], ["w5 w6"]))[0]);
  expectError(await change("PUT", "b", "b"), { status: 409, type: "Conflict", message: /"b" already/ });
  const asked = Array.from({ length: 20 }, () => predict("b"));
  await Promise.all(asked.slice(0, 5));
  assert.equal((await change("DELETE", "b")).status, 204);
  for (const { status } of await Promise.all(asked)) assert.ok(status === 200 || status === 404, String(status));
  expectError(await predict("b"), { status: 404, type: "NotFound", message: /There are "a"/ });
  expectError(await change("DELETE", "b"), { status: 404, type: "NotFound", message: /no adapter "b"/ });
  assert.equal((await change("PUT", "b", join(base.folder, "adapters", "c"))).status, 201);
  expectScores((await predict("b")).body as Scored[], (await alone(base.model, folders[2], ["w5 w6"]))[0]);
  assert.equal((await change("DELETE", "b")).status, 204);
});

test("a missing or wrong token is refused, and no token is ever shown", async () => {
  for (const token of ["", "wrong", `${TOKEN}x`, TOKEN.slice(1)])
    expectError(await change("PUT", "c", "c", token), { status: 403, type: "Forbidden", message: /missing or wrong/ });
  const pages = ["/info", "/metrics", "/openapi.json"].map((path) => send(`${server.url}${path}`, { method: "GET" }));
  const shown = [...(await Promise.all(pages)).map(({ body }) => JSON.stringify(body)), ...notices];
  assert.ok(shown.every((text) => !text.includes(TOKEN)));
});

test("a folder must be in the adapter directory, after links are resolved", async () => {
  await mkdir(join(base.folder, "outside"), { recursive: true });
  await cp(folders[0], join(base.folder, "outside", "d"), { recursive: true });
  await symlink(join(base.folder, "outside", "d"), join(base.folder, "adapters", "link"));
  const forbidden = { status: 403, type: "Forbidden", message: /adapter directory/ };
  for (const folder of ["../outside/d", join(base.folder, "outside", "d"), "link", "/etc", ".", "a\u0000"])
    expectError(await change("PUT", "d", folder), forbidden);
  expectError(await change("PUT", "d", "not-there"), { status: 422, type: "Validation", message: /does not exist/ });
  expectError(await change("PUT", "a%2Fb", "c"), { status: 422, type: "Validation", message: /name/ });
  assert.deepEqual(server.adapters, ["a"]);
});

test("folders whose names begin with dots are in the adapter directory, as Kubernetes mounts volumes", async () => {
  const mounted = join(base.folder, "adapters", "..data");
  await cp(folders[1], join(mounted, "e"), { recursive: true });
  await symlink(join("..data", "e"), join(base.folder, "adapters", "e"));
  for (const folder of ["e", "..data/e", join(mounted, "e")]) {
    assert.equal((await change("PUT", "e", folder)).status, 201, folder);
    assert.equal((await change("DELETE", "e")).status, 204);
  }
});

test("an adapter of another base is refused with name and shape, and the server keeps running", async () => {
  const foreign = join(process.cwd(), "test", "lora", "goldens", "bert-dora");
  await cp(foreign, join(base.folder, "adapters", "foreign"), { recursive: true });
  await rm(join(base.folder, "adapters", "foreign", "adapter_model.safetensors"));
  expectError(await change("PUT", "foreign", "foreign"), {
    status: 422,
    type: "Validation",
    message: /adapter_model\.safetensors/,
  });
  const roberta = join(process.cwd(), "test", "lora", "goldens", "roberta-all-linear");
  await cp(roberta, join(base.folder, "adapters", "roberta"), { recursive: true });
  expectError(await change("PUT", "roberta", "roberta"), {
    status: 422,
    type: "Validation",
    message: /roberta does not fit the model/,
  });
  assert.equal((await predict("a")).status, 200);
});

test("an adapter directory needs a token and must be a folder; both are checked before anything starts", async () => {
  const started: string[] = [];
  const options = { model: base.model, onNotice: (text: string) => void started.push(text) };
  const directory = join(base.folder, "adapters");
  for (const [given, message] of [
    [{ adapterDirectory: directory }, /adapterDirectory needs adminToken/],
    [{ adapterDirectory: join(directory, "none"), adminToken: TOKEN }, /adapterDirectory must be a folder .*none"/],
    [{ adapterDirectory: join(base.model, "config.json"), adminToken: TOKEN }, /must be a folder .*config\.json"/],
    [{ adapterDirectory: "", adminToken: TOKEN }, /adapterDirectory must be a folder that exists; got ""/],
    [{ adapterDirectory: "none" }, /needs adminToken[\s\S]*must be a folder/],
  ] as const)
    await assert.rejects(start({ ...options, ...given }), message);
  assert.deepEqual(started, []);
});

test("an admin token that no header can hold is refused, and not shown", async () => {
  for (const adminToken of [`${TOKEN}\n`, ` ${TOKEN}`, `${TOKEN} `, "\u043a\u043b\u044e\u0447".repeat(5)])
    await assert.rejects(
      start({ model: base.model, adminToken }),
      (error: Error) => /adminToken must be printable ASCII/.test(error.message) && !error.message.includes(TOKEN),
    );
});

test("an untrained base without adapters is served only if adapters can be added", async () => {
  const model = await tinyModel(base.folder, "bare-bert");
  const adapterDirectory = join(base.folder, "adapters");
  for (const given of [{}, { adminToken: TOKEN }])
    await assert.rejects(start({ model, ...given }), /no trained head.*adminToken and adapterDirectory/);
  const waiting = await start({ model, adminToken: TOKEN, adapterDirectory });
  assert.deepEqual(waiting.adapters, []);
  await waiting.close();
});

test("without a token, the routes that add and remove adapters do not exist", async () => {
  const closed = await start({ model: base.model });
  for (const method of ["PUT", "DELETE"])
    expectError(
      await send(`${closed.url}/adapters/a`, {
        method,
        ...(method === "PUT" ? { body: { folder: "a" } } : {}),
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
      { status: 404, type: "NotFound", message: /no such route/ },
    );
  await closed.close();
});
