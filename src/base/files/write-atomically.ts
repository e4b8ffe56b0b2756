import { randomBytes } from "node:crypto";
import { open, readlink, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { errorCode } from "./error-code";
import { notSaved } from "./file-fault";
import { makeFolder } from "./make-folder";

/** Options of writing a file. */
export interface WriteOptions {
  /**
   * The file's permissions.
   * @default those of the replaced file, else 0o666 without the process's mask
   */
  readonly mode?: number;
  /** Whether the file is synced to the disk before it is renamed. @default true */
  readonly sync?: boolean;
}

/** The content of a file: text (as UTF-8), bytes, or parts in order, which may be generated one by one. */
export type FileContent = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Parts of a text are joined until they have this many characters, then written at once. */
const GATHERED = 1 << 18;
/** The longest file name on common file systems, in bytes. */
const NAME_BYTES = 255;

/**
 * Writes a file atomically: writes a temporary file beside it, syncs and renames it. It is never readable by more users
 * than the final file. Follows a link and replaces or makes its target. Writes to a device or a pipe, such as
 * `/dev/stdout`, without replacing it.
 *
 * @param path - the final path; a missing folder is made
 * @throws TsloraError `not-saved`, in one line, for any system error; other errors of making the content as they are.
 *   No part of the file is left.
 */
export async function writeAtomically(
  path: string,
  content: FileContent,
  { mode, sync = true }: WriteOptions = {},
): Promise<void> {
  try {
    makeFolder(dirname(path));
    const place = await targetOf(path);
    makeFolder(dirname(place)); // a link may lead into a folder that is missing
    const found = await stat(place).catch(() => undefined);
    if (found?.isDirectory() === true) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    if (found !== undefined && !found.isFile()) return await writeInto(place, content);
    await replace(place, content, { mode: mode ?? (found === undefined ? undefined : found.mode & 0o7777), sync });
  } catch (error) {
    throw notSaved(path, error);
  }
}

/** The file that a path leads to, which need not exist: a link may name a file that is not written yet. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const link = errorCode(error) === "ENOENT" ? await readlink(path).catch(() => undefined) : undefined;
    return link === undefined ? path : targetOf(resolve(await realpath(dirname(path)), link));
  }
}

async function replace(place: string, content: FileContent, { mode, sync }: WriteOptions): Promise<void> {
  const temporary = besideName(place);
  const file = await open(temporary, "wx", mode === undefined ? 0o666 : mode & 0o777);
  try {
    try {
      await writeContent(file, content);
      if (mode !== undefined) await file.chmod(mode);
      if (sync === true) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
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

/** A free name for a temporary file in the same folder: the file's name, shortened if needed, and an extension. */
export function besideName(place: string): string {
  const ending = `.${randomBytes(6).toString("hex")}.incomplete`;
  let name = basename(place);
  while (Buffer.byteLength(name) + ending.length > NAME_BYTES && Buffer.byteLength(basename(place)) <= NAME_BYTES)
    name = name.slice(0, -1);
  return join(dirname(place), name + ending);
}
