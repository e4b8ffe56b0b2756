import type * as TypeScript from "typescript";

import { requiredPackage } from "../../base/places";

/**
 * Loads tslab's own TypeScript (5.0), which parses and emits a cell as the kernel does. Loading takes a third of a
 * second, so it happens only when a cell has failed or parameters are given.
 */
export function loadTypeScript(): typeof TypeScript {
  const path = require.resolve("@tslab/typescript-for-tslab", {
    paths: [requiredPackage("tslab")],
  });
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- synchronous, and resolved from tslab's own folder
  return require(path) as typeof TypeScript;
}
