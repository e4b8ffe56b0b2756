import { homedir } from "node:os";
import { join } from "node:path";

import { environmentVariable } from "../environment-variable";

/** The folder of the user's caches. @default XDG_CACHE_HOME, or `.cache` in the home folder */
export function userCacheFolder(): string {
  return environmentVariable("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
}
