import { copyFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { notSaved } from "../../base/files/file-fault";
import { makeFolder } from "../../base/files/make-folder";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { besideName } from "../../base/files/write-atomically";
import { TsloraError } from "../../base/tslora-error";
import { resultFiles } from "../contract/result-files";
import type { JobStore } from "./job-store";

/**
 * Copies a job's result out of the store, whole or not at all. Replaces an earlier copy; one that is right stays.
 *
 * @throws TsloraError `not-found` if the store does not have it, `not-saved` if the disk does not take it
 * @param options.folder - a folder of the result. @default all of it
 * @param options.to - the folder that is made
 */
export async function copyResult(
  store: JobStore,
  { job, folder, to }: { readonly job: string; readonly folder?: string; readonly to: string },
): Promise<void> {
  const stored = await store.readManifest(job);
  const start = folder === undefined ? "" : `${folder}/`;
  const files = stored.kind === "found" ? stored.manifest.files.filter(({ path }) => path.startsWith(start)) : [];
  if (files.length === 0)
    throw new TsloraError(
      "not-found",
      `The result of the job ${job} is not in ${store.place}. Name the store that it was run with, or run it again.`,
    );
  const wanted = files.map((file) => ({ ...file, copy: file.path.slice(start.length) }));
  if (await isThere(to, wanted)) return;
  const beside = besideName(to);
  try {
    makeFolder(beside);
    for (const { path, copy } of wanted) {
      const place = join(beside, copy);
      makeFolder(dirname(place));
      await copyFile(await store.resultFile(job, path), place);
    }
    await rm(to, { recursive: true, force: true });
    await rename(beside, to);
    await store.releaseResult(job);
  } catch (error) {
    throw notSaved(to, error);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Whether a folder has these files and no others. */
async function isThere(folder: string, wanted: readonly { copy: string; sha256: string }[]): Promise<boolean> {
  const files = await resultFiles(folder).catch(() => []);
  if (files.length !== wanted.length) return false;
  for (const { copy, sha256 } of wanted)
    if ((await sha256OfFile(join(folder, copy)).catch(() => undefined)) !== sha256) return false;
  return true;
}
