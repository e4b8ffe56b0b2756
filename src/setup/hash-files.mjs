// @ts-check
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * A hash of files' names and contents. Contents rather than times: a fresh checkout over a restored cache, or a copied
 * clone, is the same work.
 *
 * @param {string} root
 * @param {{ paths: readonly string[], leaveOut?: readonly string[] }} what  files and folders relative to the root; a folder counts with all under it
 * @returns {string}
 */
export function hashFiles(root, { paths, leaveOut = [] }) {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of listFiles(root, path)) {
      if (leaveOut.some((folder) => file.startsWith(`${folder}/`))) continue;
      hash.update(`${file}\0`).update(readFileSync(join(root, file))).update("\0");
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * The files at or under a path, sorted, relative to the root and with forward slashes.
 *
 * @param {string} root
 * @param {string} path  relative to the root
 * @returns {string[]}
 */
export function listFiles(root, path) {
  const status = statSync(join(root, path), { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (status.isFile()) return [path];
  return readdirSync(join(root, path)).sort().flatMap((name) => listFiles(root, `${path}/${name}`));
}
