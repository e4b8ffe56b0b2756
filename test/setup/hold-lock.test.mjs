// @ts-check
import assert from "node:assert/strict";
import fs, { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { holdLock } from "../../src/setup/tools/hold-lock.mjs";
import { locateProcess } from "../../src/setup/tools/locate-process.mjs";
import { thisMachine } from "../../src/setup/tools/this-machine.mjs";
import { makeFolder, startScript, waitUntil } from "./workbench.mjs";

const noWait = { onWait: () => assert.fail("no process holds the lock") };

/** @param {import("node:test").TestContext} t @param {string} path */
function holdElsewhere(t, path) {
  return startScript(
    t,
    `
    import { spawn } from "node:child_process";
    const { holdLock } = await setup("tools/hold-lock");
    const lock = await holdLock(${JSON.stringify(path)}, { onWait() {} });
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
    lock.adopt(child.pid);
    process.on("SIGTERM", () => { child.kill(); lock.release(); process.exit(0); });
    console.log(child.pid);
    setInterval(() => {}, 1000);
  `,
  );
}

/**
 * Asserts that the file names this process as the holder: its id, its start, its machine.
 * @param {string} path
 */
function assertHeldHere(path) {
  const { token, ...holder } = JSON.parse(readFileSync(path, "utf8"));
  assert.match(token, /^[0-9a-f]{24}$/);
  const started = locateProcess(process.pid);
  assert.deepEqual(holder, { pid: process.pid, started, ...thisMachine(), children: [] });
}

test("a free lock is acquired, and released without leaving a file", async (t) => {
  const folder = makeFolder(t);
  const lock = await holdLock(join(folder, "lock"), noWait);
  assertHeldHere(join(folder, "lock"));
  lock.release();
  assert.deepEqual(readdirSync(folder), []);
});

test("a second process waits for the first, and names it", async (t) => {
  const path = join(makeFolder(t), "lock");
  const first = await holdElsewhere(t, path);
  /** @type {number[]} */
  const waitedFor = [];
  let held = false;
  const lock = await holdLock(path, {
    onWait: ({ pid }) => {
      waitedFor.push(pid);
      assert.equal(held, false);
      first.child.kill("SIGTERM");
    },
  });
  held = true;
  assert.deepEqual(waitedFor, [first.child.pid]);
  assertHeldHere(path);
  lock.release();
});

test("the lock of a killed process is taken over, after its child processes are ended", async (t) => {
  const path = join(makeFolder(t), "lock");
  const { child, ended, line } = await holdElsewhere(t, path);
  const orphan = Number(line);
  child.kill("SIGKILL");
  await ended;
  assert.notEqual(locateProcess(orphan), undefined, "the orphan outlives its parent");
  const lock = await holdLock(path, noWait);
  assertHeldHere(path);
  await waitUntil(() => locateProcess(orphan) === undefined, "the orphan has ended");
  lock.release();
});

test("a process that has the id of the dead holder, but started later, does not hold the lock", async (t) => {
  const path = join(makeFolder(t), "lock");
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: "long ago", host: hostname(), children: [] }));
  const lock = await holdLock(path, noWait);
  assertHeldHere(path);
  lock.release();
  assert.equal(existsSync(path), false);
});

test("an incomplete lock file is taken over", async (t) => {
  const path = join(makeFolder(t), "lock");
  writeFileSync(path, '{"pid": 12');
  const lock = await holdLock(path, noWait);
  assertHeldHere(path);
  lock.release();
  assert.equal(existsSync(path), false);
});

test("a holder on another machine is waited for while it touches its file; the wait can be stopped", async (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "lock");
  writeFileSync(path, JSON.stringify({ pid: 1, started: "1", host: "another machine", children: [] }));
  const { AbortController } = globalThis;
  const ending = new AbortController();
  await assert.rejects(holdLock(path, { signal: ending.signal, onWait: () => ending.abort() }), { name: "AbortError" });
  assert.deepEqual(readdirSync(folder), ["lock"]);
  assert.equal(JSON.parse(readFileSync(path, "utf8")).host, "another machine", "it still holds the lock");
});

