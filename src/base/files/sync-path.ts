import { open } from "node:fs/promises";

import { errorCode } from "./error-code";

/** Syncs a file, or a folder's list of names, to disk. Some shared file systems cannot sync folders: they need not. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== "EINVAL") throw error;
  } finally {
    await handle.close();
  }
}
