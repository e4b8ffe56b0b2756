// @ts-check
import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { explainFailure } from "../../src/setup/tools/explain-failure.mjs";
import { locateProcess } from "../../src/setup/tools/locate-process.mjs";
import { CommandError, runCommand } from "../../src/setup/tools/run-command.mjs";
import { makeFolder, ROOT, startScript, waitUntil } from "./workbench.mjs";

const { AbortController } = globalThis;

/** @param {string} code  what the inner process runs */
function passOn(code) {
  const module = pathToFileURL(join(ROOT, "src", "setup", "tools", "pass-on.mjs")).href;
  return spawn(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import { passOn } from ${JSON.stringify(module)}; process.exitCode = await passOn([process.execPath, "--eval", ${JSON.stringify(code)}]);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
}

test("the start script returns the exit code of the process that it starts", async () => {
  assert.deepEqual(await once(passOn("process.exit(7)"), "close"), [7, null]);
});

test("a signal that ended the inner process ends the outer one", async () => {
  assert.deepEqual(await once(passOn("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)"), "close"), [
    null,
    "SIGKILL",
  ]);
});

test("the command line's exit code is the package's", async () => {
  const run = (/** @type {string[]} */ ...args) =>
    once(spawn(process.execPath, [join(ROOT, "src", "setup", "tslora.mjs"), ...args], { stdio: "ignore" }), "close");
  assert.deepEqual(await Promise.all([run("--version"), run("run", "not-there.ipynb")]), [
    [0, null],
    [2, null],
  ]);
});

for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  test(`${signal} reaches the inner process, whose exit code is returned`, async () => {
    const outer = passOn(
      `process.on("${signal}", () => process.exit(3)); console.log("ready"); setInterval(() => {}, 1000)`,
    );
    await once(outer.stdout, "data");
    outer.kill(signal);
    assert.deepEqual(await once(outer, "close"), [3, null]);
  });
}

test("a command's output is returned, also after a failure", async () => {
  assert.equal(await runCommand([process.execPath, "-p", "1 + 1"]), "2\n");
  await assert.rejects(
    runCommand([process.execPath, "-e", "console.error('why'); process.exit(3)"]),
    (error) => error instanceof CommandError && /exit code 3/.test(error.message) && error.output === "why\n",
  );
  await assert.rejects(runCommand(["/no such command"]), { name: "CommandError", message: /could not be started/ });
});

test("a command that is stopped has ended before the call returns, with the processes that it started", async (t) => {
  const ending = new AbortController();
  const place = join(makeFolder(t), "grandchild");
  const inner = `const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    require("fs").writeFileSync(${JSON.stringify(`${place}.part`)}, String(c.pid));
    require("fs").renameSync(${JSON.stringify(`${place}.part`)}, ${JSON.stringify(place)});
    setInterval(() => {}, 1000);`;
  let leader = 0;
  const running = runCommand([process.execPath, "-e", inner], {
    signal: ending.signal,
    onStart: (pid) => {
      leader = pid;
    },
  });
  const rejected = assert.rejects(running, /enough/);
  await waitUntil(() => existsSync(place), "the command has started a process");
  const grandchild = Number(readFileSync(place, "utf8"));
  assert.notEqual(locateProcess(grandchild), undefined);
  ending.abort(new Error("enough"));
  await rejected;
  assert.notEqual(leader, 0);
  assert.equal(locateProcess(leader), undefined);
  await waitUntil(() => locateProcess(grandchild) === undefined, "the grandchild has ended");
});

test("a command whose start cannot be noted has ended before the call returns", async () => {
  let pid = 0;
  const full = new Error("ENOSPC: no space left on device, write");
  const running = runCommand([process.execPath, "-e", "setInterval(() => {}, 1000)"], {
    onStart(started) {
      pid = started;
      throw full;
    },
  });
  await assert.rejects(running, full);
  assert.notEqual(pid, 0);
  assert.equal(locateProcess(pid), undefined);
});

test("a process's start is the same text in every language and time zone", async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "ps"), '#!/bin/sh\necho "S $LC_ALL $TZ"\n'); // macOS's ps writes by both
  chmodSync(join(folder, "ps"), 0o755);
  const { line } = await startScript(
    t,
    `
    Object.defineProperty(process, "platform", { value: "darwin" });
    Object.assign(process.env, { PATH: ${JSON.stringify(folder)}, TZ: "Asia/Tokyo", LC_ALL: "de_DE.UTF-8" });
    const { locateProcess } = await setup("tools/locate-process");
    console.log(locateProcess(process.pid));
  `,
  );
  assert.equal(line, "C UTC");
});

test("set-up that a signal ends has the signal's exit code also as process 1 of a container", async (t) => {
  const root = makeFolder(t);
  const { ended } = await startScript(
    t,
    `
    const { makeStages } = await setup("make-stages");
    process.kill = () => true; // the system keeps process 1 from its own signals
    const stage = { name: "a", title: "a", place: "a", needs: [], bytes: 0, key: () => "1", make({ run }) {
      console.log("started");
      process.emit("SIGTERM", "SIGTERM");
      return run([process.execPath, "--version"]);
    } };
    await makeStages([stage], { root: ${JSON.stringify(root)}, what: "this folder" });
  `,
  );
  assert.deepEqual(await ended, [143, null]);
  assert.equal(existsSync(join(root, "a")), false);
});

test("a process is distinguished from a later one with the same id", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const started = locateProcess(child.pid ?? 0);
  assert.notEqual(started, undefined);
  assert.equal(locateProcess(child.pid ?? 0), started);
  assert.notEqual(started, locateProcess(process.ppid));
  child.kill("SIGKILL");
  await once(child, "close");
  assert.equal(locateProcess(child.pid ?? 0), undefined);
});

test("a registry that cannot be reached is named, without the password in its address", () => {
  const npm = explainFailure(
    "Packages",
    new CommandError(
      "npm",
      "ended with exit code 1",
      "npm error code ENOTFOUND\nnpm error request to https://me:secret@registry.example/left-pad failed\n",
    ),
  );
  assert.match(npm.message, /\nregistry\.example cannot be reached\. Check the network, or the proxy/);
  const pip = explainFailure(
    "TensorFlow",
    new CommandError(
      "python",
      "ended with exit code 1",
      "WARNING: HTTPSConnectionPool(host='index.example', port=443): Max retries exceeded\nERROR: No matching distribution found for x\n",
    ),
  );
  assert.match(pip.message, /^TensorFlow: python ended with exit code 1\.\n.*\nindex\.example cannot be reached\./s);
});
