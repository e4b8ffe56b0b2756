import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs, {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { LOCK_FILE } from "../../src/base/lock/lock-file";
import { expectUnlocked, lockFile, lockFolder } from "../../src/base/lock/lock-output";
import { TsloraError } from "../../src/base/tslora-error";

const LIMIT = { timeout: 120_000 };
const root = mkdtempSync(join(tmpdir(), "tslora-lock-"));
after(() => rmSync(root, { recursive: true, force: true }));

const MODULE = JSON.stringify(require.resolve("../../src/base/lock/lock-output"));

/** A process that locks a folder, prints the result or the error, and waits. */
async function locker(
  folder: string,
  { env = {}, before = "", script = "" }: { env?: Record<string, string>; before?: string; script?: string } = {},
): Promise<{ child: ChildProcess; printed: string }> {
  const source = `${before}; try { const { lockFolder } = require(${MODULE}); const lock = lockFolder(${JSON.stringify(folder)}, { purpose: "training", command: "tslora train" }); ${script}
    console.log("locked"); process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); } catch (error) { console.log(error.code + ": " + error.message); }`;
  const child = spawn(process.execPath, ["-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  child.stdout.setEncoding("utf8");
  const [printed] = (await once(child.stdout, "data")) as [string];
  return { child, printed: printed.trim() };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

function isInUse(pid: number | undefined, command = "tslora train") {
  return (error: unknown): boolean => {
    assert.ok(error instanceof TsloraError);
    assert.equal(error.code, "in-use");
    assert.ok(
      error.message.includes(`process ${pid ?? ""}`) &&
        error.message.includes(command) &&
        error.message.includes(" since "),
      error.message,
    );
    return true;
  };
}

test("a folder that another process holds is refused, and the message names that process", LIMIT, async () => {
  const folder = join(root, "held");
  const { child, printed } = await locker(folder);
  assert.equal(printed, "locked");
  assert.throws(() => lockFolder(folder, { purpose: "training" }), isInUse(child.pid));
  assert.throws(() => expectUnlocked(folder), isInUse(child.pid));
  symlinkSync(folder, join(root, "link"));
  assert.throws(() => lockFolder(join(root, "link"), { purpose: "training" }), isInUse(child.pid));
  await end(child, "SIGTERM");
  assert.ok(!existsSync(join(folder, LOCK_FILE)), "a process that exits takes its lock away");
  lockFolder(folder, { purpose: "training" }).release();
});

test("the lock of a killed process is taken over, also if another process now has its pid", LIMIT, async () => {
  const folder = join(root, "killed");
  const { child } = await locker(folder);
  await end(child, "SIGKILL");
  const left = readFileSync(join(folder, LOCK_FILE), "utf8");
  lockFolder(folder, { purpose: "training" }).release();
  const reused = { ...(JSON.parse(left) as object), pid: process.ppid }; // lives, but started at another time
  writeFileSync(join(folder, LOCK_FILE), JSON.stringify(reused));
  lockFolder(folder, { purpose: "training" }).release();
  for (const torn of ["", "{", "[]", "null", left.slice(0, 40)]) {
    writeFileSync(join(folder, LOCK_FILE), torn);
    lockFolder(folder, { purpose: "training" }).release();
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("a holder on another host counts as alive while it touches its file", LIMIT, async () => {
  const folder = join(root, "host");
  const { child } = await locker(folder);
  await end(child, "SIGKILL");
  const path = join(folder, LOCK_FILE);
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), host: "elsewhere" }));
  assert.throws(() => lockFolder(folder, { purpose: "training" }), /on elsewhere/);
  utimesSync(path, new Date(0), new Date(0));
  lockFolder(folder, { purpose: "training" }).release();
});

/** Replaces parts of a lock's file, and keeps its time. */
function change(path: string, parts: Readonly<Record<string, unknown>>): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...parts }));
  utimesSync(path, atime, mtime);
}

test("a process of another container with this host's name is alive while it touches its file", LIMIT, async () => {
  const folder = join(root, "container");
  const { child } = await locker(folder);
  await end(child, "SIGKILL");
  const path = join(folder, LOCK_FILE);
  change(path, { space: "pid:[1]", pid: process.pid }); // the same id in another space
  assert.throws(() => lockFolder(folder, { purpose: "training" }), isInUse(process.pid));
  utimesSync(path, new Date(0), new Date(0));
  lockFolder(folder, { purpose: "training" }).release();
});

test("a process from before the machine's last start is judged by the time of its file", LIMIT, async () => {
  const folder = join(root, "restarted");
  const { child } = await locker(folder);
  change(join(folder, LOCK_FILE), { boot: "an earlier start" });
  await end(child, "SIGKILL"); // another machine of this name may have had the process
  assert.throws(() => lockFolder(folder, { purpose: "training" }), /is in use by process/);
  utimesSync(join(folder, LOCK_FILE), new Date(0), new Date(0));
  lockFolder(folder, { purpose: "training" }).release();
});

