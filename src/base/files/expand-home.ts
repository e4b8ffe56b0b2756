import { homedir } from "node:os";
import { join } from "node:path";

import { TsloraError } from "../tslora-error";

/**
 * Expands a leading `~` to the home folder, as a shell does; other paths are returned unchanged.
 *
 * @throws TsloraError `bad-input` for an empty path, which would be the current folder
 */
export function expandHome(path: string): string {
  if (path.trim() === "")
    throw new TsloraError(
      "bad-input",
      `a path must not be empty; got ${JSON.stringify(path)}. Name a file or a folder; "." is the current one.`,
    );
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
