import { randomBytes } from "node:crypto";
import { mkdir, open, realpath, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { TsloraError } from "../base/tslora-error";
import { writeAtomically } from "../base/write-atomically";
import type { Notebook } from "./notebook-types";
import { serializeNotebook } from "./serialize-notebook";

/** How a notebook is saved. */
export interface SaveOptions {
  /** Whether it has to be on the disk when it is said to be saved, and not only with the system. @default true */
  readonly sync?: boolean;
}

/**
 * Writes a notebook beside its final name and renames it, keeping the permissions that the file had. A link is
 * followed: what it leads to is replaced, not the link.
 */
export async function saveNotebook(notebook: Notebook, path: string, options: SaveOptions = {}): Promise<void> {
  const text = serializeNotebook(notebook, path);
  const place = await realpath(path).catch(() => path);
  const mode = await stat(place).then((found) => found.mode & 0o7777, () => undefined);
  await writeAtomically(place, text, { mode, ...options });
}

/**
 * Makes sure that a notebook can be saved under a path, before work is done whose results would be lost.
 *
 * @throws TsloraError `bad-option` that says why not.
 */
export async function checkWritable(path: string): Promise<void> {
  const place = await realpath(path).catch(() => path);
  const beside = `${place}.${randomBytes(6).toString("hex")}.incomplete`;
  try {
    await mkdir(dirname(place), { recursive: true });
    await (await open(beside, "wx")).close();
    if ((await stat(place).catch(() => undefined))?.isDirectory() === true) throw new Error("it is a folder");
  } catch (error) {
    throw new TsloraError("bad-option", `The executed notebook could not be saved as ${path}: ${error instanceof Error ? error.message : String(error)}. Nothing was executed; choose another place.`, { cause: error, details: { path } });
  } finally {
    await rm(beside, { force: true }).catch(() => undefined);
  }
}
