import { realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";

import { isMissing } from "../../base/files/error-code";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { shownPath } from "../../base/shown-path";
import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { JobStore } from "../store/job-store";
import { isAbsolutePath } from "./check-document";
import type { JobDocument, JobInput } from "./job-document";

/** Options of {@link localInputs}. */
export interface LocalInputsOptions {
  /** Relative inputs are in it. */
  readonly store: Pick<JobStore, "inputFolder" | "fetchInput">;
  /** Folders outside the store in which absolute inputs may be. */
  readonly inputFolders: readonly string[];
}

/** Hashes of files by path, size, inode and time of change, so that shards of one file read it once. */
const hashes = new Map<string, string>();

/**
 * The local paths of a job's inputs. Links are followed before a path is compared with the allowed folders.
 *
 * @throws TsloraError `bad-input` if a file is outside the allowed folders or its hash is another one, `not-found` if
 *   it is missing
 */
export async function localInputs(document: JobDocument, options: LocalInputsOptions): Promise<readonly string[]> {
  const folders = await Promise.all([options.store.inputFolder, ...options.inputFolders].map((folder) => real(folder)));
  const paths: string[] = [];
  for (const input of document.inputs) paths.push(await localInput(input, { ...options, folders }));
  return paths;
}

async function localInput(
  { path, sha256 }: JobInput,
  { store, folders }: LocalInputsOptions & { readonly folders: readonly string[] },
): Promise<string> {
  const isOutside = isAbsolutePath(path);
  if (!isOutside) await store.fetchInput(path);
  const place = await realpath(isOutside ? resolve(path) : join(store.inputFolder, path)).catch((error: unknown) => {
    if (isMissing(error)) throw new TsloraError("not-found", `The input ${shownPath(path)} does not exist.`);
    throw error;
  });
  if (!folders.some((folder) => place === folder || place.startsWith(`${folder}${sep}`)))
    throw new TsloraError(
      "bad-input",
      `The input ${shownPath(path)} must be in a folder that this worker may read: ${shownNames(folders)}. Name its folder with --inputs.`,
    );
  const found = await hashOf(place);
  if (found !== sha256)
    throw new TsloraError(
      "bad-input",
      `The input ${shownPath(path)} must have the SHA-256 ${sha256}; its content has ${found}. It was changed.`,
    );
  return place;
}

async function hashOf(path: string): Promise<string> {
  const { size, ino, mtimeMs, ctimeMs } = await stat(path);
  const key = [path, size, ino, mtimeMs, ctimeMs].join(" ");
  const hash = hashes.get(key) ?? (await sha256OfFile(path));
  hashes.set(key, hash);
  return hash;
}

/** A folder without links; itself if it is not there. */
function real(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder));
}