test("the clocks of two machines are not compared", LIMIT, async (t) => {
  const folder = join(root, "clocks");
  const early = "const now = Date.now; Date.now = () => now() - 3600e3; const real = Date;";
  const late = "globalThis.Date = class extends real { constructor() { super(real.now()); } };";
  const every = "let beat; const every = setInterval;";
  const first = "globalThis.setInterval = (action) => { beat = action; setInterval = every; return { unref() {} }; };";
  const { child } = await locker(folder, { before: early + late + every + first, script: "beat();" });
  await end(child, "SIGKILL");
  change(join(folder, LOCK_FILE), { host: "elsewhere" });
  assert.throws(() => lockFolder(folder, { purpose: "training" }), /on elsewhere/, "its clock is an hour late");
  const here = Date.now();
  t.mock.method(Date, "now", () => here + 3_600_000);
  assert.throws(() => lockFolder(folder, { purpose: "training" }), /on elsewhere/, "this clock is an hour early");
  assert.deepEqual(readdirSync(folder), [LOCK_FILE]);
});

test("a lock's file that another process writes just now is not taken over", LIMIT, async (t) => {
  const folder = join(root, "writing");
  const { child } = await locker(folder);
  const path = join(folder, LOCK_FILE);
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, "");
  t.mock.method(Atomics, "wait", () => writeFileSync(path, whole));
  assert.throws(() => lockFolder(folder, { purpose: "training" }), isInUse(child.pid));
  await end(child, "SIGTERM");
});

test("a lock's file that cannot be read is not taken over", LIMIT, async (t) => {
  const folder = join(root, "unreadable");
  const { child } = await locker(folder);
  const read = fs.readFileSync;
  const refusal = Object.assign(new Error("EACCES: open"), { code: "EACCES", syscall: "open" });
  t.mock.method(fs, "readFileSync", (...given: Parameters<typeof read>) => {
    if (String(given[0]).endsWith(LOCK_FILE)) throw refusal; // another user's file
    return read(...given);
  });
  assert.throws(() => lockFolder(folder, { purpose: "training" }), { code: "not-saved", message: /permission denied/ });
  t.mock.restoreAll();
  assert.throws(() => lockFolder(folder, { purpose: "training" }), isInUse(child.pid));
  await end(child, "SIGTERM");
});

test("if several processes lock a folder at once, one gets it, also after a killed process", LIMIT, async () => {
  const folder = join(root, "many");
  const dead = await locker(folder);
  await end(dead.child, "SIGKILL");
  const all = await Promise.all(Array.from({ length: 8 }, () => locker(folder)));
  assert.equal(
    all.filter(({ printed }) => printed === "locked").length,
    1,
    all.map(({ printed }) => printed).join("\n"),
  );
  assert.equal(all.filter(({ printed }) => printed.startsWith("in-use: ")).length, 7);
  const { child } = all.find(({ printed }) => printed === "locked") ?? all[0];
  await end(child, "SIGKILL");
  assert.deepEqual(readdirSync(folder), [LOCK_FILE]);
});

test("one process may lock a folder for two different purposes, but not twice for one", () => {
  const folder = join(root, "own");
  const outer = lockFolder(folder, { purpose: "tslora train" });
  const inner = lockFolder(folder, { purpose: "training" });
  assert.throws(() => lockFolder(folder, { purpose: "training" }), /in use by this process/);
  inner.release();
  inner.release();
  assert.ok(existsSync(join(folder, LOCK_FILE)));
  lockFolder(folder, { purpose: "training" }).release();
  outer.release();
  assert.ok(!existsSync(folder), "a folder that was made for the lock alone is removed");
});

test("a process that works for the holder may write as well", LIMIT, async () => {
  const folder = join(root, "family");
  const lock = lockFolder(folder, { purpose: "study" });
  const script = "if (lock.token !== process.env.TSLORA_LOCK) throw new Error('its own workers get another token');";
  const child = await locker(folder, { env: { TSLORA_LOCK: lock.token }, script });
  assert.equal(child.printed, "locked");
  await end(child.child, "SIGTERM");
  assert.ok(existsSync(join(folder, LOCK_FILE)), "it does not take the holder's lock away");
  const stranger = await locker(folder, { env: { TSLORA_LOCK: "0" } });
  assert.match(stranger.printed, /^in-use: /);
  lock.release();
});

test("a run's lock covers the names that it writes in its folder; others are free", LIMIT, async () => {
  const folder = join(root, "study");
  const { child } = await locker(folder, {
    script:
      "lock.release(); lockFolder(" +
      JSON.stringify(folder) +
      ", { purpose: 'study', command: 'tslora train', covers: ['checkpoints', 'results.json'] });",
  });
  assert.throws(() => lockFolder(join(folder, "checkpoints"), { purpose: "training" }), isInUse(child.pid));
  assert.throws(() => lockFile(join(folder, "results.json"), { purpose: "saving" }), isInUse(child.pid));
  lockFolder(join(folder, "train"), { purpose: "training" }).release();
  lockFile(join(folder, "other.ipynb"), { purpose: "run" }).release();
  await end(child, "SIGTERM");

  const part = await locker(join(folder, "checkpoints"));
  assert.throws(() => lockFolder(folder, { purpose: "study", covers: ["checkpoints"] }), isInUse(part.child.pid));
  lockFolder(folder, { purpose: "study", covers: ["adapter"] }).release();
  await end(part.child, "SIGKILL");
  lockFolder(folder, { purpose: "study", covers: ["checkpoints"] }).release();
});

test("if the folder cannot be created, the error has one line", () => {
  writeFileSync(join(root, "file"), "");
  assert.throws(
    () => lockFolder(join(root, "file", "inside"), { purpose: "training" }),
    (error: unknown) => error instanceof TsloraError && error.code === "not-saved" && !error.message.includes("\n"),
  );
});
