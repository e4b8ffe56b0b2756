import { join } from "node:path";

import { expandHome } from "./expand-home";
import { projectRoot } from "./project-root";

/** Where runs write: the folder that the runner names in TSLORA_OUTPUT, or `output/` in the clone. */
export function outputFolder(): string {
  const given = process.env.TSLORA_OUTPUT;
  return given === undefined ? join(projectRoot(), "output") : expandHome(given);
}
