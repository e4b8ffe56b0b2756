import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The SHA-256 of compiled code: all JavaScript files of folders.
 *
 * @param rooms - folders beside `base/`, such as `training`; one that is not there counts as empty
 */
export async function codeHash(rooms: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const room of rooms) await hashFolder(join(__dirname, "..", room), hash);
  return hash.digest("hex");
}

async function hashFolder(folder: string, hash: Hash): Promise<void> {
  if (!existsSync(folder)) return;
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await hashFolder(path, hash);
    else if (entry.name.endsWith(".js")) hash.update(`${entry.name}\n`).update(await readFile(path));
  }
}
