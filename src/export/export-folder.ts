import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

import { faultText, notSaved } from "../base/files/file-fault";
import { makeFolder } from "../base/files/make-folder";
import { isLockFile } from "../base/lock/lock-file";
import { expectUnlocked } from "../base/lock/lock-output";
import type { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";

/** A written file, relative to its folder. */
export interface StagedFile {
  readonly path: string;
  readonly bytes: number;
}

/** The temporary folder, inside the final one, that holds the files until all are complete. */
const STAGING = /^\.export\.[0-9a-f]{12}\.incomplete$/;
/** Files of an earlier export, which transformers.js could load instead of the new ones. */
const EARLIER = /^model(_\w+)?\.onnx(_data)?$/;

/** Adds a problem for each reason why a model cannot be exported into a folder. */
export function checkExportFolder(
  problems: Problems,
  folder: string,
  { overwrite, sources }: { overwrite: boolean; sources: readonly string[] },
): void {
  const path = resolve(folder);
  if (!existsSync(path)) return;
  expectUnlocked(path);
  let names: string[];
  try {
    names = readdirSync(path).filter((name) => !isLockFile(name) && !STAGING.test(name));
  } catch (error) {
    problems.expect(false, `the output must be a folder; ${shownPath(path)} cannot be read: ${faultText(error)}`);
    return;
  }
  const isSource = sources.some((source) => existsSync(source) && realpathSync(source) === realpathSync(path));
  if (isSource) {
    problems.expect(false, `${shownPath(path)} is the folder that the model is read from. Give another one`);
    return;
  }
  const shown = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""}`;
  problems.expect(
    names.length === 0 || overwrite,
    `${shownPath(path)} holds files already (${shown}). Give another folder, or overwriteOutputDir: true`,
  );
}

/**
 * Lets `write` fill an empty folder inside `folder`, then moves its files into `folder`, config.json last. If `write`
 * fails, nothing is left of it. If the moving is interrupted, the folder has no config.json. Removes what a killed
 * export left.
 *
 * @param options.last - the file without which the folder is incomplete
 * @param options.onnx - the folder of ONNX files, in which those of an earlier export are removed
 * @returns the files
 */
export async function inStaging(
  folder: string,
  write: (staging: string) => Promise<void>,
  { last = "config.json", onnx = "onnx" }: { last?: string; onnx?: string } = {},
): Promise<StagedFile[]> {
  const staging = join(folder, `.export.${randomBytes(6).toString("hex")}.incomplete`);
  try {
    for (const name of await readdir(folder))
      if (STAGING.test(name)) await rm(join(folder, name), { recursive: true, force: true });
    makeFolder(staging);
    await write(staging);
    const files = await filesOf(staging, last);
    const move = async (path: string): Promise<void> => {
      makeFolder(dirname(join(folder, path)));
      await rename(join(staging, path), join(folder, path));
    };
    for (const [i, { path }] of files.filter(({ path }) => path !== last).entries()) {
      await move(path);
      // An earlier one would make files of both exports look like a whole.
      if (i === 0) await rm(join(folder, last), { force: true });
    }
    await removeEarlier(folder, { onnx, files });
    if (files.some(({ path }) => path === last)) await move(last);
    return files;
  } catch (error) {
    throw notSaved(folder, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The files of a folder with their sizes; one of them is last. */
async function filesOf(folder: string, lastFile: string): Promise<StagedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const last = (path: string): number => Number(relative(folder, path) === lastFile);
  paths.sort((a, b) => last(a) - last(b) || (a < b ? -1 : 1));
  const files: StagedFile[] = [];
  for (const path of paths) files.push({ path: relative(folder, path), bytes: (await stat(path)).size });
  return files;
}

/** Removes the ONNX files of an earlier export that the new one does not replace. */
async function removeEarlier(
  folder: string,
  { onnx, files }: { onnx: string; files: readonly StagedFile[] },
): Promise<void> {
  const written = new Set(files.map(({ path }) => path));
  for (const name of await readdir(join(folder, onnx))) {
    const path = join(onnx, name);
    if (EARLIER.test(name) && !written.has(path)) await rm(join(folder, path), { force: true });
  }
}
