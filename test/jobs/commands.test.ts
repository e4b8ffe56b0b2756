import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { waitUntil } from "../base/wait-until";
import { cli } from "../cli/tiny";
import { temporaryFolder } from "./jobs-folder";
import { NO_REDIS, RedisServer } from "./servers/redis-server";
import { smallDocument } from "./small-job";

const PASSWORD = "canary-51c0de";

test("tslora job run refuses names that leave the store, and documents that are not valid", async (t) => {
  const store = join(await temporaryFolder(t), "store");
  for (const [name, message] of [
    ["../../etc/passwd", /A job's name must have/],
    ["none", /The document of the job none does not exist/],
  ] as const) {
    const { code, err } = await cli(["job", "run", store, name]);
    assert.equal(code, 2, err);
    assert.match(err, message);
  }
  await mkdir(join(store, "jobs"), { recursive: true });
  const document = { ...smallDocument("shell", { steps: 1 }), type: "shell" };
  await writeFile(join(store, "jobs/shell.json"), JSON.stringify(document));
  const { code, err } = await cli(["job", "run", store, "shell", "--json"]);
  assert.equal(code, 2);
  assert.match(err, /type must be equal to one of the allowed values/);
  assert.match(readFileSync(join(store, "failures/shell.json"), "utf8"), /allowed values/);
  assert.equal((await cli(["job", "stop", store, "shell"])).code, 2);
});

test("tslora worker says what it needs, and no message holds a password", async (t) => {
  const store = join(await temporaryFolder(t), "store");
  const before = process.env.TSLORA_REDIS;
  delete process.env.TSLORA_REDIS;
  t.after(() => before !== undefined && (process.env.TSLORA_REDIS = before));
  const without = await cli(["worker"]);
  assert.equal(without.code, 2);
  assert.match(without.err, /--redis or the variable TSLORA_REDIS is needed[^]*--store is needed/);
  for (const [url, code] of [
    [`http://:${PASSWORD}@127.0.0.1`, 2],
    [`redis://:${PASSWORD}@127.0.0.1:1`, 5],
  ] as const) {
    const printed = await cli(["worker", "--redis", url, "--store", store]);
    assert.equal(printed.code, code, printed.err);
    assert.ok(!`${printed.out}${printed.err}`.includes(PASSWORD), printed.err);
  }
});

test("tslora worker runs until SIGTERM, with its password in no output or process", { skip: NO_REDIS }, async (t) => {
  const redis = await RedisServer.start({ password: PASSWORD });
  t.after(() => redis.stop());
  const store = join(await temporaryFolder(t), "store");
  const main = join(__dirname, "../../src/cli/main.js");
  const worker = spawn(process.execPath, [main, "worker", "--redis", redis.url, "--store", store, "--workers", "1"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [worker.stdout, worker.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = new Promise<number | null>((resolve) => worker.once("exit", resolve));
  await waitUntil(() => output.includes("Takes jobs of"), { what: "the worker is ready" });
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  worker.kill("SIGTERM");
  assert.equal(await ended, 0, output);
  assert.match(output, new RegExp(`from redis://127\\.0\\.0\\.1:${redis.port}, up to 1 at a time`));
  for (const text of [output, processes]) assert.ok(!text.includes(PASSWORD), text);
  assert.ok(existsSync(join(store, "store.json")));
});
