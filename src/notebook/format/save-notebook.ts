import { writeAtomically } from "../../base/files/write-atomically";
import type { Notebook } from "./notebook-types";
import { notebookParts } from "./serialize-notebook";

/** Options of saving a notebook. */
export interface SaveOptions {
  /** Whether to wait until the disk holds the file (fsync). @default true */
  readonly sync?: boolean;
}

/**
 * Writes a notebook to a temporary file in the same folder and renames it; the file keeps its permissions. Follows a
 * link and replaces its target. Writes part by part, so a notebook may be of any length.
 *
 * @throws TsloraError `bad-input` for a notebook that breaks the format, before anything is written; `not-saved`.
 */
export async function saveNotebook(notebook: Notebook, path: string, options: SaveOptions = {}): Promise<void> {
  const parts = notebookParts(notebook, path);
  const first = parts.next(); // the whole notebook is checked here
  if (first.done === true) return;
  await writeAtomically(path, chained(first.value, parts), options);
}

function* chained(first: string, rest: Iterable<string>): Generator<string, void, undefined> {
  yield first;
  yield* rest;
}
