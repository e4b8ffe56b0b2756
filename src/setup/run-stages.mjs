// @ts-check
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { explainFailure } from "./explain-failure.mjs";
import { measureFolder } from "./measure-folder.mjs";
import { runCommand } from "./run-command.mjs";
import { formatBytes } from "./show-progress.mjs";

/**
 * A part of the set-up: something that is made once, at one place in the clone.
 * @typedef {object} Stage
 * @property {string} name  of its marker and its staging folder
 * @property {string} title  what the person at the terminal reads
 * @property {string} place  where the result lies, relative to the clone
 * @property {readonly string[]} [after]  the stages whose results it builds on: made anew when one of them is
 * @property {readonly import("./find-tool.mjs").Tool[]} needs  the tools that making it takes
 * @property {number} bytes  the disk space that making it takes, caches of npm and pip included
 * @property {() => string} key  names what the result is made from; another key, another result
 * @property {(doneKey: string) => boolean} [accepts]  whether a result made under another key serves as well
 * @property {() => boolean} [isWhole]  whether the result still is what was placed; asked at every start, so quick
 * @property {(work: Work) => Promise<string>} make  makes the result in `work.staging` and returns its path
 */
/**
 * What a stage is made with.
 * @typedef {object} Work
 * @property {string} staging  an empty folder, on the disk of the clone, that is removed afterwards
 * @property {(detail: string) => void} say  shows how far it is
 * @property {(commandLine: readonly string[], options?: { cwd?: string, env?: Record<string, string | undefined> }) => Promise<string>} run
 * @property {<T>(folder: string, options: { total?: number, work: Promise<T> }) => Promise<T>} watch  shows a folder's growth, of `total` bytes where that is known, while the work goes on
 */

const WATCH_MS = 1000;

/**
 * The stages that are yet to be made, in their order.
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
 * Makes what is pending. A result is made beside its place and renamed into it, and its marker is written last:
 * wherever a run is stopped, the next one finds the stage undone, or done in full. The caller holds the clone's lock.
 *
 * @param {readonly Stage[]} stages
 * @param {{ root: string, progress: import("./show-progress.mjs").Progress, lock: import("./hold-lock.mjs").Lock, signal: AbortSignal }} options
 */
export async function runStages(stages, { root, progress, lock, signal }) {
  const workshop = join(root, ".tslora", "staging");
  const sweep = () => rm(workshop, { recursive: true, force: true });
  await sweep(); // what a killed run left
  const pending = pendingStages(stages, root);
  for (const [index, stage] of pending.entries()) {
    signal.throwIfAborted();
    const staging = join(workshop, stage.name);
    mkdirSync(staging, { recursive: true });
    progress.begin(`${index + 1}/${pending.length}`, stage.title);
    const key = stage.key();
    try {
      const result = await stage.make({
        staging,
        say: progress.say,
        run: (commandLine, options) => runCommand(commandLine, { ...options, signal, onStart: lock.adopt }),
        watch: (folder, { total, work }) => watchGrowth(folder, { total, work, say: progress.say }),
      });
      signal.throwIfAborted();
      const bytes = await measureFolder(result);
      place(result, { stage, root, aside: join(workshop, `${stage.name}-before`), marker: { key, bytes } });
      progress.say("removing what was there before");
      await sweep();
      progress.end(formatBytes(bytes));
    } catch (error) {
      progress.drop();
      throw signal.aborted ? signal.reason : explainFailure(stage.title, error);
    } finally {
      await sweep();
    }
  }
}

/** @param {Stage} stage @param {string} root */
function isDone(stage, root) {
  const marker = readMarker(markerPath(stage, root));
  if (marker === undefined || !existsSync(join(root, stage.place))) return false;
  if (marker.key !== stage.key() && stage.accepts?.(marker.key) !== true) return false;
  return stage.isWhole?.() ?? true;
}

/**
 * Puts a result into its place. Between the first step and the last the stage counts as undone.
 * @param {string} result @param {{ stage: Stage, root: string, aside: string, marker: { key: string, bytes: number } }} options
 */
function place(result, { stage, root, aside, marker }) {
  const path = markerPath(stage, root);
  const target = join(root, stage.place);
  rmSync(path, { force: true });
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(target)) renameSync(target, aside);
  else rmSync(target, { force: true }); // a link that leads nowhere
  renameSync(result, target);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(marker));
  renameSync(`${path}.new`, path);
}

/** @param {Stage} stage @param {string} root */
function markerPath(stage, root) {
  return join(root, ".tslora", "done", `${stage.name}.json`);
}

/** @param {string} path @returns {{ key: string } | undefined} */
function readMarker(path) {
  try {
    const value = JSON.parse(readFileSync(path, "utf8"));
    return typeof value?.key === "string" ? value : undefined;
  } catch {
    return undefined; // absent, or torn by a power cut
  }
}

/**
 * @template T
 * @param {string} folder @param {{ total?: number | undefined, work: Promise<T>, say: (detail: string) => void }} options
 * @returns {Promise<T>}
 */
async function watchGrowth(folder, { total, work, say }) {
  let busy = false;
  const beat = setInterval(() => {
    if (busy) return; // a large folder on a slow disk takes longer than a beat
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
