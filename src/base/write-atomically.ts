import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** How a file is written. */
export interface WriteOptions {
  /** The new file's permissions. @default what the process's mask leaves of 0o666 */
  readonly mode?: number;
  /** Whether it is on the disk, and not only with the system, before it gets its name. @default true */
  readonly sync?: boolean;
}

/**
 * Writes a file so that its final name never holds a part of it: written beside, synced, renamed.
 *
 * @param path - the final name; its folder is made if it is missing
 * @param content - text (as UTF-8), bytes, or the file's parts in order
 */
export async function writeAtomically(path: string, content: string | Uint8Array | readonly Uint8Array[], { mode, sync = true }: WriteOptions = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomBytes(6).toString("hex")}.incomplete`;
  try {
    const file = await open(beside, "wx");
    try {
      if (Array.isArray(content)) for (const part of content as readonly Uint8Array[]) await file.writeFile(part);
      else await file.writeFile(content as string | Uint8Array);
      if (mode !== undefined) await file.chmod(mode);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
