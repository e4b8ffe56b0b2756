import { basename, join } from "node:path";

import { notSaved } from "../base/files/file-fault";
import { makeFolder } from "../base/files/make-folder";
import { readTextFile } from "../base/files/read-text-file";
import { writeAtomically } from "../base/files/write-atomically";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { downloadFile, type FetchOptions } from "./download-file";
import { cacheFolder } from "./hub-settings";

/** Options of a download. */
export interface DownloadOptions extends FetchOptions {
  /** A branch, tag or commit. */
  readonly revision: string;
  /** Further files to fetch if the repository has them. */
  readonly also?: readonly string[];
}

/** A download of a repository, whose first file is in the cache. */
export interface RepositoryDownload {
  /** The repository's address, for messages. */
  readonly called: string;
  /** The snapshot's folder in the cache. */
  readonly snapshot: string;
  /** Fetches a file into the snapshot. @returns whether the repository has it */
  readonly fetchOne: (file: string) => Promise<boolean>;
  /** Notes that the revision is this snapshot. */
  readonly finish: () => Promise<void>;
}

/**
 * Starts the download of a repository with a file that it must have. All further files must be of the same commit.
 *
 * @returns undefined if there is no such file
 */
export async function beginDownload(
  id: string,
  first: string,
  options: DownloadOptions,
): Promise<RepositoryDownload | undefined> {
  const { revision } = options;
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision) || revision.includes(".."))
    throw new TsloraError("bad-option", `revision must name a branch, tag or commit; got ${shownValue(revision)}.`);
  const folder = cacheFolder(id, options);
  makeCache(join(folder, "blobs"));
  const called = `${options.endpoint}/${id}`;
  const commit = await downloadFile({ id, file: first, folder }, options);
  if (commit === undefined) return undefined;
  const fetchOne = async (file: string): Promise<boolean> => {
    const found = await downloadFile({ id, file, folder }, options);
    if (found === undefined || found === commit) return found !== undefined;
    throw new TsloraError(
      "bad-input",
      `${called} changed while it was fetched: ${first} is of commit ${commit}, ${file} of ${found}. Fetch it again.`,
    );
  };
  const finish = async (): Promise<void> => {
    if (revision === commit) return;
    const ref = join(folder, "refs", revision);
    const known = await readTextFile(ref, { maxBytes: 1000 }).catch(() => undefined);
    if (known !== commit) await writeAtomically(ref, commit); // a cache that holds all may be read-only
  };
  return { called, snapshot: join(folder, "snapshots", commit), fetchOne, finish };
}

/** The commit of a snapshot's folder. */
export function commitOf(snapshot: string): string {
  return basename(snapshot);
}

/** @throws TsloraError `not-saved` */
function makeCache(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw notSaved(folder, error);
  }
}
