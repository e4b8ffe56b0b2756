// @ts-check
import { randomBytes } from "node:crypto";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { isRunning, locateProcess } from "./locate-process.mjs";
import { folderError, SetUpError } from "./set-up-error.mjs";
import { thisMachine } from "./this-machine.mjs";

/**
 * The process that holds a lock. `token` identifies the lock: in two containers that share a folder, two processes may
 * have one id. `children` are the processes that it started. They may outlive a killed holder, and would then write
 * into the next holder's files, so they are killed before the lock is taken over.
 * @typedef {{ pid: number, started: string | undefined }} ProcessName
 * @typedef {ProcessName & import("./this-machine.mjs").Machine & { token: string, children: ProcessName[] }} Holder
 */
/** @typedef {{ adopt: (pid: number) => void, release: () => void }} Lock */

const POLL_MS = 200;
const BEAT_MS = 2000;
/** A holder on another machine counts as ended if it has not updated the lock's file for so many milliseconds. */
const SILENCE_MS = 60_000;
/** Errors of file systems that have no hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Acquires a lock file, and waits while another running process holds it. Takes over the file of a process that has
 * ended.
 *
 * @param {string} path
 * @param {{ onWait: (holder: Holder) => void, signal?: AbortSignal }} options
 * @returns {Promise<Lock>}
 * @throws {SetUpError} if the folder cannot be written
 */
export async function holdLock(path, { onWait, signal }) {
  const token = randomBytes(12).toString("hex");
  const own = `${path}.${process.pid}-${token}`;
  /** @type {Holder} */
  const self = { pid: process.pid, started: locateProcess(process.pid), ...thisMachine(), token, children: [] };
  try {
    mkdirSync(dirname(path), { recursive: true });
    try {
      await acquire(path, { own, self, onWait, signal });
    } finally {
      rmSync(own, { force: true });
    }
  } catch (error) {
    throw folderError(dirname(path), error);
  }

  const beat = setInterval(() => touch(path), BEAT_MS);
  beat.unref();
  return {
    adopt(pid) {
      self.children = self.children.filter((child) => locateProcess(child.pid) === child.started);
      self.children.push({ pid, started: locateProcess(pid) });
      const holder = readHolder(path);
      if (typeof holder === "object" && !isSame(holder, self))
        throw new SetUpError(
          `This set-up must hold ${path}; process ${holder.pid} on ${holder.host} took it over, since this one did not run for a while. Start again.`,
        );
      writeFileSync(own, JSON.stringify(self));
      renameSync(own, path);
    },
    release() {
      clearInterval(beat);
      try {
        const holder = readHolder(path);
        if (typeof holder === "object" && isSame(holder, self)) rmSync(path, { force: true });
      } catch {
        // The next start finds that this process has ended.
      }
    },
  };
}

/**
 * @param {string} path
 * @param {{ own: string, self: Holder, onWait: (holder: Holder) => void, signal?: AbortSignal | undefined }} options
 */
async function acquire(path, { own, self, onWait, signal }) {
  let reported = 0;
  let wasTorn = false;
  writeFileSync(own, JSON.stringify(self));
  while (!createLock(own, path)) {
    const holder = readHolder(path);
    if (holder === "gone") continue;
    const mayBeInWriting = holder === "torn" && !wasTorn;
    wasTorn = holder === "torn";
    if (!mayBeInWriting && (holder === "torn" || !isAlive(holder, { path, own, self }))) {
      removeStale(path, own, holder);
      continue;
    }
    if (holder !== "torn" && holder.pid !== reported) {
      onWait(holder);
      reported = holder.pid;
    }
    // A foreign holder is asked by files on a disk that others wait for too.
    const isForeign = holder !== "torn" && !isHere(holder, self);
    await sleep(isForeign ? BEAT_MS : POLL_MS, undefined, { signal });
  }
}

/**
 * Creates the lock file as a link to a complete file, which is atomic: of several processes, only one succeeds. Writes
 * it where the file system has no links.
 * @param {string} own @param {string} path
 */
function createLock(own, path) {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!NO_LINKS.includes(codeOf(error) ?? "")) throw error;
  }
  try {
    writeFileSync(path, readFileSync(own), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the file of a holder that has ended. Renames it first, since a rename moves exactly one file even if others
 * try, too, and puts it back if it is a newer file that another process made meanwhile.
 * @param {string} path @param {string} own @param {Holder | "torn"} dead
 */
function removeStale(path, own, dead) {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const moved = readHolder(aside);
  if (typeof moved === "object" && (dead === "torn" || !isSame(moved, dead))) createLock(aside, path);
  else if (typeof moved === "object") endChildren(moved);
  rmSync(aside, { force: true });
}

/** @param {Holder} holder */
function endChildren(holder) {
  if (!isHere(holder, thisMachine())) return;
  for (const { pid, started } of holder.children) {
    if (started === undefined || locateProcess(pid) !== started) continue;
    try {
      process.kill(-pid, "SIGKILL"); // each is the leader of its own process group
    } catch {
      // It ended before the kill.
    }
  }
}

/**
 * Whether a holder's id is that of a process of this machine, since its start, and of this container.
 * @param {Holder} holder @param {import("./this-machine.mjs").Machine} here
 */
function isHere(holder, here) {
  const { host, boot = here.boot, space = here.space } = holder; // a lock of an earlier version has neither
  return host === here.host && boot === here.boot && space === here.space;
}

/**
 * Whether a holder is still running. Asks the system about a process of this machine, and compares the times of files
 * for others, such as those of a container with this host's name, or from before the machine's last start: the clocks
 * of two machines may differ.
 * @param {Holder} holder @param {{ path: string, own: string, self: Holder }} options
 */
function isAlive(holder, { path, own, self }) {
  const running = isHere(holder, self) ? isRunning(holder) : undefined;
  if (running !== undefined) return running;
  writeFileSync(own, JSON.stringify(self)); // the machine that has the disk marks it with its own time
  return statSync(own).mtimeMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < SILENCE_MS;
}

/**
 * @param {string} path
 * @returns {Holder | "gone" | "torn"}
 * @throws the system's error if the file cannot be read: its holder may be running
 */
function readHolder(path) {
  /** @type {string} */
  let text;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESTALE"].includes(codeOf(error) ?? "")) return "gone"; // the second one on NFS
    throw error;
  }
  try {
    const value = JSON.parse(text);
    return typeof value?.pid === "number" && Array.isArray(value.children) ? value : "torn";
  } catch {
    return "torn";
  }
}

/** @param {Holder} a @param {Holder} b */
function isSame(a, b) {
  return a.token === b.token && a.pid === b.pid && a.started === b.started && a.host === b.host;
}

/**
 * Writes the first character of the lock's file again: the machine that has the disk then marks it with its own time.
 * @param {string} path
 */
function touch(path) {
  try {
    const descriptor = openSync(path, "r+");
    try {
      writeSync(descriptor, "{", 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The file was removed by hand; the next start handles that.
  }
}

/** @param {unknown} error @returns {string | undefined} */
function codeOf(error) {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
