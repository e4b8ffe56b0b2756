// @ts-check
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * The size of a file or of all files under a folder, in bytes; a file that is removed meanwhile counts as 0.
 *
 * @param {string} path
 * @returns {Promise<number>}
 */
export async function measureFolder(path) {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    let bytes = 0;
    for (const entry of entries) {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) bytes += await measureFolder(inside);
      else if (entry.isFile()) bytes += (await stat(inside)).size;
    }
    return bytes;
  } catch {
    return stat(path).then(
      (status) => (status.isFile() ? status.size : 0),
      () => 0,
    );
  }
}
