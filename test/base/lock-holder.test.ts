import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { isRunning, locateProcess } from "../../src/base/lock/locate-process";
import { commandOfProcess } from "../../src/base/lock/lock-holder";

test("a process is described by its notebook, its kernel or its command line", () => {
  const kernel = ["node", "/clone/.tslora/package/tslora-kernel/main.js", "/run/kernel-1.json"];
  assert.equal(commandOfProcess(kernel, {}), "a notebook's kernel");
  assert.equal(commandOfProcess(["node", "/usr/lib/tslab/dist/main.js"], {}), "a notebook's kernel");
  assert.equal(commandOfProcess(kernel, { JPY_SESSION_NAME: "/study/01.ipynb" }), "the notebook 01.ipynb");
  assert.equal(commandOfProcess(["node", "/clone/src/cli/main.js", "train"], {}), "tslora train");
  assert.equal(commandOfProcess(["node", "/home/me/own.js"], {}), "own.js");
});

test("a process of unknown start, or of another user whose processes are hidden, may be running", (t) => {
  const started = locateProcess(process.pid);
  assert.equal(isRunning({ pid: process.pid, started }), true);
  assert.equal(isRunning({ pid: process.pid, started: "another" }), false);
  assert.equal(isRunning({ pid: process.pid }), undefined);
  const none = 2 ** 30; // above every system's process ids
  assert.equal(isRunning({ pid: none, started }), false);
  t.mock.method(process, "kill", () => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  assert.equal(isRunning({ pid: none, started }), undefined);
});

test("a process's start is the same text in every language and time zone", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tslora-ps-"));
  const { PATH, TZ, LC_ALL } = process.env;
  t.after(() => {
    for (const [name, value] of Object.entries({ PATH, TZ, LC_ALL })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "ps"), '#!/bin/sh\necho "S $LC_ALL $TZ"\n'); // macOS's ps writes by both
  chmodSync(join(folder, "ps"), 0o755);
  const platform = Object.getOwnPropertyDescriptor(process, "platform") ?? {};
  Object.defineProperty(process, "platform", { ...platform, value: "darwin" });
  t.after(() => Object.defineProperty(process, "platform", platform));
  const starts = ["Europe/Berlin", "Asia/Tokyo"].map((zone) => {
    Object.assign(process.env, { PATH: folder, TZ: zone, LC_ALL: "de_DE.UTF-8" });
    return locateProcess(process.pid);
  });
  assert.deepEqual(starts, ["C UTC", "C UTC"]);
});
