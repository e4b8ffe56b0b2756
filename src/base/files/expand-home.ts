import { homedir } from "node:os";
import { join } from "node:path";

/** A path with a leading `~` as the home folder, as a shell expands it; any other path as it is. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
