// @ts-check
import { spawnSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "./find-tool.mjs";
import { SetUpError } from "./set-up-error.mjs";

/**
 * An environment of the clone's own with pip in it: many systems' Python has none, or forbids its use.
 *
 * @param {import("./run-stages.mjs").Work} work
 * @param {{ root: string }} options
 * @returns {Promise<string>} the environment's Python
 */
export async function ensurePip(work, { root }) {
  const home = join(root, ".tslora", "python");
  const python = join(home, "bin", "python");
  // Asked rather than marked: the Python that an environment was made from may have been upgraded or removed since.
  if (spawnSync(python, ["-m", "pip", "--version"]).status === 0) return python;
  const found = findTool("python");
  if ("problem" in found) throw new SetUpError(found.problem);
  work.say("making an environment for pip");
  const beside = join(work.staging, "python");
  await work.run([...found.commandLine, "-m", "venv", beside]);
  rmSync(home, { recursive: true, force: true });
  renameSync(beside, home);
  return python;
}
