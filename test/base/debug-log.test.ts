import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { MAIN } from "../cli/tiny";
import { fakeHub } from "../hub/fake-hub";

const TOKEN = "hf_a-token-of-the-test";

/** Runs the command line with `NODE_DEBUG`, and returns what it logs. */
async function logOf(
  t: TestContext,
  { names, args, env }: { names: string; args: readonly string[]; env?: Readonly<Record<string, string>> },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-debug-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { stderr } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...env, NODE_DEBUG: names, HF_HOME: folder },
  }).catch((error: unknown) => error as { stderr: string });
  return stderr
    .split("\n")
    .filter((line) => /^TSLORA:/.test(line))
    .join("\n");
}

/** A Hub with the tiny model, whose token must stay out of the log. */
async function startHub(t: TestContext): Promise<string> {
  const fixture = join(projectRoot(), "test", "fixtures", "tiny-distilbert");
  const names = ["config.json", "model.safetensors"];
  const hub = await fakeHub(Object.fromEntries(names.map((name) => [name, readFileSync(join(fixture, name))])), {
    cutFirst: true,
  });
  t.after(() => hub.close());
  return hub.endpoint;
}

test("NODE_DEBUG=tslora:hub logs every request of a download, and no token", async (t) => {
  const endpoint = await startHub(t);
  const env = { HF_ENDPOINT: endpoint, HF_TOKEN: TOKEN };
  const log = await logOf(t, { names: "tslora:hub", args: ["inspect", "some/model"], env });
  assert.match(log, new RegExp(`HEAD ${endpoint}/some/model/resolve/main/config.json: 200`));
  assert.match(log, /GET \S+model\.safetensors from byte 0 of \d+: 200/);
  assert.match(log, /attempt 1 of 4 for model\.safetensors failed/);
  assert.doesNotMatch(log, new RegExp(TOKEN));
});

test("NODE_DEBUG=tslora:runner logs a kernel's messages, and not the connection's key", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-debug-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const cell = { cell_type: "code", id: "a", metadata: {}, execution_count: null, outputs: [], source: "1 + 1" };
  const metadata = { kernelspec: { name: "tslora", display_name: "tslora", language: "typescript" } };
  const path = join(folder, "one.ipynb");
  await writeFile(path, JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 }));
  const log = await logOf(t, { names: "tslora:*", args: ["run", path, "-o", join(folder, "output.ipynb")] });
  assert.match(log, /tslora started as process \d+/);
  const id = /-> shell execute_request (\S+)/.exec(log)?.[1];
  assert.ok(id !== undefined, log);
  assert.match(log, new RegExp(`<- shell execute_reply for ${id}`));
  assert.doesNotMatch(log, /"?key"?[:=]/);
});

test("without NODE_DEBUG nothing is logged", async (t) => {
  const endpoint = await startHub(t);
  assert.equal(await logOf(t, { names: "", args: ["inspect", "some/model"], env: { HF_ENDPOINT: endpoint } }), "");
});
