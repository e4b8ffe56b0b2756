import { join } from "node:path";

import type * as TypeScript from "typescript";

import { projectRoot } from "../../base/project-root";

/**
 * tslab's own TypeScript (5.0): what reads and emits a cell here does it as the kernel does. Takes a third of a
 * second, so it is loaded when a cell has failed or parameters are given, and never otherwise.
 */
export function loadTypeScript(): typeof TypeScript {
  const path = require.resolve("@tslab/typescript-for-tslab", {
    paths: [join(projectRoot(), "node_modules", "tslab")],
  });
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- synchronous, and resolved from tslab's own folder
  return require(path) as typeof TypeScript;
}
