import { homedir } from "node:os";
import { join } from "node:path";

/** Expands a leading `~` to the home folder, as a shell does; other paths are returned unchanged. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
