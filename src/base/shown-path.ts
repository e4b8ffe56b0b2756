import { isAbsolute, relative } from "node:path";

import { projectRoot } from "./project-root";

/** A path as messages show it: from the clone's root where it lies inside, else whole. */
export function shownPath(path: string): string {
  const inside = relative(projectRoot(), path);
  return inside === "" || inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}
