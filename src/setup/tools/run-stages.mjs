// @ts-check
import { setMaxListeners } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { debuglog } from "node:util";

import { explainFailure } from "./explain-failure.mjs";
import { measureFolder } from "./measure-folder.mjs";
import { runCommand } from "./run-command.mjs";
import { formatBytes } from "./show-progress.mjs";

/**
 * A part of the set-up. Its result is made once, at one path in the clone.
 * @typedef {object} Stage
 * @property {string} name  the name of its marker and its staging folder
 * @property {string} title  its name on the terminal
 * @property {string} place  where the result is, relative to the clone
 * @property {readonly string[]} [after]  the stages that it depends on; when one of them is made, it is made again
 * @property {readonly import("./find-tool.mjs").Tool[]} needs  the tools that it needs
 * @property {number} bytes  the disk space that it needs, with the caches of npm and pip
 * @property {() => string} key  identifies the inputs of the result; a new key means a new result
 * @property {(doneKey: string) => boolean} [accepts] whether a result with another key is accepted, too
 * @property {() => boolean} [isWhole] whether the result is still complete; called at every start, so it must be quick
 * @property {(work: Work) => Promise<string>} make  makes the result in `work.staging` and returns its path
 */
/**
 * Tools of a stage.
 * @typedef {object} Work
 * @property {string} staging  an empty folder, on the disk of the clone, that is removed afterwards
 * @property {(detail: string) => void} say  shows its progress
 * @property {Run} run  runs a command to its end
 * @property {(commandLines: readonly (readonly string[])[]) => Promise<void>} runAll runs independent commands, as many
 * in parallel as there are processors
 * @property {<T>(folder: string, options: { total?: number, work: Promise<T> }) => Promise<T>} watch shows a folder's
 * growth while the work runs, and its final size `total` in bytes if known
 */
/**
 * @typedef {(commandLine: readonly string[], options?: { cwd?: string, env?: Record<string, string | undefined> }) =>
 * Promise<string>} Run
 */
/**
 * Size and time of a stage.
 * @typedef {{ title: string, bytes: number, ms: number }} Taken
 */

const WATCH_MS = 1000;
const debug = debuglog("tslora:setup");

/**
 * The stages that must be made, in order.
 *
 * @param {readonly Stage[]} stages
 * @param {string} root  the clone
 * @returns {Stage[]}
 */
export function pendingStages(stages, root) {
  /** @type {Stage[]} */
  const pending = [];
  for (const stage of stages) {
    if (!isDone(stage, root) || pending.some(({ name }) => stage.after?.includes(name))) pending.push(stage);
  }
  return pending;
}

/**
 * The key of a stage's last result.
 *
 * @param {string} name  the stage's
 * @param {string} root
 * @returns {string | undefined} undefined if it was not made
 */
export function doneKey(name, root) {
  return readMarker(markerPath(name, root))?.key;
}

/**
 * Makes the pending stages in parallel; a stage starts when its dependencies are made. The first failure ends the
 * others. A result is made in a staging folder and renamed into its place, and its marker is written last: after an
 * interrupted run each stage is either missing or complete. The caller holds the clone's lock.
 *
 * @param {readonly Stage[]} stages
 * @param {{ root: string, progress: import("./show-progress.mjs").Progress, lock: import("./hold-lock.mjs").Lock,
 *   signal: AbortSignal }} options
 * @throws {SetUpError} of the stage that failed first
 */
