import { readFileSync } from "node:fs";
import { join } from "node:path";

import { isRecord } from "./json";
import { projectRoot } from "./places";

/** The version of this package, from its package.json; "unknown" if it names none. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8"));
  return isRecord(manifest) && typeof manifest.version === "string" ? manifest.version : "unknown";
}
