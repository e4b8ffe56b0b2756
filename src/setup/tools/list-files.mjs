// @ts-check
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The files at or under a path, sorted, relative to the root and with forward slashes; without Jupyter Lab's checkpoint
 * copies.
 *
 * @param {string} root
 * @param {string} path  relative to the root
 * @returns {string[]}
 */
export function listFiles(root, path) {
  const status = statSync(join(root, path), { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (status.isFile()) return [path];
  return readdirSync(join(root, path))
    .filter((name) => name !== ".ipynb_checkpoints")
    .sort()
    .flatMap((name) => listFiles(root, `${path}/${name}`));
}
