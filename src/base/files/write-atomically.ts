import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { notSaved } from "./file-fault";
import { makeFolder } from "./make-folder";

/** How a file is written. */
export interface WriteOptions {
  /**
   * The file's permissions.
   * @default those of the file that it replaces, else what the process's mask leaves of 0o666
   */
  readonly mode?: number;
  /** Whether it is on the disk, and not only with the system, before it gets its name. @default true */
  readonly sync?: boolean;
}

/** The content of a file: text (as UTF-8), bytes, or its parts in order, which may be made one by one. */
export type FileContent = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Characters of text that are gathered for one write. */
const GATHERED = 1 << 18;
/** Bytes that a file's name may have on the file systems there are. */
const NAME_BYTES = 255;

/**
 * Writes a file so that its final name never holds a part of it: written beside, synced, renamed. The new file is never
 * readable by more users than it will be in the end. A link is followed: the file that it leads to is replaced. A
 * device or a pipe, such as `/dev/stdout`, is written to and never replaced.
 *
 * @param path - the final name; its folder is made if it is missing
 * @throws TsloraError `not-saved`, in one line, for whatever the system refuses. No part of the file is left then.
 */
export async function writeAtomically(
  path: string,
  content: FileContent,
  { mode, sync = true }: WriteOptions = {},
): Promise<void> {
  try {
    makeFolder(dirname(path));
    const place = await realpath(path).catch(() => path);
    const found = await stat(place).catch(() => undefined);
    if (found?.isDirectory() === true) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    if (found !== undefined && !found.isFile()) return await writeInto(place, content);
    await replace(place, content, { mode: mode ?? (found === undefined ? undefined : found.mode & 0o7777), sync });
  } catch (error) {
    throw notSaved(path, error);
  }
}

async function replace(place: string, content: FileContent, { mode, sync }: WriteOptions): Promise<void> {
  const beside = besideName(place);
  const file = await open(beside, "wx", mode === undefined ? 0o666 : mode & 0o777);
  try {
    try {
      await writeContent(file, content);
      if (mode !== undefined) await file.chmod(mode);
      if (sync === true) await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeInto(place: string, content: FileContent): Promise<void> {
  const file = await open(place, "w");
  try {
    await writeContent(file, content);
  } finally {
    await file.close();
  }
}

async function writeContent(file: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === "string" || content instanceof Uint8Array) return file.writeFile(content);
  let texts: string[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (size > 0) await file.writeFile(texts.join(""));
    texts = [];
    size = 0;
  };
  for await (const part of content) {
    if (typeof part === "string") {
      texts.push(part);
      size += part.length;
      if (size >= GATHERED) await flush();
    } else {
      await flush();
      await file.writeFile(part);
    }
  }
  await flush();
}

/** A free name in the same folder: the file's own and an ending, cut where both would be too long. */
export function besideName(place: string): string {
  const ending = `.${randomBytes(6).toString("hex")}.incomplete`;
  let name = basename(place);
  while (Buffer.byteLength(name) + ending.length > NAME_BYTES && Buffer.byteLength(basename(place)) <= NAME_BYTES)
    name = name.slice(0, -1);
  return join(dirname(place), name + ending);
}
