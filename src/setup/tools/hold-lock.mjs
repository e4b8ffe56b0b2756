// @ts-check
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { locateProcess } from "./locate-process.mjs";

/**
 * The process that holds a lock. `children` are the processes that it started. They may outlive a killed holder, and
 * would then write into the next holder's files, so they are killed before the lock is taken over.
 * @typedef {{ pid: number, started: string | undefined }} ProcessName
 * @typedef {ProcessName & { host: string, children: ProcessName[] }} Holder
 */
/** @typedef {{ adopt: (pid: number) => void, release: () => void }} Lock */

const POLL_MS = 200;
const BEAT_MS = 2000;
/** A holder on another machine counts as ended if it has not updated the lock's file for so many milliseconds. */
const SILENCE_MS = 60_000;

/**
 * Acquires a lock file, and waits while another running process holds it. Takes over the file of a process that has
 * ended.
 *
 * @param {string} path
 * @param {{ onWait: (holder: Holder) => void, signal?: AbortSignal }} options
 * @returns {Promise<Lock>}
 */
export async function holdLock(path, { onWait, signal }) {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  /** @type {Holder} */
  const self = { pid: process.pid, started: locateProcess(process.pid), host: hostname(), children: [] };
  let reported = 0;
  try {
    writeFileSync(own, JSON.stringify(self));
    while (!createLock(own, path)) {
      const holder = readHolder(path);
      if (holder === "gone") continue;
      if (holder === "torn" || !isAlive(holder, path)) {
        removeStale(path, own, holder);
        continue;
      }
      if (holder.pid !== reported) onWait(holder);
      reported = holder.pid;
      await sleep(POLL_MS, undefined, { signal });
    }
  } finally {
    rmSync(own, { force: true });
  }

  const beat = setInterval(() => touch(path), BEAT_MS);
  beat.unref();
  return {
    adopt(pid) {
      self.children = self.children.filter((child) => locateProcess(child.pid) === child.started);
      self.children.push({ pid, started: locateProcess(pid) });
      writeFileSync(own, JSON.stringify(self));
      renameSync(own, path);
    },
    release() {
      clearInterval(beat);
      const holder = readHolder(path);
      if (typeof holder === "object" && isSame(holder, self)) rmSync(path, { force: true });
    },
  };
}

/**
 * Creates the lock file as a link to a complete file, which is atomic: of several processes, only one succeeds.
 * @param {string} own @param {string} path
 */
function createLock(own, path) {
  try {
    linkSync(own, path);
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
  if (holder.host !== hostname()) return;
  for (const { pid, started } of holder.children) {
    if (started === undefined || locateProcess(pid) !== started) continue;
    try {
      process.kill(-pid, "SIGKILL"); // each is the leader of its own process group
    } catch {
      // It ended before the kill.
    }
  }
}

/** @param {Holder} holder @param {string} path */
function isAlive(holder, path) {
  if (holder.host === hostname()) return locateProcess(holder.pid) === holder.started && holder.started !== undefined;
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < SILENCE_MS;
}

/** @param {string} path @returns {Holder | "gone" | "torn"} */
function readHolder(path) {
  try {
    const value = JSON.parse(readFileSync(path, "utf8"));
    return typeof value?.pid === "number" && Array.isArray(value.children) ? value : "torn";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "gone" : "torn";
  }
}

/** @param {Holder} a @param {Holder} b */
function isSame(a, b) {
  return a.pid === b.pid && a.started === b.started && a.host === b.host;
}

/** @param {string} path */
function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The file was removed by hand; the next start handles that.
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
