import { join } from "node:path";

import { projectRoot } from "./project-root";

/** Where runs write: the folder that the runner names in TSLORA_OUTPUT, or `output/` in the clone. */
export function outputFolder(): string {
  return process.env.TSLORA_OUTPUT ?? join(projectRoot(), "output");
}