export async function runStages(stages, { root, progress, lock, signal }) {
  const started = Date.now();
  const workshop = join(root, ".tslora", "staging");
  const sweep = () => rm(workshop, { recursive: true, force: true });
  await sweep(); // a killed run may have left files
  const pending = pendingStages(stages, root);
  const ending = new globalThis.AbortController();
  setMaxListeners(0, ending.signal); // every command of every stage adds a listener
  const end = () => ending.abort(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  const limit = limitTo(Math.max(2, availableParallelism()));
  /** @type {Map<string, Promise<Taken>>} */
  const running = new Map();
  let done = 0;
  /** @type {{ error: unknown } | undefined} */
  let first;
  for (const stage of pending) {
    const before = (stage.after ?? []).flatMap((name) => running.get(name) ?? []);
    const made = Promise.all(before).then(() =>
      makeStage(stage, {
        root,
        workshop,
        progress,
        lock,
        signal: ending.signal,
        limit,
        position: () => `${++done}/${pending.length}`,
      }),
    );
    made.catch((/** @type {unknown} */ error) => {
      first ??= { error };
      ending.abort(error);
    });
    running.set(stage.name, made);
  }
  const ends = await Promise.allSettled(running.values());
  signal.removeEventListener("abort", end);
  await sweep();
  if (signal.aborted) throw signal.reason;
  if (first !== undefined) throw first.error;
  const taken = ends.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (taken.length > 1) progress.sum(taken, Date.now() - started);
}

/**
 * @param {Stage} stage
 * @param {{ root: string, workshop: string, progress: import("./show-progress.mjs").Progress, lock:
 *   import("./hold-lock.mjs").Lock, signal: AbortSignal, limit: <T>(work: () => Promise<T>) => Promise<T>, position: ()
 *   => string }} options
 * @returns {Promise<Taken>}
 */
async function makeStage(stage, { root, workshop, progress, lock, signal, limit, position }) {
  signal.throwIfAborted();
  const started = Date.now();
  const staging = join(workshop, stage.name);
  mkdirSync(staging, { recursive: true });
  const part = progress.begin(stage.title);
  try {
    const key = stage.key();
    /** @type {Run} */
    const run = (commandLine, options) => runCommand(commandLine, { ...options, signal, onStart: lock.adopt });
    const result = await stage.make({
      staging,
      say: part.say,
      run,
      runAll: async (commandLines) => {
        let ended = 0;
        const failed = new globalThis.AbortController(); // the first failure ends the other commands
        const either = globalThis.AbortSignal.any([signal, failed.signal]);
        const runOne = async (/** @type {readonly string[]} */ commandLine) => {
          await runCommand(commandLine, { signal: either, onStart: lock.adopt });
          part.say(`${++ended} of ${commandLines.length} files`);
        };
        const ends = await Promise.allSettled(
          commandLines.map((commandLine) =>
            limit(() => runOne(commandLine)).catch((/** @type {unknown} */ error) => {
              failed.abort(error);
              throw error;
            }),
          ),
        );
        for (const end of ends) if (end.status === "rejected") throw end.reason; // all commands have ended here
      },
      watch: (folder, { total, work }) => watchGrowth(folder, { total, work, say: part.say }),
    });
    signal.throwIfAborted();
    const bytes = await measureFolder(result);
    signal.throwIfAborted();
    const aside = join(workshop, `${stage.name}-before`);
    place(result, { stage, root, aside, marker: { key, bytes } });
    await rm(aside, { recursive: true, force: true });
    const taken = { title: stage.title, bytes, ms: Date.now() - started };
    part.end(position(), formatBytes(bytes));
    return taken;
  } catch (error) {
    part.remove();
    throw signal.aborted ? signal.reason : explainFailure(stage.title, error);
  }
}

/**
 * Makes a function that runs at most `most` pieces of work at once; the others wait.
 *
 * @param {number} most
 * @returns {<T>(work: () => Promise<T>) => Promise<T>}
 */
function limitTo(most) {
  let free = most;
  /** @type {(() => void)[]} */
  const waiting = [];
  return async (work) => {
    if (free === 0) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
    else free--;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/** @param {Stage} stage @param {string} root */
function isDone(stage, root) {
  const marker = readMarker(markerPath(stage.name, root));
  const undone = (/** @type {string} */ why) => {
    debug("%s is made: %s", stage.name, why);
    return false;
  };
  if (marker === undefined) return undone("it has no marker");
  if (!existsSync(join(root, stage.place))) return undone(`${stage.place} is missing`);
  if (marker.key !== stage.key() && stage.accepts?.(marker.key) !== true) return undone("its inputs changed");
  return (stage.isWhole?.() ?? true) || undone("its result is not complete");
}

/**
 * Moves a result to its place. The stage counts as missing until the last step.
 * @param {string} result @param {{ stage: Stage, root: string, aside: string, marker: { key: string, bytes: number } }}
 *   options
 */
function place(result, { stage, root, aside, marker }) {
  const path = markerPath(stage.name, root);
  const target = join(root, stage.place);
  rmSync(path, { force: true });
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(target)) renameSync(target, aside);
  else rmSync(target, { force: true }); // a broken link
  renameSync(result, target);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(marker));
  renameSync(`${path}.new`, path);
}

/** @param {string} name @param {string} root */
function markerPath(name, root) {
  return join(root, ".tslora", "done", `${name}.json`);
}

/** @param {string} path @returns {{ key: string } | undefined} */
function readMarker(path) {
  try {
    const value = JSON.parse(readFileSync(path, "utf8"));
    return typeof value?.key === "string" ? value : undefined;
  } catch {
    return undefined; // missing, or incomplete after a power failure
  }
}

/**
 * @template T
 * @param {string} folder
 * @param {{ total?: number | undefined, work: Promise<T>, say: (detail: string) => void }} options
 * @returns {Promise<T>}
 */
async function watchGrowth(folder, { total, work, say }) {
  let busy = false;
  const beat = setInterval(() => {
    if (busy) return; // measuring a large folder on a slow disk takes longer than the interval
    busy = true;
    void measureFolder(folder).then((bytes) => {
      busy = false;
      say(total === undefined ? formatBytes(bytes) : `${formatBytes(Math.min(bytes, total))} of ${formatBytes(total)}`);
    });
  }, WATCH_MS);
  try {
    return await work;
  } finally {
    clearInterval(beat);
  }
}