test("of many processes, one holds the lock at a time, also if there is a dead process's file", async (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "lock");
  const busy = join(folder, "busy");
  writeFileSync(path, JSON.stringify({ pid: 1, started: "long ago", host: hostname(), children: [] }));
  const runs = await Promise.all(
    Array.from({ length: 4 }, () =>
      startScript(
        t,
        `
    import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
    import { setImmediate as turn } from "node:timers/promises";
    const { holdLock } = await setup("tools/hold-lock");
    for (let round = 0; round < 3; round++) {
      const lock = await holdLock(${JSON.stringify(path)}, { onWait() {} });
      if (existsSync(${JSON.stringify(busy)})) throw new Error("two hold the lock");
      writeFileSync(${JSON.stringify(busy)}, "");
      if (JSON.parse(readFileSync(${JSON.stringify(path)}, "utf8")).pid !== process.pid) throw new Error("another holds it");
      for (let turns = 0; turns < 100; turns++) await turn();
      rmSync(${JSON.stringify(busy)});
      lock.release();
    }
    console.log("done");
  `,
      ),
    ),
  );
  for (const { line, ended } of runs) {
    assert.equal(line, "done");
    assert.equal((await ended)[0], 0);
  }
  assert.equal(existsSync(path), false);
});

test("a process with this id in another container of this host's name is waited for while it touches its file", async (t) => {
  const path = join(makeFolder(t), "lock");
  const self = { pid: process.pid, started: "1", ...thisMachine(), token: "0", children: [] };
  writeFileSync(path, JSON.stringify({ ...self, space: "pid:[1]" }));
  const { AbortController } = globalThis;
  const ending = new AbortController();
  await assert.rejects(holdLock(path, { signal: ending.signal, onWait: () => ending.abort() }), { name: "AbortError" });
  utimesSync(path, new Date(0), new Date(0));
  (await holdLock(path, noWait)).release();
  writeFileSync(path, JSON.stringify({ ...self, started: locateProcess(process.pid), boot: "an earlier start" }));
  utimesSync(path, new Date(0), new Date(0));
  (await holdLock(path, noWait)).release(); // another machine of this name may have had the process
  assert.equal(existsSync(path), false);
});

test("this machine's clock is not compared with another's", async (t) => {
  const path = join(makeFolder(t), "lock");
  writeFileSync(path, JSON.stringify({ pid: 1, started: "1", host: "another machine", children: [] }));
  const now = Date.now();
  t.mock.method(Date, "now", () => now + 3_600_000);
  const { AbortController } = globalThis;
  const ending = new AbortController();
  await assert.rejects(holdLock(path, { signal: ending.signal, onWait: () => ending.abort() }), { name: "AbortError" });
});

test("two processes with one id, in two containers, do not share a file before they hold the lock", async (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "lock");
  const first = await holdLock(path, noWait);
  const { AbortController } = globalThis;
  const ending = new AbortController();
  const waiting = holdLock(path, { signal: ending.signal, onWait: () => first.adopt(process.pid) });
  // as it would be for a process of the same id: the first one writes its file while the second waits with its own
  setTimeout(() => ending.abort(), 300);
  await assert.rejects(waiting, { name: "AbortError" });
  assert.equal(JSON.parse(readFileSync(path, "utf8")).children.length, 1);
  first.release();
  assert.deepEqual(readdirSync(folder), []);
});

test("a process whose lock was taken over does not write over the new holder's", async (t) => {
  const path = join(makeFolder(t), "lock");
  const lock = await holdLock(path, noWait);
  const other = JSON.stringify({ pid: 1, started: "1", host: "another machine", token: "1", children: [] });
  writeFileSync(path, other);
  assert.throws(() => lock.adopt(process.pid), { name: "SetUpError", message: /another machine took it over/ });
  lock.release();
  assert.equal(readFileSync(path, "utf8"), other);
});

test("a lock is held on a file system without hard links", async (t) => {
  const folder = makeFolder(t);
  t.mock.method(fs, "linkSync", () => {
    throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM", syscall: "link" });
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const lock = await holdLock(join(folder, "lock"), noWait);
  assertHeldHere(join(folder, "lock"));
  lock.release();
  assert.deepEqual(readdirSync(folder), []);
});

test("a folder that cannot be written is an error in words", async (t) => {
  const file = join(makeFolder(t), "file");
  writeFileSync(file, "");
  await assert.rejects(holdLock(join(file, "lock"), noWait), {
    name: "SetUpError",
    message: /^Set-up must be able to write into .*file; got E[A-Z]+: /,
  });
});
