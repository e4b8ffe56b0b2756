import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

import { isInside } from "../../base/files/is-inside";
import { isLockFile } from "../../base/lock/lock-file";
import { shownPath } from "../../base/shown-path";
import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { isRepositoryFile } from "./repository-files";

/** A file that a push sends. */
export interface LocalFile {
  /** Its path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The file on this machine, without links. */
  readonly source: string;
}

/** A folder's files: those that a push sends, and the others. */
export interface ListedFiles {
  readonly files: readonly LocalFile[];
  /** Paths that are not sent; a folder ends with a slash. */
  readonly left: readonly string[];
}

/**
 * Lists the files of a folder, of which only those that belong into a repository are sent. Follows links within the
 * folder.
 *
 * @throws TsloraError `bad-input` for a link out of the folder or to nothing, and for a name that is no file.
 */
export async function listFiles(directory: string): Promise<ListedFiles> {
  const root = await realpath(directory);
  const files: LocalFile[] = [];
  const left: string[] = [];
  const outside: string[] = [];
  const see = async (path: string): Promise<void> => {
    if (!isRepositoryFile(path)) return void left.push(path);
    const source = await realpath(join(root, path)).catch(() => undefined);
    if (source === undefined || !isInside(root, source)) return void outside.push(path);
    const stats = await stat(source);
    if (!stats.isFile()) throw new TsloraError("bad-input", `${shownPath(join(directory, path))} must be a file.`);
    files.push({ path, size: stats.size, source });
  };
  for (const entry of await entriesOf(root)) {
    if (isLockFile(entry.name)) continue; // a killed process may have left one behind
    if (!entry.isDirectory()) await see(entry.name);
    else if (entry.name === "onnx")
      for (const { name } of await entriesOf(join(root, "onnx"))) await see(`onnx/${name}`);
    else left.push(`${entry.name}/`);
  }
  if (outside.length > 0)
    throw new TsloraError(
      "bad-input",
      `${shownPath(directory)}: ${shownNames(outside)} must be in the folder; got a link that leads out of it, or to nothing. Copy the files (cp -rL), and push the copy.`,
    );
  return { files, left };
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
