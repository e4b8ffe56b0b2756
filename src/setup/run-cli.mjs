// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";

import { passOn } from "./pass-on.mjs";
import { SetUpError } from "./set-up-error.mjs";

/**
 * Runs tslora's command line, compiled by set-up.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function runCli(parameters, { root }) {
  const main = join(root, ".tslora", "package", "cli", "main.js");
  if (!existsSync(main)) throw new SetUpError(`tslora's command line was expected at ${main}, which src/cli/main.ts compiles to.`);
  return passOn([process.execPath, main, ...parameters]);
}
