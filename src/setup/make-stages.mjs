// @ts-check
import { constants } from "node:os";
import { join } from "node:path";

import { checkPrerequisites } from "./check-prerequisites.mjs";
import { holdLock } from "./tools/hold-lock.mjs";
import { pendingStages, runStages } from "./tools/run-stages.mjs";
import { showProgress } from "./tools/show-progress.mjs";

/** @type {readonly NodeJS.Signals[]} */
const ENDINGS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Makes the missing stages, under the lock of their folder; only checks if nothing is missing.
 *
 * @param {readonly import("./tools/run-stages.mjs").Stage[]} stages
 * @param {{ root: string, what: string }} options  the folder whose `.tslora` holds them, and its name in messages
 */
export async function makeStages(stages, { root, what }) {
  const pending = pendingStages(stages, root);
  if (pending.length === 0) return;
  checkPrerequisites(pending, { root });
  await untilEnded((signal) => makeUnderLock(stages, { root, what, signal }));
}

/**
 * @param {readonly import("./tools/run-stages.mjs").Stage[]} stages
 * @param {{ root: string, what: string, signal: AbortSignal }} options
 */
async function makeUnderLock(stages, { root, what, signal }) {
  const progress = showProgress(process.stderr);
  const lock = await holdLock(join(root, ".tslora", "lock"), {
    signal,
    onWait: ({ pid, host }) => progress.note(`Waiting for process ${pid} on ${host}, which is setting up ${what}.`),
  });
  try {
    await runStages(stages, { root, progress, lock, signal });
  } finally {
    lock.release();
  }
}

/**
 * Does work that Ctrl-C or another ending signal may stop. The signal aborts the work; after the clean-up the process
 * ends by the same signal, as its caller expects.
 * @param {(signal: AbortSignal) => Promise<void>} work
 */
async function untilEnded(work) {
  const ending = new globalThis.AbortController();
  /** @type {NodeJS.Signals | undefined} */
  let cause;
  const end = (/** @type {NodeJS.Signals} */ name) => {
    cause ??= name;
    ending.abort(new Error(`ended by ${name}`));
  };
  for (const name of ENDINGS) process.on(name, end);
  try {
    await work(ending.signal);
  } catch (error) {
    if (cause === undefined) throw error;
  } finally {
    for (const name of ENDINGS) process.off(name, end);
  }
  if (cause !== undefined) {
    process.kill(process.pid, cause);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // the signal arrives on a later turn
    process.exit(128 + constants.signals[cause]); // process 1 of a container does not end by its signal
  }
}
