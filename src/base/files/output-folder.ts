import { join, resolve } from "node:path";

import { expandHome } from "./expand-home";
import { places } from "../places";

/**
 * Returns the folder that runs write to, as an absolute path: TSLORA_OUTPUT (relative to the current folder), or
 * `output/` in the clone or project.
 */
export function outputFolder(): string {
  const given = process.env.TSLORA_OUTPUT;
  return given === undefined || given.trim() === "" ? join(places().project, "output") : resolve(expandHome(given));
}
