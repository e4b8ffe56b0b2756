import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Replaces a folder, if there is one, by a complete new one. If the process ends between the two renames, the old
 * folder is left as `<path>.replaced`; {@link recoverFolders} restores it.
 */
export async function replaceFolder(path: string, fresh: string): Promise<void> {
  const old = `${path}.replaced`;
  const moved = await rename(path, old).then(
    () => true,
    () => false, // there is no old folder
  );
  await rename(fresh, path);
  if (moved) await rm(old, { recursive: true, force: true });
}

/** Deletes checkpoints that a killed process left incomplete, and restores folders that it was replacing. */
export async function recoverFolders(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [] as string[]);
  for (const name of names) {
    const [, checkpoint, kind] = /^(checkpoint-\d+)\.(incomplete|replaced)$/.exec(name) ?? [];
    if (checkpoint === undefined) continue;
    if (kind === "replaced" && !names.includes(checkpoint))
      await rename(join(directory, name), join(directory, checkpoint));
    else await rm(join(directory, name), { recursive: true, force: true });
  }
}
