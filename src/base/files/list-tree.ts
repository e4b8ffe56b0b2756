import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Paths of the files and folders under a folder; the last folder is itself. */
export async function listTree(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const inside = await listTree(path);
      files.push(...inside.files);
      folders.push(...inside.folders);
    } else files.push(path);
  }
  return { files, folders: [...folders, folder] };
}
