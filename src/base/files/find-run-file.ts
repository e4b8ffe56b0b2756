import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Places of a file that a run wrote about an adapter, a model or a checkpoint: in its folder, then in the one above,
 * the run's output folder.
 */
export function runFilePlaces(folder: string, name: string): string[] {
  return [folder, dirname(resolve(folder))].map((place) => join(place, name));
}

/** The first of {@link runFilePlaces} that exists. */
export function findRunFile(folder: string, name: string): string | undefined {
  return runFilePlaces(folder, name).find((path) => existsSync(path));
}
