// @ts-check
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { listFiles } from "./list-files.mjs";

/**
 * A hash of files' names and contents. It ignores times, so a fresh checkout over a restored cache, or a copied clone,
 * has the same hash.
 *
 * @param {string} root
 * @param {{ paths: readonly string[], leaveOut?: readonly string[] }} what files and folders relative to the root; a
 *   folder means all files under it
 * @returns {string}
 */
export function hashFiles(root, { paths, leaveOut = [] }) {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of listFiles(root, path)) {
      const isRead = !file.endsWith(".md"); // no build reads Markdown
      if (!isRead || leaveOut.some((folder) => file.startsWith(`${folder}/`))) continue;
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update("\0");
    }
  }
  return hash.digest("hex").slice(0, 16);
}
