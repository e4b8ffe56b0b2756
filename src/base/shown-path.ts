import { homedir } from "node:os";
import { isAbsolute, join, relative } from "node:path";

import { projectRoot } from "./project-root";

/** A path as messages show it: from the clone's root or the home folder where it lies inside one, else whole. */
export function shownPath(path: string): string {
  return inside(projectRoot(), path) ?? (inside(homedir(), path) === undefined ? path : join("~", relative(homedir(), path)));
}

function inside(folder: string, path: string): string | undefined {
  const rest = relative(folder, path);
  return rest === "" || rest.startsWith("..") || isAbsolute(rest) ? undefined : rest;
}
