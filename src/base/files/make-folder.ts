import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { errorCode } from "./error-code";

/**
 * Makes a folder and its missing parents. Node's own recursive `mkdir` never returns for a path in /proc, and reports
 * ENOENT if the file system is read-only.
 *
 * @returns the first folder of the path that was missing; undefined if all existed
 * @throws the system's error for the folder that cannot be made
 */
export function makeFolder(folder: string): string | undefined {
  const missing: string[] = [];
  let place = resolve(folder);
  while (!isFolder(place) && dirname(place) !== place) {
    missing.unshift(place);
    place = dirname(place);
  }
  for (const path of missing) {
    try {
      mkdirSync(path);
    } catch (error) {
      if (errorCode(error) !== "EEXIST" || !isFolder(path)) throw error; // another process may make it meanwhile
    }
  }
  return missing[0];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
