import { constants, type Stats } from "node:fs";
import { lstat, open, stat, type FileHandle } from "node:fs/promises";

import { errorCode } from "./error-code";
import { shownPath } from "../shown-path";
import { TsloraError } from "../tslora-error";

/** An open regular file. The caller closes the handle. */
export interface RegularFile {
  readonly handle: FileHandle;
  /** Bytes when it was opened. */
  readonly size: number;
}

/**
 * Opens a regular file for reading. Refuses a folder, pipe, socket or device at once: a reader would wait for a pipe's
 * writer, or read a device forever. Follows symbolic links.
 *
 * @param options.called - name of the file in messages; its path by default
 * @throws TsloraError `not-found` if there is no file, `bad-input` if it is not regular, is a broken link, or cannot be
 *   read.
 */
export async function openRegularFile(path: string, options: { readonly called?: string } = {}): Promise<RegularFile> {
  const called = options.called ?? shownPath(path);
  let handle: FileHandle | undefined;
  try {
    expectRegular(await stat(path), called); // before opening, which may have an effect on a device
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe may have replaced it meanwhile
    const stats = await handle.stat();
    expectRegular(stats, called);
    return { handle, size: stats.size };
  } catch (error) {
    await handle?.close();
    throw error instanceof TsloraError ? error : unreadable(error, { called, isLink: await isLink(path) });
  }
}

/** Whether a path is a link, broken or not. The message for a broken link differs from that for a missing file. */
function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

/** Whether an error reports a missing file. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof TsloraError && error.code === "not-found";
}

function expectRegular(stats: Stats, called: string): void {
  if (stats.isFile()) return;
  throw new TsloraError("bad-input", `${called} must be a file; got ${kindOf(stats)}.`, {
    details: { kind: kindOf(stats) },
  });
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "a device" : "of another kind";
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "its permissions do not allow it",
  EPERM: "its permissions do not allow it",
  ELOOP: "its symbolic links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ERR_INVALID_ARG_VALUE: "its name holds a null byte",
};

function unreadable(
  error: unknown,
  { called, isLink: linked }: { readonly called: string; readonly isLink: boolean },
): TsloraError {
  const code = errorCode(error) ?? "";
  if (code === "ENOENT" && linked)
    return new TsloraError("bad-input", `${called} is a link to a file that does not exist.`, { cause: error });
  if (code === "ENOENT" || code === "ENOTDIR")
    return new TsloraError("not-found", `${called} does not exist.`, { cause: error });
  return new TsloraError("bad-input", `${called} cannot be read: ${REASONS[code] ?? code}.`, { cause: error });
}
