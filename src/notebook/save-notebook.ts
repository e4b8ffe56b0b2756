import { realpath, stat } from "node:fs/promises";

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
