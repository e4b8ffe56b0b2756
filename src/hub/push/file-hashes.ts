import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { TsloraError } from "../../base/tslora-error";
import { fileChanged, FileSlice, type SentFile } from "./file-slice";
import type { LocalFile } from "./list-files";

/** An open file with its hashes. The caller closes the handle. */
export interface HashedFile extends SentFile {
  readonly size: number;
  /** The hash of a large file on the Hub. */
  readonly sha256: string;
  /** git's hash of the content, which the Hub has for a small file. */
  readonly gitHash: string;
  /** When the file was last changed, in nanoseconds, as it was opened. */
  readonly changed: bigint;
}

/**
 * Opens a file and reads it once for its hashes.
 *
 * @param onBytes - receives the number of bytes read, in steps
 */
export async function hashFile(
  { path, size, source }: LocalFile,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<HashedFile> {
  const handle = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw new TsloraError("bad-input", `${path} cannot be read.`, { cause: error });
    },
  );
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile() || Number(stats.size) !== size) throw fileChanged(path);
    const sha256 = createHash("sha256");
    const git = createHash("sha1").update(`blob ${size}\0`);
    for await (const chunk of new FileSlice({ path, handle }, { start: 0, end: size }).chunks()) {
      signal.throwIfAborted();
      sha256.update(chunk);
      git.update(chunk);
      onBytes(chunk.length);
    }
    return { path, handle, size, changed: stats.mtimeNs, sha256: sha256.digest("hex"), gitHash: git.digest("hex") };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws TsloraError `bad-input` if a file was written since it was opened. */
export async function expectUnchanged(files: readonly HashedFile[]): Promise<void> {
  for (const { path, handle, size, changed } of files) {
    const stats = await handle.stat({ bigint: true });
    if (Number(stats.size) !== size || stats.mtimeNs !== changed) throw fileChanged(path);
  }
}
