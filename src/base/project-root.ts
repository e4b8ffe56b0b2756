import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { TsloraError } from "./tslora-error";

/**
 * The folder of the clone: the nearest one above this file that holds `src/setup`, whether this file runs from
 * `src`, from the compiled package or from the compiled tests.
 */
export function projectRoot(): string {
  return (root ??= findRoot());
}

let root: string | undefined;

function findRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "src", "setup", "start.mjs"))) return folder;
    if (folder === dirname(folder)) {
      throw new TsloraError(
        "not-found",
        `tslora's clone was expected above ${__dirname}, but no folder there holds src/setup/start.mjs. Run tslora from its clone.`,
      );
    }
  }
}
