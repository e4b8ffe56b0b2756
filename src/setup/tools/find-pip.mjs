// @ts-check
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "./find-tool.mjs";
import { SetUpError } from "./set-up-error.mjs";

/** The oldest pip that accepts several platform tags in one download. */
const OLDEST_PIP = 21;
/** @type {Map<string, Promise<string[]>>} by clone: two stages may ask at once */
const asked = new Map();

/**
 * A pip for downloads: this machine's, or one in an environment of the clone if the machine has none or an old one.
 *
 * @param {import("./run-stages.mjs").Work} work
 * @param {{ root: string }} options
 * @returns {Promise<string[]>} its command line
 */
export function findPip(work, { root }) {
  let found = asked.get(root);
  if (found === undefined) {
    found = findOrMake(work, root);
    asked.set(root, found);
    found.catch(() => asked.delete(root));
  }
  return found;
}

/** @param {import("./run-stages.mjs").Work} work @param {string} root */
async function findOrMake(work, root) {
  const python = findTool("python");
  if ("problem" in python) throw new SetUpError(python.problem);
  const home = join(root, ".tslora", "python");
  const own = join(home, "bin", "python");
  // Checked each time: the Python of the environment may have been upgraded or removed since.
  for (const candidate of [python.commandLine, ...(existsSync(own) ? [[own]] : [])]) {
    const pip = [...candidate, "-m", "pip"];
    if ((await versionOf(pip, work)) >= OLDEST_PIP) return pip;
  }
  work.say("making an environment for pip");
  const environment = join(work.staging, "python");
  await work.run([...python.commandLine, "-m", "venv", environment]);
  rmSync(home, { recursive: true, force: true });
  renameSync(environment, home);
  return [own, "-m", "pip"];
}

/**
 * @param {readonly string[]} pip
 * @param {import("./run-stages.mjs").Work} work
 * @returns {Promise<number>} its major version; 0 where there is none
 */
async function versionOf(pip, work) {
  const answer = await work.run([...pip, "--version"], { env: { PIP_REQUIRE_VIRTUALENV: "0" } }).catch(() => "");
  return Number(/^pip (\d+)/m.exec(answer)?.[1] ?? 0);
}
