import { randomBytes } from "node:crypto";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { errorCode, isMissing, hasNoLinks } from "../../base/files/error-code";
import { listTree } from "../../base/files/list-tree";
import { makeFolder } from "../../base/files/make-folder";
import { syncPath } from "../../base/files/sync-path";
import { besideName } from "../../base/files/write-atomically";

/** Syncs everything under a folder to disk. */
export async function syncTree(folder: string): Promise<void> {
  const { files, folders } = await listTree(folder);
  for (const path of [...files, ...folders]) await syncPath(path);
}

/**
 * Moves a folder to a name that is free, and syncs its parent.
 *
 * @returns false if there is a folder of this name, which is left as it is
 */
export async function moveToFreeName(folder: string, place: string): Promise<boolean> {
  makeFolder(dirname(place));
  try {
    await rename(folder, place); // replaces an empty folder alone
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
  await syncPath(dirname(place));
  return true;
}

/**
 * Writes a file under a name that is free, whole or not at all, and syncs it and its folder.
 *
 * @returns false if there is a file of this name, which is left as it is
 */
export async function writeToFreeName(place: string, content: string): Promise<boolean> {
  const beside = besideName(place);
  makeFolder(dirname(place));
  try {
    await writeFile(beside, content, { flag: "wx", flush: true });
    try {
      await link(beside, place);
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      if (!hasNoLinks(error)) throw error;
      await rename(beside, place); // two writers write the same content here
    }
    await syncPath(dirname(place));
    return true;
  } finally {
    await rm(beside, { force: true });
  }
}

/** Deletes a file or folder after a rename, so that no one sees a part of it. */
export async function takeAway(place: string, trash: string): Promise<void> {
  const aside = join(trash, randomBytes(8).toString("hex"));
  makeFolder(trash);
  try {
    await rename(place, aside);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
