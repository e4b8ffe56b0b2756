// @ts-check
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { settleEnvironment } from "./settle-environment.mjs";
import { writeKernelspecs } from "../commands/write-kernelspecs.mjs";

/** Under `.tslora`. */
const ENVIRONMENTS = ["conformance", "lab", "python", "reference", "sweep-reference"];

/**
 * Updates the clone's path in the Python environments and the kernelspecs after the clone was moved or copied, and the
 * path of Node in the kernelspecs after another Node was installed.
 *
 * @param {string} root  the clone
 * @param {{ needsKernelspecs?: boolean }} [options]  whether kernelspecs that cannot be written are an error in a clone
 *   that is set up, too
 */
export function settleClone(root, { needsKernelspecs = false } = {}) {
  const noted = join(root, ".tslora", "place");
  const before = existsSync(noted) ? readFileSync(noted, "utf8") : undefined;
  try {
    writeKernelspecs(root);
  } catch (error) {
    if (needsKernelspecs || before !== root) throw error; // else it is set up, and belongs to another user
  }
  if (before === root) return;
  for (const name of ENVIRONMENTS) {
    const environment = join(root, ".tslora", name);
    if (before !== undefined && existsSync(environment))
      settleEnvironment(environment, { from: join(before, ".tslora", name), to: environment });
  }
  mkdirSync(join(root, ".tslora"), { recursive: true });
  writeFileSync(`${noted}.${process.pid}`, root);
  renameSync(`${noted}.${process.pid}`, noted);
}
