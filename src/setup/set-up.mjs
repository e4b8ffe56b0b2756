// @ts-check
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildBinding } from "./stages/build-binding.mjs";
import { checkPrerequisites } from "./check-prerequisites.mjs";
import { compileKernels } from "./stages/compile-kernels.mjs";
import { compilePackage } from "./stages/compile-package.mjs";
import { holdLock } from "./tools/hold-lock.mjs";
import { installConformance } from "./stages/install-conformance.mjs";
import { installLab } from "./stages/install-lab.mjs";
import { installPackages, linkPackages } from "./stages/install-packages.mjs";
import { installReference } from "./stages/install-reference.mjs";
import { pendingStages, runStages } from "./tools/run-stages.mjs";
import { settleClone } from "./stages/settle-clone.mjs";
import { showProgress } from "./tools/show-progress.mjs";
import { unpackEncoder } from "./stages/unpack-encoder.mjs";
import { unpackMpnet } from "./stages/unpack-mpnet.mjs";
import { hasSwiftshader, unpackSwiftshader } from "./stages/unpack-swiftshader.mjs";
import { unpackTensorflow } from "./stages/unpack-tensorflow.mjs";

/** The clone that holds these files. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @type {readonly NodeJS.Signals[]} */
const ENDINGS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Parts in addition to the common ones: JupyterLab; the packages that the parity run compares with; the packages that
 * the runner is compared with; MPNet; SwiftShader, a GPU in software, if it exists for this platform; the kernels for
 * every instruction set; further stages of a single command.
 * @typedef {object} Extras
 * @property {boolean} [lab]
 * @property {boolean} [reference]
 * @property {boolean} [conformance]
 * @property {boolean} [mpnet]
 * @property {boolean} [swiftshader]
 * @property {boolean} [allInstructions]
 * @property {boolean} [checksTypes]  the command checks types itself
 * @property {readonly ((root: string) => import("./tools/run-stages.mjs").Stage)[]} [more]
 */

/**
 * The parts of the set-up, each after the parts that it depends on.
 *
 * @param {Extras} [extras]
 * @returns {import("./tools/run-stages.mjs").Stage[]}
 */
export function stagesOf({
  lab = false,
  reference = false,
  conformance = false,
  mpnet = false,
  swiftshader = false,
  allInstructions = false,
  checksTypes = false,
  more = [],
} = {}) {
  return [
    installPackages(ROOT),
    unpackTensorflow(ROOT),
    compileKernels(ROOT, { allInstructions }),
    unpackEncoder(ROOT),
    compilePackage(ROOT, { checksTypes }),
    buildBinding(ROOT),
    ...[
      ...(lab ? [installLab] : []),
      ...(reference ? [installReference] : []),
      ...(conformance ? [installConformance] : []),
      ...(mpnet ? [unpackMpnet] : []),
      ...(swiftshader && hasSwiftshader() ? [unpackSwiftshader] : []),
      ...more,
    ].map((stage) => stage(ROOT)),
  ];
}

/**
 * Makes the missing parts of the set-up; only checks if nothing is missing.
 *
 * @param {Extras} [extras]
 */
export async function setUp(extras) {
  const stages = stagesOf(extras);
  const pending = pendingStages(stages, ROOT);
  if (pending.length > 0) {
    checkPrerequisites(pending, { root: ROOT });
    await untilEnded((signal) => makeUnderLock(stages, signal));
  }
  linkPackages(join(ROOT, "node_modules"));
  settleClone(ROOT);
}

/** @param {readonly import("./tools/run-stages.mjs").Stage[]} stages @param {AbortSignal} signal */
async function makeUnderLock(stages, signal) {
  const progress = showProgress(process.stderr);
  const lock = await holdLock(join(ROOT, ".tslora", "lock"), {
    signal,
    onWait: ({ pid, host }) => progress.note(`Waiting for process ${pid} on ${host}, which is setting up this clone.`),
  });
  try {
    await runStages(stages, { root: ROOT, progress, lock, signal });
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
    // the signal arrives on a later turn; wait until then
    await new Promise(() => setTimeout(() => undefined, 1000));
  }
}
