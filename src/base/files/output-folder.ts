import { join, resolve } from "node:path";

import { expandHome } from "./expand-home";
import { projectRoot } from "../project-root";

/**
 * Returns the folder that runs write to, as an absolute path: TSLORA_OUTPUT (relative to the current folder), or
 * `output/` in the clone.
 */
export function outputFolder(): string {
  const given = process.env.TSLORA_OUTPUT;
  return given === undefined || given.trim() === "" ? join(projectRoot(), "output") : resolve(expandHome(given));
}
