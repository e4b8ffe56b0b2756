import { chmod, stat } from "node:fs/promises";

import { writeAtomically } from "../base/write-atomically";
import type { Notebook } from "./notebook-types";
import { serializeNotebook } from "./serialize-notebook";

/** Writes a notebook beside its final name and renames it, keeping the permissions that the file had. */
export async function saveNotebook(notebook: Notebook, path: string): Promise<void> {
  const text = serializeNotebook(notebook, path);
  const mode = await stat(path).then((found) => found.mode & 0o7777, () => undefined);
  await writeAtomically(path, text);
  if (mode !== undefined) await chmod(path, mode);
}
